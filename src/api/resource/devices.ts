// Dynamic resource allocation: devices that drivers offer and pods claim.

import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "resource.k8s.io";
const version = "v1";

/** `pending`, `allocated,reserved`, with `deleted` in front once that is asked for. */
function claimState({ metadata, status }: any): string {
  const states: string[] = [];
  if (metadata.deletionTimestamp) states.push("deleted");
  if (status?.allocation) states.push("allocated");
  else if (!metadata.deletionTimestamp) states.push("pending");
  if (status?.reservedFor?.length) states.push("reserved");
  return states.join(",");
}

/** A request without a mode is for a number of devices, one if no number is said. */
function defaultRequest(request: any): void {
  if (!request) return;
  request.allocationMode ||= "ExactCount";
  if (request.allocationMode === "ExactCount") request.count ||= 1;
}

function defaultClaim(spec: any): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    defaultRequest(exactly);
    for (const each of firstAvailable ?? []) defaultRequest(each);
  }
}

export const deviceClasses = defineResource({
  group,
  version,
  kind: "DeviceClass",
  plural: "deviceclasses",
  scope: "Cluster",
  schema: "io.k8s.api.resource.v1.DeviceClass",
  generation: true,
  columns: [ageColumn],
});

export const resourceClaims = defineResource({
  group,
  version,
  kind: "ResourceClaim",
  plural: "resourceclaims",
  scope: "Namespaced",
  schema: "io.k8s.api.resource.v1.ResourceClaim",
  subresources: [statusSubresource],
  statusFields: ["status"],
  defaults: ({ spec }) => defaultClaim(spec),
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
  columns: [ageColumn],
});

export const resourceSlices = defineResource({
  group,
  version,
  kind: "ResourceSlice",
  plural: "resourceslices",
  scope: "Cluster",
  schema: "io.k8s.api.resource.v1.ResourceSlice",
  generation: true,
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
