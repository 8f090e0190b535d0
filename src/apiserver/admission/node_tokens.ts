import type { KubeObject } from "../../api/machinery/object.ts";
import type { UserInfo } from "../../base/http.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";

interface TokenAsked {
  registry: Registry;
  user: UserInfo;
  /** The service account's name. */
  account: string;
  pod: KubeObject;
  node: string;
}

/**
 * Why a kubelet may not have a token for these audiences: a pod's spec must ask for each, or a role let the kubelet ask
 * (KEP-4935). Undefined if it may.
 */
export function tokenProblem(asked: TokenAsked, audiences: readonly string[]): string | undefined {
  const { registry, user, pod, account, node } = asked;
  const wanted = audiences.length > 0 ? audiences : [""];
  const known = podAudiences(registry, pod);
  for (const audience of wanted) {
    if (known.has(audience)) continue;
    const resource = { group: "", version: "", plural: audience, name: account, namespace: pod.metadata.namespace };
    const attributes = { user, verb: "request-serviceaccounts-token-audience", resource };
    if (registry.authorizer(attributes).decision === "allow") continue;
    return `audience ${JSON.stringify(audience)} not found in pod spec volume, ${node} is not authorized to request tokens for this audience`;
  }
  return undefined;
}

/** The audiences of the tokens that a pod's volumes ask for; the server's own is the empty one. */
function podAudiences(registry: Registry, pod: KubeObject): Set<string> {
  const found = new Set<string>();
  for (const volume of pod.spec.volumes ?? []) {
    for (const { serviceAccountToken } of volume.projected?.sources ?? [])
      if (serviceAccountToken) found.add(serviceAccountToken.audience ?? "");
    const driver = volume.csi?.driver ?? claimDriver(registry, pod, volume);
    const csiDriver = driver && lookUp(registry, "csidrivers.storage.k8s.io", driver);
    for (const { audience } of csiDriver?.spec?.tokenRequests ?? []) found.add(audience ?? "");
  }
  return found;
}

/** The CSI driver of the volume that a pod's claim is bound to. */
function claimDriver(registry: Registry, pod: KubeObject, volume: any): string | undefined {
  const claimName =
    volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral && `${pod.metadata.name}-${volume.name}`);
  if (!claimName) return undefined;
  const claim = lookUp(registry, "persistentvolumeclaims", `${pod.metadata.namespace}/${claimName}`);
  const name = claim?.spec?.volumeName;
  return name && lookUp(registry, "persistentvolumes", name)?.spec?.csi?.driver;
}

function lookUp(registry: Registry, id: string, key: string): KubeObject | undefined {
  return cacheOf(registry, registry.resources.byId(id)!).get(key)?.object;
}
