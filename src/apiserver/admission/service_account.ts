import { randomSuffix } from "../../api/machinery/hash.ts";
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
  };
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
