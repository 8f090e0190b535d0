// Dynamic resource allocation: devices that drivers offer and pods claim.

import { sameJson } from "../../base/equal.ts";
import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { formatTime } from "../machinery/time.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { checkTemplateMetadata } from "../parts/templates.ts";
import { claimStatusErrors } from "./claim_status.ts";
import { claimErrors, classErrors } from "./device_checks.ts";
import { sliceChangeErrors, sliceErrors } from "./slice_checks.ts";

const group = "resource.k8s.io";
const version = "v1";

/** `pending`, `allocated,reserved`, with `deleted` in front once that is asked for. */
function claimState({ metadata, status }: any): string {
  const states: string[] = [];
  if (metadata.deletionTimestamp) states.push("deleted");
  if (!status?.allocation && !metadata.deletionTimestamp) states.push("pending");
  if (status?.allocation) states.push("allocated");
  if (status?.allocation && status.reservedFor?.length) states.push("reserved");
  return states.join(",");
}

/** A request without a mode is for a number of devices, one if no number is said. */
function defaultRequest(request: any): void {
  if (!request) return;
  request.allocationMode ||= "ExactCount";
  if (request.allocationMode === "ExactCount") request.count ||= 1;
  defaultTolerations(request);
}

function defaultTolerations({ tolerations }: any): void {
  for (const toleration of tolerations ?? []) toleration.operator ||= "Equal";
}

function defaultClaim(spec: any): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    defaultRequest(exactly);
    for (const each of firstAvailable ?? []) defaultRequest(each);
  }
}

const specPath = new FieldPath("spec");

/** What a struct of Go shows of an object: its fields by their names there, null for those that are not set. */
function goShape(value: any, fields: Record<string, (each: any) => unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, show]) => {
      const own = value[field];
      return [`${field[0]!.toUpperCase()}${field.slice(1)}`, own === undefined ? null : show(own)];
    }),
  );
}

const same = (value: unknown) => value;
const listOf = (show: (each: any) => unknown) => (list: any[]) => list.map(show);
const exact = {
  deviceClassName: same,
  selectors: listOf(({ cel }) => ({ CEL: cel ? { Expression: cel.expression } : null })),
  allocationMode: same,
  count: same,
};

/** A claim's spec as the message about changing it shows it. */
function shownClaim({ devices = {} }: any): unknown {
  return {
    Devices: goShape(
      { requests: [], ...devices },
      {
        requests: listOf((request) =>
          goShape(request, {
            name: same,
            exactly: (each) => goShape(each, { ...exact, adminAccess: same, tolerations: same, capacity: same }),
            firstAvailable: listOf((each) =>
              goShape(each, { name: same, ...exact, tolerations: same, capacity: same }),
            ),
          }),
        ),
        constraints: listOf((each) => goShape(each, { requests: same, matchAttribute: same, distinctAttribute: same })),
        config: listOf((each) =>
          goShape(each, { requests: same, opaque: (opaque) => goShape(opaque, { driver: same, parameters: same }) }),
        ),
      },
    ),
  };
}

function unchangedClaim(next: any, previous: any): FieldError[] {
  if (sameJson(next.spec, previous.spec)) return [];
  return [invalid(specPath, shownClaim(next.spec ?? {}), "field is immutable")];
}

/** The metadata that a template's claims get. */
function templateMetadataErrors({ metadata }: any): FieldError[] {
  const errors: FieldError[] = [];
  checkTemplateMetadata(errors, metadata, specPath.child("metadata"));
  return errors;
}

function unchangedTemplate(next: any, previous: any): FieldError[] {
  if (sameJson(next.spec, previous.spec)) return [];
  const { metadata = {}, spec = {} } = next.spec ?? {};
  return [invalid(specPath, { ...metadata, Spec: shownClaim(spec) }, "field is immutable")];
}

export const deviceClasses = defineResource({
  group,
  version,
  kind: "DeviceClass",
  plural: "deviceclasses",
  scope: "Cluster",
  schema: "io.k8s.api.resource.v1.DeviceClass",
  generation: true,
  validate: ({ spec }) => classErrors(spec, specPath),
  columns: [ageColumn],
});

const deviceId = ({ driver, pool, device, shareID = "" }: any): string => [driver, pool, device, shareID].join("/");

/** What drivers say of devices goes with the devices. */
function dropTakenAway({ status }: any, { status: before }: any): void {
  if (!status?.devices) return;
  const given = new Set<string>(status.allocation?.devices?.results?.map(deviceId));
  const taken = new Set<string>(before?.allocation?.devices?.results?.map(deviceId)).difference(given);
  status.devices = status.devices.filter((each: any) => !taken.has(deviceId(each)));
  if (status.devices.length === 0) delete status.devices;
}

export const resourceClaims = defineResource({
  group,
  version,
  kind: "ResourceClaim",
  plural: "resourceclaims",
  scope: "Namespaced",
  schema: "io.k8s.api.resource.v1.ResourceClaim",
  subresources: [statusSubresource],
  statusFields: ["status"],
  statusKeeps: "metadata",
  defaults({ spec, status }) {
    defaultClaim(spec);
    for (const result of status?.allocation?.devices?.results ?? []) defaultTolerations(result);
  },
  validateCreate: ({ spec }) => claimErrors(spec, specPath),
  validateUpdate: unchangedClaim,
  prepareStatusUpdate: dropTakenAway,
  validateStatusUpdate: claimStatusErrors,
  columns: [text("State", claimState), ageColumn],
});

export const resourceClaimTemplates = defineResource({
  group,
  version,
  kind: "ResourceClaimTemplate",
  plural: "resourceclaimtemplates",
  scope: "Namespaced",
  schema: "io.k8s.api.resource.v1.ResourceClaimTemplate",
  defaults: ({ spec }) => defaultClaim(spec?.spec),
  validateCreate: ({ spec }) => [...templateMetadataErrors(spec), ...claimErrors(spec?.spec, specPath.child("spec"))],
  validateUpdate: unchangedTemplate,
  columns: [ageColumn],
});

function defaultSlice({ spec }: any): void {
  if (spec?.pool) spec.pool.generation ??= 0;
  for (const { capacity } of spec?.devices ?? []) for (const name in capacity) capacity[name].value ??= "0";
}

/** A taint that does not say since when is new. */
function dateTaints({ spec }: any, now: number): void {
  for (const { taints } of spec?.devices ?? []) for (const taint of taints ?? []) taint.timeAdded ??= formatTime(now);
}

export const resourceSlices = defineResource({
  group,
  version,
  kind: "ResourceSlice",
  plural: "resourceslices",
  scope: "Cluster",
  schema: "io.k8s.api.resource.v1.ResourceSlice",
  generation: true,
  defaults: defaultSlice,
  prepareCreate: (slice, { now }) => dateTaints(slice, now),
  prepareUpdate: (slice, _, { now }) => dateTaints(slice, now),
  validate: ({ spec }) => sliceErrors(spec ?? {}, specPath),
  validateUpdate: (next, previous) => sliceChangeErrors(next.spec ?? {}, previous.spec ?? {}, specPath),
  columns: [
    text("Node", ({ spec }) => spec?.nodeName ?? ""),
    text("Driver", ({ spec }) => spec?.driver ?? ""),
    text("Pool", ({ spec }) => spec?.pool?.name ?? ""),
    ageColumn,
  ],
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec?.nodeName ?? "",
    "spec.driver": ({ spec }) => spec?.driver ?? "",
  },
});
