import { type FieldError, FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { compareQuantities, quantityValue } from "../machinery/quantity.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkImmutable, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { jsonDiff } from "../parts/diff.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import { isNative } from "../parts/resourcenames.ts";
import { accessModesText, phaseText, storageClassOf } from "../parts/storagewords.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { checkClaimSpec, claimSpecWarnings, defaultClaimSpec, joinDataSources } from "./claimspec.ts";

type Claim = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");

const claimSpecShape: GoShape = {
  AccessModes: ["accessModes", null],
  Selector: ["selector", null],
  Resources: ["resources", "struct", () => fields("Limits Requests", null)],
  ...fields("VolumeName", ""),
  ...fields("StorageClassName VolumeMode DataSource DataSourceRef VolumeAttributesClassName", null),
};

function checkSize(errors: Errors, next: Claim, previous: Claim): void {
  const size = next.spec.resources?.requests?.storage ?? "0";
  const before = previous.spec.resources?.requests?.storage ?? "0";
  const given = previous.status?.capacity?.storage ?? "0";
  // A request that cannot be met may be taken back, down to what the volume has (KEP-1790).
  if (compareQuantities(size, before) >= 0 || compareQuantities(size, given) > 0) return;
  const path = specPath.child("resources", "requests", "storage");
  errors.push(forbiddenField(path, "field can not be less than status.capacity"));
}

const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const annotatedClass = ({ metadata }: Claim): string | undefined => metadata.annotations?.[classAnnotation];

/** Whether the class that only the old annotation named is named by the field now. */
function movesClass(next: Claim, previous: Claim): boolean {
  const [now, before] = [annotatedClass(next), annotatedClass(previous)];
  if (before === undefined || previous.spec.storageClassName !== undefined) return false;
  return next.spec.storageClassName === before && (now === undefined || now === before);
}

/** Checks the annotation; gives the class as it is to be compared with the one that was. */
function comparedClass(errors: Errors, next: Claim, previous: Claim): string | undefined {
  const { storageClassName: name } = next.spec;
  if (movesClass(next, previous)) return undefined;
  const [now, before] = [annotatedClass(next) ?? "", annotatedClass(previous)];
  if (now !== (before ?? "")) {
    const path = new FieldPath("metadata").child("annotations", classAnnotation);
    errors.push(invalid(path, now, "field is immutable"));
  }
  // A claim that was made before there was a default class may get one.
  const isFirst = previous.spec.storageClassName === undefined && (before === undefined || before === name);
  return isFirst ? undefined : name;
}

/** The new spec with what may change as it was. */
function comparedSpec(errors: Errors, next: Claim, previous: Claim): any {
  const old = previous.spec;
  const rest = { ...next.spec, storageClassName: comparedClass(errors, next, previous) };
  if (rest.storageClassName === undefined) delete rest.storageClassName;
  if (next.status?.phase === "Bound") {
    const storage = old.resources?.requests?.storage;
    if (rest.resources?.requests) {
      rest.resources = { ...rest.resources, requests: { ...rest.resources.requests, storage } };
    }
    rest.volumeAttributesClassName = old.volumeAttributesClassName;
  }
  return rest;
}

function validateUpdate(next: Claim, previous: Claim): FieldError[] {
  const errors: FieldError[] = [];
  const rest = comparedSpec(errors, next, previous);
  const old = { ...previous.spec };
  if (!old.volumeName) old.volumeName = rest.volumeName;
  if (!sameValue(rest, old)) {
    const difference = jsonDiff(goValue(old, claimSpecShape), goValue(rest, claimSpecShape));
    const why =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    errors.push(forbiddenField(specPath, `${why}\n${difference}`));
  }
  checkSize(errors, next, previous);
  // Without `spec.`: so it stands in the real server's message.
  checkImmutable(errors, next.spec.volumeMode, previous.spec.volumeMode, () => new FieldPath("volumeMode"));
  checkAttributesClass(errors, next, previous);
  return errors;
}

/** A class of attributes may be taken back until the volume has them (KEP-3751). */
function checkAttributesClass(errors: Errors, next: Claim, previous: Claim): void {
  const [now, before] = [next.spec.volumeAttributesClassName, previous.spec.volumeAttributesClassName];
  if (now === before || previous.status?.currentVolumeAttributesClassName === undefined || now) return;
  const what = now === undefined ? "nil" : "empty string";
  const why = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  errors.push(forbiddenField(specPath.child("volumeAttributesClassName"), why));
}

const resizeStates = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
];

