import type { KubeObject } from "../../api/machinery/object.ts";
import { sameJson } from "../../base/equal.ts";
import type { Action, Controller, View } from "../../client/mod.ts";

const accountName = "default";
const bundleName = "kube-root-ca.crt";
const bundleNote = {
  "kubernetes.io/description":
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
};

const namespaceOf = ({ metadata }: KubeObject): string[] => (metadata.namespace ? [metadata.namespace] : []);

/** Gives every namespace its `default` service account. */
export const serviceAccountController: Controller = {
  name: "serviceaccount",
  account: "service-account-controller",
  primary: "namespaces",
  watches: [{ resource: "serviceaccounts", keys: namespaceOf }],
  plan: planServiceAccount,
};

/** Plans the account of one namespace. Pure. */
export function planServiceAccount(namespace: KubeObject, view: View): Action[] {
  const { name } = namespace.metadata;
  if (isLeaving(namespace) || view.get("serviceaccounts", `${name}/${accountName}`)) return [];
  const metadata = { name: accountName, namespace: name };
  return [
    { do: "create", resource: "serviceaccounts", object: { apiVersion: "v1", kind: "ServiceAccount", metadata } },
  ];
}

/** Publishes the bundle that pods verify the API server with, in every namespace. */
export function rootCaController({ rootCa }: { rootCa?: string }): Controller {
  return {
    name: "root-ca-certificate-publisher",
    account: "root-ca-cert-publisher",
    primary: "namespaces",
    watches: [{ resource: "configmaps", keys: (map) => (map.metadata.name === bundleName ? namespaceOf(map) : []) }],
    plan: (namespace, view) => (rootCa === undefined ? [] : planRootCa(namespace, view, rootCa)),
  };
}

/** Plans the bundle of one namespace: made if it is missing, put right if somebody changed it. Pure. */
export function planRootCa(namespace: KubeObject, view: View, rootCa: string): Action[] {
  if (isLeaving(namespace)) return [];
  const { name } = namespace.metadata;
  const data = { "ca.crt": rootCa };
  const found = view.get("configmaps", `${name}/${bundleName}`);
  if (!found) {
    const metadata = { name: bundleName, namespace: name, annotations: bundleNote };
    return [{ do: "create", resource: "configmaps", object: { apiVersion: "v1", kind: "ConfigMap", metadata, data } }];
  }
  return sameJson(found.data, data) ? [] : [{ do: "update", resource: "configmaps", object: { ...found, data } }];
}

function isLeaving({ metadata, status }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined || status?.phase === "Terminating";
}
