import { randomSuffix } from "../../api/machinery/hash.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { forbidden } from "../../api/machinery/status.ts";
import { type AdmissionPlugin, cacheOf, type Registry } from "../registry/scope.ts";

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** How long a mounted token lives, in seconds: an hour, and seven seconds so that it shows who asked for it. */
const tokenSeconds = 3607;

/** Gives every pod a service account and, unless somebody opted out, its token as a file (KEP-1205). */
export function serviceAccountAdmission(registry: () => Registry): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    mutate({ operation, scope, draft, name, subresource }) {
      if (operation !== "CREATE" || scope.resource.id !== "pods" || subresource || !draft?.spec) return;
      // A mirror pod shows what a kubelet runs without the API: it is left as it is.
      if (draft.metadata.annotations?.["kubernetes.io/config.mirror"]) return;
      const { spec } = draft;
      spec.serviceAccountName ||= spec.serviceAccount || "default";
      const accounts = registry().resources.byId("serviceaccounts")!;
      const account = cacheOf(registry(), accounts).get(`${scope.namespace}/${spec.serviceAccountName}`)?.object;
      if (!account) {
        const why = `error looking up service account ${scope.namespace}/${spec.serviceAccountName}: serviceaccount ${JSON.stringify(spec.serviceAccountName)} not found`;
        throw forbidden({ group: "", plural: "pods" }, name ?? "", why);
      }
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
        spec.imagePullSecrets = structuredClone(account.imagePullSecrets);
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)
        mountToken(spec, registry());
    },
    validate({ operation, scope, draft, name, subresource }) {
      if (scope.resource.id !== "pods" || !draft?.spec) return;
      const isCreate = operation === "CREATE" && !subresource;
      if (!isCreate && !(operation === "UPDATE" && subresource === "ephemeralcontainers")) return;
      const accounts = cacheOf(registry(), registry().resources.byId("serviceaccounts")!);
      const problem = draft.metadata.annotations?.["kubernetes.io/config.mirror"]
        ? mirrorProblem(draft.spec)
        : secretProblem(draft.spec, accounts.get(`${scope.namespace}/${draft.spec.serviceAccountName}`)?.object);
      if (problem !== undefined) throw forbidden({ group: "", plural: "pods" }, name ?? "", problem);
    },
  };
}

/** A mirror pod has nothing of the API: nobody checked its account. */
function mirrorProblem(spec: any): string | undefined {
  if (spec.serviceAccountName) return "a mirror pod may not reference service accounts";
  if (referencesOf(spec).length > 0 || spec.imagePullSecrets?.length) return "a mirror pod may not reference secrets";
  const sources = (spec.volumes ?? []).flatMap((volume: any) => volume.projected?.sources ?? []);
  if (sources.some((source: any) => source.serviceAccountToken))
    return "a mirror pod may not use ServiceAccountToken volume projections";
  return undefined;
}

/** The secrets of a pod, each with what names it. */
function referencesOf(spec: any): { secret: string; by: string }[] {
  const found: { secret: string; by: string }[] = [];
  for (const { secret } of spec.volumes ?? [])
    if (secret) found.push({ secret: secret.secretName ?? "", by: "volume with" });
  const lists = {
    initContainers: "init container",
    containers: "container",
    ephemeralContainers: "ephemeral container",
  };
  for (const [list, kind] of Object.entries(lists)) {
    for (const container of spec[list] ?? []) {
      for (const { name, valueFrom } of container.env ?? []) {
        if (!valueFrom?.secretKeyRef) continue;
        const by = `${kind} ${container.name} with envVar ${name} referencing`;
        found.push({ secret: valueFrom.secretKeyRef.name ?? "", by });
      }
      for (const { secretRef } of container.envFrom ?? [])
        if (secretRef)
          found.push({ secret: secretRef.name ?? "", by: `${kind} ${container.name} with envFrom referencing` });
    }
  }
  return found;
}

/** An account may limit its pods to the secrets that it names. */
function secretProblem(spec: any, account: KubeObject | undefined): string | undefined {
  if (account?.metadata.annotations?.["kubernetes.io/enforce-mountable-secrets"]?.toLowerCase() !== "true")
    return undefined;
  const known = new Set((account.secrets ?? []).map(({ name }: any) => name));
  const refusal = `is not allowed because service account ${account.metadata.name} does not reference that`;
  const stranger = referencesOf(spec).find(({ secret }) => !known.has(secret));
  if (stranger) return `${stranger.by} secret.secretName=${JSON.stringify(stranger.secret)} ${refusal} secret`;
  const pulls = new Set((account.imagePullSecrets ?? []).map(({ name }: any) => name));
  for (const { name } of spec.imagePullSecrets ?? [])
    if (!pulls.has(name)) return `imagePullSecrets with name=${JSON.stringify(name)} ${refusal} imagePullSecret`;
  return undefined;
}

function mountToken(spec: Record<string, any>, registry: Registry): void {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const isMounted = (container: any) => container.volumeMounts?.some((mount: any) => mount.mountPath === mountPath);
  if (containers.length === 0 || containers.every(isMounted)) return;
  const own = spec.volumes?.find((volume: any) => volume.name?.startsWith("kube-api-access-") && volume.projected);
  const volume = own ?? tokenVolume(`kube-api-access-${randomSuffix(() => registry.random.next())}`);
  if (!own) spec.volumes = [...(spec.volumes ?? []), volume];
  for (const container of containers) {
    if (isMounted(container)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name: volume.name, readOnly: true, mountPath }];
  }
}

function tokenVolume(name: string): { name: string } & Record<string, unknown> {
  const namespaceFile = { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } };
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        { downwardAPI: { items: [namespaceFile] } },
      ],
      defaultMode: 420,
    },
  };
}
