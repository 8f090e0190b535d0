import type { Client } from "../../client/mod.ts";
import type { Pod, Volume } from "../pods/pod.ts";

/**
 * What a volume really is: for a claim (also a pod's own, ephemeral one) the source of the persistent volume that it is
 * bound to. `local` volumes are paths of the node that must be there. Rejects with why it cannot be used.
 */
export async function claimSource(pod: Pod, volume: Volume, client: Client): Promise<Volume> {
  const claimName =
    volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined);
  if (claimName === undefined) return volume;
  const claim = await client.get("persistentvolumeclaims", { namespace: pod.metadata.namespace, name: claimName });
  const name: string | undefined = claim.spec?.volumeName;
  if (!name || claim.status?.phase !== "Bound")
    throw new Error(`PVC ${claim.metadata.namespace}/${claimName} is not bound`);
  const { spec } = await client.get("persistentvolumes", { name });
  const source = spec as Record<string, any>;
  if (source.local) return { name: volume.name, hostPath: { path: source.local.path, type: "Directory" } };
  if (source.hostPath) return { name: volume.name, hostPath: source.hostPath };
  if (source.nfs) return { name: volume.name, nfs: source.nfs };
  const type = Object.keys(source).find(
    (key) => typeof source[key] === "object" && /^(csi|iscsi|fc|cephfs|rbd)$/.test(key),
  );
  throw new Error(`not supported yet: persistent volumes of type ${type ?? "unknown"}`);
}
