import { checkCsiDriverName } from "../core/podspec/volumesources.ts";
import { checkInlineVolumeSpec } from "../core/volumespec.ts";
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalid,
  required,
  tooLong,
} from "../machinery/field.ts";
import { dns1123Subdomain, qualifiedName } from "../machinery/names.ts";
import { compareQuantities } from "../machinery/quantity.ts";
import { defineResource } from "../machinery/resource.ts";
import { oldNodeLabelText } from "../node/labels.ts";
import {
  addInvalid,
  checkImmutable,
  checkLabelSelector,
  checkNonNegative,
  checkOneOf,
  sameValue,
} from "../parts/checks.ts";
import { ageColumn, boolean, createdAtColumn, integer, text } from "../parts/columns.ts";
import { bytesOfText } from "../parts/data.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "storage.k8s.io";
const version = "v1";

const specPath = new FieldPath("spec");
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;
const updateSecondsMin = 10;
const nodeIdMax = 256;

function defaultDriver({ spec }: any): void {
  for (const request of spec.tokenRequests ?? []) request.audience ??= "";
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

function validateDriver({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const policies = ["File", "None", "ReadWriteOnceWithFSType"];
  checkOneOf(errors, spec.fsGroupPolicy, policies, () => specPath.child("fsGroupPolicy"));
  const audiences = new Set<string>();
  for (const [index, { audience = "", expirationSeconds }] of (spec.tokenRequests ?? []).entries()) {
    const at = specPath.child("tokenRequests").index(index);
    if (audiences.has(audience)) {
      errors.push(duplicate(at.child("audience"), audience));
      continue;
    }
    audiences.add(audience);
    if (expirationSeconds < tokenSecondsMin) {
      const why = "may not specify a duration less than 10 minutes";
      errors.push(invalid(at.child("expirationSeconds"), expirationSeconds, why));
    }
    if (expirationSeconds > tokenSecondsMax) {
      const why = "may not specify a duration larger than 2^32 seconds";
      errors.push(invalid(at.child("expirationSeconds"), expirationSeconds, why));
    }
  }
  for (const mode of spec.volumeLifecycleModes ?? []) {
    checkOneOf(errors, mode, ["Persistent", "Ephemeral"], () => specPath.child("volumeLifecycleModes"));
  }
  const { nodeAllocatableUpdatePeriodSeconds: seconds, serviceAccountTokenInSecrets: inSecrets } = spec;
  if (seconds < updateSecondsMin) {
    const why = `must be greater than or equal to ${updateSecondsMin} seconds`;
    errors.push(invalid(specPath.child("nodeAllocatableUpdatePeriodSeconds"), seconds, why));
  }
  if (inSecrets !== undefined && !spec.tokenRequests?.length) {
    const why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
    errors.push(invalid(specPath.child("serviceAccountTokenInSecrets"), inSecrets, why));
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
  for (const [index, { name, nodeID, allocatable, topologyKeys = [] }] of (spec.drivers ?? []).entries()) {
    const at = specPath.child("drivers").index(index);
    checkCsiDriverName(errors, name, at.child("name"));
    if (!nodeID) errors.push(required(at.child("nodeID")));
    else if (nodeID.length > nodeIdMax) {
      errors.push(invalid(at.child("nodeID"), nodeID, `must be ${nodeIdMax} characters or less`));
    }
    checkNonNegative(errors, allocatable?.count, () => at.child("allocatable", "count"));
    if (names.has(name)) errors.push(duplicate(at.child("name"), name));
    names.add(name);
    for (const [position, key] of topologyKeys.entries()) {
      if (key === "") errors.push(required(at));
      if (topologyKeys.indexOf(key) < position) errors.push(duplicate(at, key));
      addInvalid(errors, () => at, key, qualifiedName(key));
    }
  }
  return errors;
}

const goDriver: GoShape = {
  ...fields("Name", ""),
  NodeID: ["nodeID", ""],
  ...fields("TopologyKeys Allocatable", null),
};

/** What a node's driver said of the node stays, but for how much fits. */
function validateNodeUpdate(next: any, previous: any): FieldError[] {
  const errors: FieldError[] = [];
  const before = new Map<string, any>((previous.spec.drivers ?? []).map((each: any) => [each.name, each]));
  for (const driver of next.spec.drivers ?? []) {
    const old = before.get(driver.name);
    if (!old) continue;
    const [now, then] = [driver, old].map((each) => goValue({ ...each, allocatable: undefined }, goDriver));
    checkImmutable(errors, now, then, () => specPath.child("drivers"));
  }
  return errors;
}

function validateAttachment({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkCsiDriverName(errors, spec.attacher, specPath.child("attacher"));
  const { persistentVolumeName, inlineVolumeSpec } = spec.source ?? {};
  const source = specPath.child("source");
  if (persistentVolumeName === undefined && inlineVolumeSpec === undefined) {
    errors.push(required(source, "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
  } else if (persistentVolumeName !== undefined && inlineVolumeSpec !== undefined) {
    errors.push(forbiddenField(source, "must specify exactly one of inlineVolumeSpec and persistentVolumeName"));
  } else if (inlineVolumeSpec) checkInlineVolumeSpec(errors, inlineVolumeSpec, source.child("inlineVolumeSpec"));
  else if (persistentVolumeName === "") {
    const why = "must specify non empty persistentVolumeName";
    errors.push(required(source.child("persistentVolumeName"), why));
  }
  addInvalid(errors, () => specPath.child("nodeName"), spec.nodeName ?? "", dns1123Subdomain(spec.nodeName ?? ""));
  if (persistentVolumeName !== undefined) {
    const at = () => source.child("persistentVolumeName");
    addInvalid(errors, at, persistentVolumeName, dns1123Subdomain(persistentVolumeName));
  }
  return errors;
}

/** Errors in what an attacher reports. */
function validateAttachmentStatus({ status }: any): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("status");
  const metadata = Object.entries<string>(status?.attachmentMetadata ?? {})
    .flat()
    .join("");
  if (bytesOfText(metadata) > metadataBytesMax)
    errors.push(tooLong(path.child("attachmentMetadata"), metadataBytesMax));
  for (const field of ["attachError", "detachError"]) {
    const { message = "", errorCode } = status?.[field] ?? {};
    const at = path.child(field);
    // The real server names the limit of the metadata here.
    if (bytesOfText(message) > messageBytesMax) errors.push(tooLong(at.child("message"), metadataBytesMax));
    if (errorCode < 0)
      errors.push(invalid(at.child("errorCode"), errorCode, "must be between 0 and 2147483647, inclusive"));
  }
  return errors;
}

const messageBytesMax = 1024;
const metadataBytesMax = 256 * 1024;

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
  validateUpdate: validateNodeUpdate,
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
  validate({ storageClassName, nodeTopology, capacity }) {
    const errors: FieldError[] = [];
    checkLabelSelector(errors, nodeTopology, new FieldPath("nodeTopology"));
    const path = () => new FieldPath("storageClassName");
    addInvalid(errors, path, storageClassName ?? "", dns1123Subdomain(storageClassName ?? ""));
    if (capacity !== undefined && compareQuantities(capacity, "0") < 0) {
      errors.push(invalid(new FieldPath("capacity"), capacity, "must be greater than or equal to 0"));
    }
    return errors;
  },
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    for (const field of ["nodeTopology", "storageClassName"]) {
      checkImmutable(errors, next[field], previous[field], () => new FieldPath(field));
    }
    return errors;
  },
  warnings: topologyWarnings,
  columns: [createdAtColumn],
});

function* topologyWarnings({ nodeTopology }: any): Iterable<string> {
  const path = new FieldPath("nodeTopology");
  for (const [index, { key }] of (nodeTopology?.matchExpressions ?? []).entries()) {
    const text = oldNodeLabelText(key);
    if (text) yield `${path.child("matchExpressions").index(index).child("key")}: ${key} is ${text}`;
  }
  for (const key of Object.keys(nodeTopology?.matchLabels ?? {}).sort()) {
    const text = oldNodeLabelText(key);
    if (text) yield `${path.child("matchLabels").child(key)}: ${text}`;
  }
}

export const volumeAttachments = defineResource<any>({
  group,
  version,
  kind: "VolumeAttachment",
  plural: "volumeattachments",
  scope: "Cluster",
  schema: "io.k8s.api.storage.v1.VolumeAttachment",
  subresources: [statusSubresource],
  statusFields: ["status"],
  statusKeeps: "metadata",
  unconditionalUpdate: false,
  validate: validateAttachment,
  validateUpdate: validateAttachmentUpdate,
  validateStatusUpdate: validateAttachmentStatus,
  columns: [
    { ...text("Attacher", ({ spec }) => spec?.attacher ?? ""), format: "name" },
    text("PV", ({ spec }) => spec?.source?.persistentVolumeName ?? ""),
    text("Node", ({ spec }) => spec?.nodeName ?? ""),
    boolean("Attached", ({ status }) => status?.attached ?? false),
    ageColumn,
  ],
});