/** Of Kubernetes' own resources a claim has only storage. */
function checkResource(errors: Errors, name: string, path: FieldPath): boolean {
  const before = errors.length;
  addInvalid(errors, () => path, name, qualifiedName(name));
  if (errors.length === before && isNative(name) && name !== "storage") {
    errors.push(notSupported(path, name, ["storage"]));
  }
  return errors.length === before;
}

function checkGiven(errors: Errors, amount: string, path: FieldPath): void {
  const value = quantityValue(amount);
  if (value < 0) errors.push(invalid(path, value, "must be a valid resource quantity"));
}

/** What a claim has, and what is being done about what it wants. */
function validateStatusUpdate({ spec, status = {} }: Claim): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("status");
  if (!spec.accessModes?.length) errors.push(required(new FieldPath("Spec").child("accessModes")));
  for (const [name, amount] of Object.entries<string>(status.capacity ?? {})) {
    checkGiven(errors, amount, path.child("capacity").key(name));
  }
  // The name of the field is not the object's.
  const states = path.child("allocatedResourceStatus");
  for (const [name, state] of Object.entries<string>(status.allocatedResourceStatuses ?? {})) {
    checkResource(errors, name, states);
    if (!resizeStates.includes(state)) errors.push(notSupported(states, name, resizeStates));
  }
  const allocated = path.child("allocatedResources");
  for (const [name, amount] of Object.entries<string>(status.allocatedResources ?? {})) {
    if (checkResource(errors, name, allocated)) checkGiven(errors, amount, allocated.key(name));
  }
  return errors;
}

function* warnings({ metadata, spec }: Claim): Iterable<string> {
  if (metadata.annotations?.[classAnnotation] !== undefined) {
    yield `metadata.annotations[${classAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`;
  }
  yield* claimSpecWarnings(spec, specPath);
}

export const persistentVolumeClaims = defineResource<Claim>({
  group: "",
  version: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  shortNames: ["pvc"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.PersistentVolumeClaim",
  subresources: [statusSubresource],
  statusFields: ["status"],
  defaults({ spec, status }) {
    defaultClaimSpec(spec);
    if (status) status.phase ||= "Pending";
  },
  prepareCreate(draft) {
    draft.status = { phase: "Pending" };
    joinDataSources(draft.spec);
  },
  prepareUpdate: ({ spec }) => joinDataSources(spec),
  checkedTwice: true,
  validate({ spec }) {
    const errors: FieldError[] = [];
    checkClaimSpec(errors, spec, specPath);
    return errors;
  },
  validateUpdate,
  validateStatusUpdate,
  warnings,
  columns: [
    text("Status", phaseText),
    text("Volume", ({ spec }) => spec?.volumeName ?? ""),
    text("Capacity", ({ spec, status }) => (spec?.volumeName ? `${status?.capacity?.storage ?? 0}` : "")),
    text("Access Modes", ({ spec, status }) => (spec?.volumeName ? accessModesText(status?.accessModes) : "")),
    text("StorageClass", storageClassOf),
    text("VolumeAttributesClass", ({ spec }) => spec?.volumeAttributesClassName ?? "<unset>"),
    ageColumn,
    wide("VolumeMode", ({ spec }) => spec?.volumeMode ?? "<unset>"),
  ],
});
