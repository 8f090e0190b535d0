import { checkCsiDriverName } from "../core/podspec/volumesources.ts";
import { duplicate, type FieldError, FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { dns1123Subdomain } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkImmutable, checkOneOf, sameValue } from "../parts/checks.ts";
import { ageColumn, boolean, createdAtColumn, integer, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "storage.k8s.io";
const version = "v1";

const specPath = new FieldPath("spec");
const tokenSecondsMin = 600;

function defaultDriver({ spec }: any): void {
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ["Persistent"];
}

/** A driver's generation counts from its first change on. */
function countDriverChange(next: any, previous: any): void {
  if (!sameValue(next.spec, previous.spec)) next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
}

function validateDriver({ metadata, spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name?.length > 63) checkCsiDriverName(errors, metadata.name, new FieldPath("metadata").child("name"));
  const policies = ["File", "None", "ReadWriteOnceWithFSType"];
  checkOneOf(errors, spec.fsGroupPolicy, policies, () => specPath.child("fsGroupPolicy"));
  const audiences = new Set<string>();
  for (const [index, { audience = "", expirationSeconds }] of (spec.tokenRequests ?? []).entries()) {
    const at = specPath.child("tokenRequests").index(index);
    if (audiences.has(audience)) errors.push(duplicate(at.child("audience"), audience));
    audiences.add(audience);
    if (expirationSeconds < tokenSecondsMin) {
      const why = "may not specify a duration less than 10 minutes";
      errors.push(invalid(at.child("expirationSeconds"), expirationSeconds, why));
    }
  }
  for (const mode of spec.volumeLifecycleModes ?? []) {
    checkOneOf(errors, mode, ["Ephemeral", "Persistent"], () => specPath.child("volumeLifecycleModes"));
  }
  return errors;
}

function validateDriverUpdate(next: any, previous: any): FieldError[] {
  const errors: FieldError[] = [];
  // `attachedRequired`: so it stands in the real server's message.
  const path = specPath.child("attachedRequired");
  checkImmutable(errors, next.spec.attachRequired, previous.spec.attachRequired, () => path);
  const [now, before] = [next.spec.volumeLifecycleModes, previous.spec.volumeLifecycleModes];
  checkImmutable(errors, now, before, () => specPath.child("volumeLifecycleModes"));
  return errors;
}

function validateNode({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name, nodeID }] of (spec.drivers ?? []).entries()) {
    const at = specPath.child("drivers").index(index);
    checkCsiDriverName(errors, name, at.child("name"));
    if (!nodeID) errors.push(required(at.child("nodeID")));
    if (names.has(name)) errors.push(duplicate(at.child("name"), name));
    names.add(name);
  }
  return errors;
}

function validateAttachment({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.attacher) errors.push(required(specPath.child("attacher")));
  const { persistentVolumeName, inlineVolumeSpec } = spec.source ?? {};
  const source = specPath.child("source");
  if (persistentVolumeName === undefined && inlineVolumeSpec === undefined) {
    errors.push(required(source, "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
  } else if (persistentVolumeName !== undefined && inlineVolumeSpec !== undefined) {
    errors.push(forbiddenField(source, "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
  } else if (inlineVolumeSpec?.capacity) {
    const why = "may not be specified in the context of inline volumes";
    errors.push(forbiddenField(source.child("inlineVolumeSpec", "capacity"), why));
  }
  addInvalid(errors, () => specPath.child("nodeName"), spec.nodeName ?? "", dns1123Subdomain(spec.nodeName ?? ""));
  return errors;
}

function validateAttachmentUpdate(next: any, previous: any): FieldError[] {
  if (sameValue(next.spec, previous.spec)) return [];
  const { attacher = "", nodeName = "", source = {} } = next.spec;
  // The real server prints its own struct here.
  const shown = {
    Attacher: attacher,
    Source: {
      PersistentVolumeName: source.persistentVolumeName ?? null,
      InlineVolumeSpec: source.inlineVolumeSpec ?? null,
    },
    NodeName: nodeName,
  };
  return [invalid(specPath, shown, "field is immutable")];
}

export const csiDrivers = defineResource<any>({
  group,
  version,
  kind: "CSIDriver",
  plural: "csidrivers",
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.CSIDriver",
  unconditionalUpdate: false,
  defaults: defaultDriver,
  prepareUpdate: countDriverChange,
  validate: validateDriver,
  validateUpdate: validateDriverUpdate,
  columns: [
    boolean("AttachRequired", ({ spec }) => spec?.attachRequired ?? true),
    boolean("PodInfoOnMount", ({ spec }) => spec?.podInfoOnMount ?? false),
    boolean("StorageCapacity", ({ spec }) => spec?.storageCapacity ?? false),
    text("TokenRequests", ({ spec }) =>
      spec?.tokenRequests?.length
        ? spec.tokenRequests.map(({ audience }: { audience: string }) => audience).join(",")
        : "<unset>",
    ),
    boolean("RequiresRepublish", ({ spec }) => spec?.requiresRepublish ?? false),
    text("Modes", ({ spec }) => spec?.volumeLifecycleModes?.join(",") || "<none>"),
    ageColumn,
  ],
});

export const csiNodes = defineResource<any>({
  group,
  version,
  kind: "CSINode",
  plural: "csinodes",
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.CSINode",
  unconditionalUpdate: false,
  validate: validateNode,
  columns: [integer("Drivers", ({ spec }) => spec?.drivers?.length ?? 0), ageColumn],
});

export const csiStorageCapacities = defineResource<any>({
  group,
  version,
  kind: "CSIStorageCapacity",
  plural: "csistoragecapacities",
  scope: "Namespaced",
  schema: "io.k8s.api.storage.v1.CSIStorageCapacity",
  unconditionalUpdate: false,
  validate({ storageClassName }) {
    const errors: FieldError[] = [];
    const path = () => new FieldPath("storageClassName");
    addInvalid(errors, path, storageClassName ?? "", dns1123Subdomain(storageClassName ?? ""));
    return errors;
  },
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    for (const field of ["storageClassName", "nodeTopology"]) {
      checkImmutable(errors, next[field], previous[field], () => new FieldPath(field));
    }
    return errors;
  },
  columns: [createdAtColumn],
});

export const volumeAttachments = defineResource<any>({
  group,
  version,
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.VolumeAttachment",
  subresources: [statusSubresource],
  statusFields: ["status"],
  unconditionalUpdate: false,
  validate: validateAttachment,
  validateUpdate: validateAttachmentUpdate,
  columns: [
    { ...text("Attacher", ({ spec }) => spec?.attacher ?? ""), format: "name" },
    text("PV", ({ spec }) => spec?.source?.persistentVolumeName ?? ""),
    text("Node", ({ spec }) => spec?.nodeName ?? ""),
    boolean("Attached", ({ status }) => status?.attached ?? false),
    ageColumn,
  ],
});
