import type { KubeObject } from "../../api/machinery/object.ts";
import type { Cached, CacheEvent } from "../cache/cache.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";

/** What a node may need for its pods. */
export type NodeResource =
  | "secrets"
  | "configmaps"
  | "persistentvolumeclaims"
  | "persistentvolumes"
  | "serviceaccounts"
  | "pods"
  | "resourceclaims"
  | "resourceslices"
  | "volumeattachments";

/** Which objects belong to which node, by the pods that are bound to it. */
export interface NodeGraph {
  /** True if a pod on the node needs this object, or the object is about the node. `key` as the cache has it. */
  reaches(node: string, resource: NodeResource, key: string): boolean;
}

/** Follows pods, volumes and attachments event by event: a node loses an object with the last pod that needs it. */
export function nodeGraph(registry: Registry): NodeGraph {
  const tableOf = (id: string) => cacheOf(registry, registry.resources.byId(id)!);
  const volumes = tableOf("persistentvolumes");
  const attachments = tableOf("volumeattachments.storage.k8s.io");
  const slices = registry.resources.byId("resourceslices.resource.k8s.io") && tableOf("resourceslices.resource.k8s.io");
  /** `secrets|ns/name` → node → how many of its pods refer to it. Invariant: no count is 0, no map empty. */
  const users = new Map<string, Map<string, number>>();
  /** `ns/name` of a secret → the persistent volumes that name it. */
  const volumesBySecret = new Map<string, Set<string>>();

  function count(pod: KubeObject, step: 1 | -1): void {
    const node = pod.spec?.nodeName;
    if (!node || isMirror(pod)) return;
    for (const ref of podReferences(pod)) {
      const nodes = users.get(ref) ?? new Map<string, number>();
      const left = (nodes.get(node) ?? 0) + step;
      if (left > 0) nodes.set(node, left);
      else nodes.delete(node);
      if (nodes.size > 0) users.set(ref, nodes);
      else users.delete(ref);
    }
  }

  function noteVolume(volume: KubeObject, step: 1 | -1): void {
    for (const secret of volumeSecrets(volume)) {
      const names = volumesBySecret.get(secret) ?? new Set<string>();
      if (step > 0) names.add(volume.metadata.name);
      else names.delete(volume.metadata.name);
      if (names.size > 0) volumesBySecret.set(secret, names);
      else volumesBySecret.delete(secret);
    }
  }

  const followed = [follow(registry, tableOf("pods"), count), follow(registry, volumes, noteVolume)];

  const graph: NodeGraph = {
    reaches(node, resource, key) {
      for (const each of followed) each.finish();
      if (users.get(`${resource}|${key}`)?.has(node)) return true;
      switch (resource) {
        case "persistentvolumes": {
          const claim = volumes.get(key)?.object.spec?.claimRef;
          return Boolean(claim) && graph.reaches(node, "persistentvolumeclaims", `${claim.namespace}/${claim.name}`);
        }
        case "secrets":
          return [...(volumesBySecret.get(key) ?? [])].some((name) => graph.reaches(node, "persistentvolumes", name));
        case "volumeattachments":
          return attachments.get(key)?.object.spec?.nodeName === node;
        case "resourceslices":
          return slices?.get(key)?.object.spec?.nodeName === node;
        default:
          return false;
      }
    },
  };
  return graph;
}

/** How many objects are looked at in one go after the start, and the pause after it in milliseconds. */
const notedAtOnce = 100;
const notePauseMs = 20;

/**
 * Notes every object of a table, as it comes and goes. What is there from the start is looked at little by little; `finish`
 * does the rest at once.
 */
