import { type FieldError, FieldPath, forbiddenField, invalid } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { compareQuantities } from "../machinery/quantity.ts";
import { defineResource } from "../machinery/resource.ts";
import { checkImmutable, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { jsonDiff } from "../parts/diff.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
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
  const size = next.spec.resources?.requests?.storage;
  const before = previous.spec.resources?.requests?.storage;
  const given = previous.status?.capacity?.storage ?? "0";
  if (size === undefined || before === undefined || compareQuantities(size, before) >= 0) return;
  // A request that cannot be met may be taken back, down to what the volume has (KEP-1790).
  if (compareQuantities(size, given) > 0) return;
  const path = specPath.child("resources", "requests", "storage");
  errors.push(forbiddenField(path, "field can not be less than status.capacity"));
}

function validateUpdate(next: Claim, previous: Claim): FieldError[] {
  const errors: FieldError[] = [];
  const [rest, old] = [{ ...next.spec }, { ...previous.spec }];
  if (!old.volumeName) old.volumeName = rest.volumeName;
  if (old.storageClassName === undefined) delete rest.storageClassName;
  if (next.status?.phase === "Bound") {
    const storage = old.resources?.requests?.storage;
    if (rest.resources?.requests) {
      rest.resources = { ...rest.resources, requests: { ...rest.resources.requests, storage } };
    }
    rest.volumeAttributesClassName = old.volumeAttributesClassName;
  }
  if (!sameValue(rest, old)) {
    const difference = jsonDiff(goValue(old, claimSpecShape), goValue(rest, claimSpecShape));
    const why =
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    errors.push(forbiddenField(specPath, `${why}\n${difference}`));
  }
  checkSize(errors, next, previous);
  const annotation = new FieldPath("metadata").child("annotations").key(classAnnotation);
  const classOf = ({ metadata }: Claim) => metadata.annotations?.[classAnnotation];
  if (classOf(previous) !== undefined && classOf(next) !== classOf(previous)) {
    errors.push(invalid(annotation, classOf(next) ?? "", "field is immutable"));
  }
  checkImmutable(errors, next.spec.volumeMode, previous.spec.volumeMode, () => specPath.child("volumeMode"));
  checkAttributesClass(errors, next.spec.volumeAttributesClassName, previous.spec.volumeAttributesClassName);
  return errors;
}

/** A volume that has a class of attributes keeps one; an empty name is none. */
function checkAttributesClass(errors: Errors, now: string | undefined, before: string | undefined): void {
  const path = specPath.child("volumeAttributesClassName");
  if (before === undefined || now === before) return;
  if (now === undefined) errors.push(forbiddenField(path, "update from non-nil value to nil is forbidden"));
  else if (now === "" && before !== "") {
    errors.push(forbiddenField(path, "update from non-nil value to an empty string is forbidden"));
  }
}

const classAnnotation = "volume.beta.kubernetes.io/storage-class";

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
  validate({ spec }) {
    const errors: FieldError[] = [];
    checkClaimSpec(errors, spec, specPath);
    return errors;
  },
  validateUpdate,
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
