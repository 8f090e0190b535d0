import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import { qualifiedName } from "../machinery/names.ts";
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

const nameMax = 128;
const noteMax = 1024;

/** An event is where its object is; events of cluster-scoped objects are in `default`. */
function isAtItsObject({ metadata, involvedObject, eventTime }: any): boolean {
  const wanted = involvedObject?.namespace ?? "";
  if (eventTime) return wanted !== "" || ["default", "kube-system"].includes(metadata.namespace);
  return wanted === "" ? [undefined, "", "default"].includes(metadata.namespace) : wanted === metadata.namespace;
}

function* reporterErrors({ reportingComponent = "" }: any, path: FieldPath): Generator<FieldError> {
  if (reportingComponent === "") yield required(path);
  for (const why of qualifiedName(reportingComponent)) yield invalid(path, reportingComponent, why);
}

function* lengthErrors(event: any, field: string): Generator<FieldError> {
  const value: string = event[field] ?? "";
  if (value === "") yield required(new FieldPath(field));
  if (value.length > nameMax) yield invalid(new FieldPath(field), "", `can have at most ${nameMax} characters`);
}

/**
 * What both groups ask of an event: one that has a time says who reports it and what was done. Sees the stored form;
 * `reporter` is the group's name of the field that says who.
 */
export function* eventErrors(event: any, reporter: string): Generator<FieldError> {
  if (!isAtItsObject(event)) {
    const path = new FieldPath("involvedObject").child("namespace");
    yield invalid(path, event.involvedObject?.namespace ?? "", "does not match event.namespace");
  }
  if (!event.eventTime) return;
  yield* reporterErrors(event, new FieldPath(reporter));
  for (const field of ["reportingInstance", "action", "reason"]) yield* lengthErrors(event, field);
  if ((event.message ?? "").length > noteMax)
    yield invalid(new FieldPath("message"), "", `can have at most ${noteMax} characters`);
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
  alwaysPaged: true,
  nameRule: "path",
  metadataLast: true,
  validate: (event) => eventErrors(event, "reportingComponent"),
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
