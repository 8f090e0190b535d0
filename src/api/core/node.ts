import { duplicate, type FieldError, FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { cidr, labelValue, qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkRequiredOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, text, wide } from "../parts/columns.ts";
import { proxySubresource, statusSubresource } from "../parts/subresources.ts";

const rolePrefix = "node-role.kubernetes.io/";

function statusText({ spec, status }: any): string {
  const ready = status?.conditions?.find(({ type }: { type: string }) => type === "Ready");
  const words = [!ready ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (spec?.unschedulable) words.push("SchedulingDisabled");
  return words.join(",");
}

function rolesText({ metadata }: any): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries<string>(metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    else if (key === "kubernetes.io/role" && value) roles.add(value);
  }
  return [...roles].sort().join(",") || "<none>";
}

function addressText({ status }: any, wanted: string): string {
  return status?.addresses?.find(({ type }: { type: string }) => type === wanted)?.address ?? "<none>";
}

function kernelText({ status }: any): string {
  const { kernelVersion, architecture } = status?.nodeInfo ?? {};
  if (!kernelVersion) return "<unknown>";
  return architecture ? `${kernelVersion} (${architecture})` : kernelVersion;
}

type Node = KubeObject & { spec: any; status?: any };

const specPath = new FieldPath("spec");

/** `podCIDR` is the first of `podCIDRs`; old clients know only the former. */
function defaults({ spec, status }: Node): void {
  if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
  else if (spec.podCIDRs?.length) spec.podCIDR = spec.podCIDRs[0];
  if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
}

function checkTaints(errors: Errors, taints: any[] | undefined, path: FieldPath): void {
  const seen = new Set<string>();
  for (const [index, taint] of (taints ?? []).entries()) {
    const at = path.index(index);
    const { key = "", value = "", effect, timeAdded } = taint;
    addInvalid(errors, () => at.child("key"), key, qualifiedName(key));
    addInvalid(errors, () => at.child("value"), value, labelValue(value));
    checkRequiredOneOf(errors, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"], () => at.child("effect"));
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) {
      // The real server prints its own struct here.
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null };
      const error = duplicate(at, shown);
      errors.push({ ...error, body: `${error.body}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
  }
}

function checkPodRanges(errors: Errors, ranges: string[] | undefined): void {
  const path = specPath.child("podCIDRs");
  if (!ranges?.length) return;
  const before = errors.length;
  for (const [index, range] of ranges.entries()) addInvalid(errors, () => path.index(index), range, cidr(range));
  if (errors.length > before || ranges.length < 2) return;
  const families = new Set(ranges.map((range) => range.includes(":")));
  if (ranges.length > 2 || families.size < ranges.length) {
    errors.push(invalid(path, ranges, "may specify no more than one CIDR for each IP family"));
  }
}

function validate({ spec }: Node): FieldError[] {
  const errors: FieldError[] = [];
  // Not `spec.taints`: so it stands in the real server's messages.
  checkTaints(errors, spec.taints, new FieldPath("metadata").child("taints"));
  checkPodRanges(errors, spec.podCIDRs);
  return errors;
}

const mutable = ["podCIDR", "podCIDRs", "providerID", "taints", "unschedulable", "configSource", "externalID"];

function validateUpdate(next: Node, previous: Node): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [next.spec, previous.spec];
  if (before.podCIDRs?.length && !sameValue(now.podCIDRs, before.podCIDRs)) {
    const why = 'node updates may not change podCIDR except from "" to valid';
    errors.push(forbiddenField(specPath.child("podCIDRs"), why));
  }
  if (before.providerID && now.providerID !== before.providerID) {
    const why = 'node updates may not change providerID except from "" to valid';
    errors.push(forbiddenField(specPath.child("providerID"), why));
  }
  const rest = { ...now };
  for (const field of mutable) {
    // A field without a value is one more than none to the comparison.
    delete rest[field];
    if (before[field] !== undefined) rest[field] = before[field];
  }
  if (!sameValue(rest, before)) {
    errors.push(forbiddenField(new FieldPath("spec"), "node updates may only change labels, taints, or capacity"));
  }
  return errors;
}

function validateStatusUpdate({ status }: Node): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, address] of (status?.addresses ?? []).entries()) {
    const at = new FieldPath("status").child("addresses").index(index);
    const key = `${address.type}/${address.address}`;
    if (seen.has(key)) errors.push(duplicate(at, { Type: address.type, Address: address.address }));
    seen.add(key);
    if (!address.type) errors.push(required(at.child("type")));
  }
  return errors;
}

export const nodes = defineResource<Node>({
  group: "",
  version: "v1",
  kind: "Node",
  plural: "nodes",
  shortNames: ["no"],
  scope: "Cluster",
  schema: "io.k8s.api.core.v1.Node",
  storagePrefix: "minions",
  subresources: [proxySubresource("NodeProxyOptions"), statusSubresource],
  statusFields: ["status"],
  statusOnCreate: true,
  defaults,
  validate,
  validateUpdate,
  validateStatusUpdate,
  columns: [
    text("Status", statusText),
    text("Roles", rolesText),
    ageColumn,
    text("Version", ({ status }) => status?.nodeInfo?.kubeletVersion ?? ""),
    wide("Internal-IP", (node) => addressText(node, "InternalIP")),
    wide("External-IP", (node) => addressText(node, "ExternalIP")),
    wide("OS-Image", ({ status }) => status?.nodeInfo?.osImage || "<unknown>"),
    wide("Kernel-Version", kernelText),
    wide("Container-Runtime", ({ status }) => status?.nodeInfo?.containerRuntimeVersion || "<unknown>"),
  ],
  selectableFields: { "spec.unschedulable": ({ spec }) => `${spec?.unschedulable ?? false}` },
});
