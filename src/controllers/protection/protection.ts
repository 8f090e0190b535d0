// What is in use stays until it isn't: these controllers hold and take off the finalizers that protect storage.

import type { KubeObject } from "../../api/machinery/object.ts";
import type { Action, Client, Controller } from "../../client/mod.ts";

const claims = "persistentvolumeclaims";
const volumes = "persistentvolumes";
const attributesClasses = "volumeattributesclasses.storage.k8s.io";

/**
 * One step for an object that a finalizer protects: it gets the finalizer while it lives, and loses it when it is being
 * deleted and nobody uses it. Pure.
 */
export function planProtection(resource: string, finalizer: string, object: KubeObject, inUse: boolean): Action[] {
  const { metadata } = object;
  const present = metadata.finalizers ?? [];
  const has = present.includes(finalizer);
  const finalizers =
    metadata.deletionTimestamp === undefined
      ? [...present, finalizer]
      : inUse
        ? present
        : present.filter((each) => each !== finalizer);
  if (metadata.deletionTimestamp === undefined ? has : finalizers.length === present.length) return [];
  return [{ do: "update", resource, object: { ...object, metadata: { ...metadata, finalizers } } }];
}

/** The claims of a pod: those that it names and those that were made for it. Pure. */
export function claimsOf({ metadata, spec }: KubeObject): string[] {
  return (spec?.volumes ?? []).flatMap((volume: any) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral ? [`${metadata.name}-${volume.name}`] : [];
  });
}

/** A pod that is on no node yet will not be started with a claim that is being deleted. */
const usesClaim = (pod: KubeObject, name: string): boolean =>
  Boolean(pod.spec?.nodeName) && claimsOf(pod).includes(name);

/** Keeps claims while pods use them (KEP: "Postpone Deletion of a Persistent Volume Claim"). */
export const claimProtectionController: Controller<KubeObject, boolean> = {
  name: "persistentvolumeclaim-protection",
  account: "pvc-protection-controller",
  primary: claims,
  watches: [
    {
      resource: "pods",
      keys: (pod) => claimsOf(pod).map((name) => `${pod.metadata.namespace}/${name}`),
    },
  ],
  // Asked of the API: a pod may be so new that no cache has it.
  async observe({ metadata }, client) {
    if (metadata.deletionTimestamp === undefined) return true;
    const { items } = await client.list<KubeObject>("pods", { namespace: metadata.namespace });
    return items.some((pod) => usesClaim(pod, metadata.name));
  },
  plan: (claim, _, inUse) => planProtection(claims, "kubernetes.io/pvc-protection", claim, inUse),
};

/** Keeps volumes while they are bound. */
export const volumeProtectionController: Controller = {
  name: "persistentvolume-protection",
  account: "pv-protection-controller",
  primary: volumes,
  plan: (volume) => planProtection(volumes, "kubernetes.io/pv-protection", volume, volume.status?.phase === "Bound"),
};

async function classIsUsed(name: string, client: Client): Promise<boolean> {
  const [{ items: ofVolumes }, { items: ofClaims }] = await Promise.all([
    client.list<KubeObject>(volumes),
    client.list<KubeObject>(claims),
  ]);
  return (
    ofVolumes.some(({ spec }) => spec?.volumeAttributesClassName === name) ||
    ofClaims.some((claim) => classesOf(claim).includes(name))
  );
}

/** The classes of volume attributes that a claim has, wants or is on its way to. Pure. */
function classesOf({ spec, status }: KubeObject): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return names.filter(Boolean);
}

/** Keeps classes of volume attributes while claims or volumes have them (KEP-3751). */
export const attributesClassProtectionController: Controller<KubeObject, boolean> = {
  name: "volumeattributesclass-protection",
  primary: attributesClasses,
  watches: [
    { resource: claims, keys: (claim, _, before) => [...classesOf(claim), ...(before ? classesOf(before) : [])] },
    {
      resource: volumes,
      keys: (volume, _, before) =>
        [volume, before].map((each) => each?.spec?.volumeAttributesClassName).filter(Boolean),
    },
  ],
  async observe({ metadata }, client) {
    return metadata.deletionTimestamp === undefined || (await classIsUsed(metadata.name, client));
  },
  plan: (class_, _, inUse) => planProtection(attributesClasses, "kubernetes.io/vac-protection", class_, inUse),
};