function follow(
  { clock }: Registry,
  table: ReturnType<typeof cacheOf>,
  note: (object: KubeObject, step: 1 | -1) => void,
): { finish(): void } {
  /** Objects that are not noted yet, as they are now. */
  const waiting = new Map<string, Cached>();
  for (const item of table.list()) waiting.set(item.key, item);
  table.subscribe(({ type, item, previous }: CacheEvent) => {
    if (previous && !waiting.delete(previous.key)) note(previous.object, -1);
    if (type === "put") note(item.object, 1);
  });
  const advance = (most: number): void => {
    for (const [key, item] of waiting) {
      if (most-- <= 0) break;
      waiting.delete(key);
      note(item.peek?.() ?? item.object, 1);
    }
  };
  const soon = (): void => {
    advance(notedAtOnce);
    if (waiting.size > 0) clock.after(notePauseMs, soon);
  };
  if (waiting.size > notedAtOnce) clock.after(notePauseMs, soon);
  else advance(waiting.size);
  return { finish: () => void (waiting.size > 0 && advance(waiting.size)) };
}

function isMirror(pod: KubeObject): boolean {
  return pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;
}

/** Everything that a pod's node may read for it, as `resource|key`. */
export function podReferences(pod: KubeObject): Set<string> {
  const { namespace, name } = pod.metadata;
  const { spec } = pod;
  const found = new Set<string>([`pods|${namespace}/${name}`]);
  const add = (resource: NodeResource, ref: unknown) => {
    if (typeof ref === "string" && ref !== "") found.add(`${resource}|${namespace}/${ref}`);
  };
  add("serviceaccounts", spec.serviceAccountName);
  for (const secret of spec.imagePullSecrets ?? []) add("secrets", secret.name);
  const containers = [spec.initContainers, spec.containers, spec.ephemeralContainers].flatMap((list) => list ?? []);
  for (const { env, envFrom } of containers) {
    for (const each of env ?? []) {
      add("secrets", each.valueFrom?.secretKeyRef?.name);
      add("configmaps", each.valueFrom?.configMapKeyRef?.name);
    }
    for (const each of envFrom ?? []) {
      add("secrets", each.secretRef?.name);
      add("configmaps", each.configMapRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) addVolume(volume, name, add);
  for (const claim of spec.resourceClaims ?? []) add("resourceclaims", claim.resourceClaimName);
  for (const claim of pod.status?.resourceClaimStatuses ?? []) add("resourceclaims", claim.resourceClaimName);
  return found;
}

/** Kinds of volumes that name a secret in `secretRef`. */
const secretVolumes = ["cephfs", "cinder", "flexVolume", "rbd", "scaleIO", "iscsi", "storageos"];

function addVolume(volume: any, podName: string, add: (resource: NodeResource, ref: unknown) => void): void {
  add("secrets", volume.secret?.secretName);
  add("secrets", volume.azureFile?.secretName);
  add("secrets", volume.csi?.nodePublishSecretRef?.name);
  for (const kind of secretVolumes) add("secrets", volume[kind]?.secretRef?.name);
  add("configmaps", volume.configMap?.name);
  add("persistentvolumeclaims", volume.persistentVolumeClaim?.claimName);
  if (volume.ephemeral) add("persistentvolumeclaims", `${podName}-${volume.name}`);
  for (const source of volume.projected?.sources ?? []) {
    add("secrets", source.secret?.name);
    add("configmaps", source.configMap?.name);
  }
}

/** The secrets that a node needs to mount a persistent volume, as `ns/name`. */
function volumeSecrets({ spec }: KubeObject): Set<string> {
  const home: string | undefined = spec.claimRef?.namespace;
  const found = new Set<string>();
  const add = (ref: { name?: string; namespace?: string } | undefined) => {
    const namespace = ref?.namespace || home;
    if (ref?.name && namespace) found.add(`${namespace}/${ref.name}`);
  };
  for (const kind of secretVolumes) add(spec[kind]?.secretRef);
  add(spec.azureFile && { name: spec.azureFile.secretName, namespace: spec.azureFile.secretNamespace });
  for (const ref of ["nodePublishSecretRef", "nodeStageSecretRef", "nodeExpandSecretRef"]) add(spec.csi?.[ref]);
  return found;
}
