import type { KubeObject } from "../../api/machinery/object.ts";
import { compareQuantities } from "../../api/machinery/quantity.ts";
import { forbidden } from "../../api/machinery/status.ts";
import { type AdmissionPlugin, cacheOf, type Registry } from "../registry/scope.ts";

const protections: Record<string, string> = {
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  persistentvolumes: "kubernetes.io/pv-protection",
  "volumeattributesclasses.storage.k8s.io": "kubernetes.io/vac-protection",
};

/** What is in use stays until it isn't: controllers take these finalizers off (StorageObjectInUseProtection). */
export const storageProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  mutate({ operation, scope, draft, subresource }) {
    const finalizer = protections[scope.resource.id];
    if (finalizer === undefined || operation !== "CREATE" || subresource || !draft) return;
    const present = draft.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) draft.metadata.finalizers = [...present, finalizer];
  },
};

/** The newest of the objects that are marked as the default; by name if they are of one age. */
export function defaultAmong(objects: Iterable<KubeObject>, annotations: readonly string[]): KubeObject | undefined {
  let found: KubeObject | undefined;
  for (const object of objects) {
    if (!annotations.some((each) => object.metadata.annotations?.[each] === "true")) continue;
    const order = (found?.metadata.creationTimestamp ?? "").localeCompare(object.metadata.creationTimestamp ?? "");
    if (!found || order < 0 || (order === 0 && object.metadata.name < found.metadata.name)) found = object;
  }
  return found;
}

function* objectsOf(registry: Registry, id: string): Iterable<KubeObject> {
  for (const { object } of cacheOf(registry, registry.resources.byId(id)!).list()) yield object;
}

const betaClass = "volume.beta.kubernetes.io/storage-class";

/** A claim that names no class gets the default one (DefaultStorageClass). An empty name is a name. */
export function defaultStorageClass(registry: () => Registry): AdmissionPlugin {
  const marks = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
  return {
    name: "DefaultStorageClass",
    mutate({ operation, scope, draft, subresource }) {
      if (operation !== "CREATE" || scope.resource.id !== "persistentvolumeclaims" || subresource || !draft) return;
      if (draft.spec?.storageClassName !== undefined || draft.metadata.annotations?.[betaClass] !== undefined) return;
      const found = defaultAmong(objectsOf(registry(), "storageclasses.storage.k8s.io"), marks);
      if (found) draft.spec = { ...draft.spec, storageClassName: found.metadata.name };
    },
  };
}

/** A claim grows only where its volume can (PersistentVolumeClaimResize). */
export function claimResize(registry: () => Registry): AdmissionPlugin {
  return {
    name: "PersistentVolumeClaimResize",
    validate({ operation, scope, draft, previous, name, subresource }) {
      if (operation !== "UPDATE" || scope.resource.id !== "persistentvolumeclaims" || subresource) return;
      const sizeOf = (claim?: KubeObject): string => claim?.spec?.resources?.requests?.storage ?? "0";
      if (compareQuantities(sizeOf(draft), sizeOf(previous)) <= 0) return;
      const refuse = (why: string) => forbidden(scope.resource, name ?? "", why);
      if (previous!.status?.phase !== "Bound") throw refuse("Only bound persistent volume claims can be expanded");
      const className = previous!.metadata.annotations?.[betaClass] ?? previous!.spec?.storageClassName ?? "";
      const classes = cacheOf(registry(), registry().resources.byId("storageclasses.storage.k8s.io")!);
      if (className !== "" && classes.get(className)?.object.allowVolumeExpansion === true) return;
      throw refuse(
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
      );
    },
  };
}

/** An Ingress that names no class gets the default one (DefaultIngressClass). */
export function defaultIngressClass(registry: () => Registry): AdmissionPlugin {
  return {
    name: "DefaultIngressClass",
    mutate({ operation, scope, draft, subresource }) {
      if (operation !== "CREATE" || scope.resource.id !== "ingresses.networking.k8s.io" || subresource || !draft)
        return;
      if (draft.metadata.annotations?.["kubernetes.io/ingress.class"] !== undefined) return;
      if (draft.spec?.ingressClassName !== undefined) return;
      const classes = objectsOf(registry(), "ingressclasses.networking.k8s.io");
      const found = defaultAmong(classes, ["ingressclass.kubernetes.io/is-default-class"]);
      if (found) draft.spec = { ...draft.spec, ingressClassName: found.metadata.name };
    },
  };
}
