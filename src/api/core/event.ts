import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { since, text, wide } from "../parts/columns.ts";

function firstSeen(event: any, now: number): string {
  return since(event.firstTimestamp || event.eventTime, now);
}

function lastSeen(event: any, now: number): string {
  if (event.series) return since(event.series.lastObservedTime, now);
  return event.lastTimestamp ? since(event.lastTimestamp, now) : firstSeen(event, now);
}

function objectText({ involvedObject }: any): string {
  const kind = (involvedObject?.kind ?? "").toLowerCase();
  return involvedObject?.name ? `${kind}/${involvedObject.name}` : kind;
}

function sourceText({ source, reportingComponent, reportingInstance }: any): string {
  const component = source?.component || reportingComponent || "";
  const host = source?.host || reportingInstance || "";
  return host ? `${component}, ${host}` : component;
}

/** Columns of both groups' events; they see the `v1` form. */
export const eventColumns = [
  text("Last Seen", lastSeen),
  text("Type", ({ type }) => type ?? ""),
  text("Reason", ({ reason }) => reason ?? ""),
  text("Object", objectText),
  wide("Subobject", ({ involvedObject }) => involvedObject?.fieldPath ?? ""),
  wide("Source", sourceText),
  text("Message", ({ message }) => (message ?? "").trim()),
  wide("First Seen", firstSeen),
  wide("Count", ({ count, series }) => (series ? (series.count ?? 0) : count || 1)),
  { ...wide("Name", ({ metadata }) => metadata.name), format: "name" },
];

/** An event is where its object is; events of cluster-scoped objects are in `default`. */
function validate({ metadata, involvedObject }: any): FieldError[] {
  const wanted = involvedObject?.namespace ?? "";
  const fits = wanted === "" ? [undefined, "", "default"].includes(metadata.namespace) : wanted === metadata.namespace;
  const path = new FieldPath("involvedObject").child("namespace");
  return fits ? [] : [invalid(path, wanted, "does not match event.namespace")];
}

export const events = defineResource({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Event",
  createOnUpdate: true,
  validate,
  columns: eventColumns,
  selectableFields: {
    "involvedObject.kind": ({ involvedObject }) => involvedObject?.kind ?? "",
    "involvedObject.namespace": ({ involvedObject }) => involvedObject?.namespace ?? "",
    "involvedObject.name": ({ involvedObject }) => involvedObject?.name ?? "",
    "involvedObject.uid": ({ involvedObject }) => involvedObject?.uid ?? "",
    "involvedObject.apiVersion": ({ involvedObject }) => involvedObject?.apiVersion ?? "",
    "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject?.resourceVersion ?? "",
    "involvedObject.fieldPath": ({ involvedObject }) => involvedObject?.fieldPath ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? "",
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || "",
    type: ({ type }) => type ?? "",
  },
});
