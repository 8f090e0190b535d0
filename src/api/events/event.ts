import { events as coreEvents, eventColumns, eventErrors } from "../core/event.ts";
import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { sameValue } from "../parts/checks.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";

/** Names of the same field: `[events.k8s.io/v1, v1]`. */
const renamed = [
  ["note", "message"],
  ["regarding", "involvedObject"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
] as const;

const toCore = new Map<string, string>(renamed);
const fromCore = new Map<string, string>(renamed.map(([ours, core]) => [core, ours]));

function rename(object: any, names: Map<string, string>, apiVersion: string): any {
  const renamedFields = Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]);
  return { ...Object.fromEntries(renamedFields), apiVersion };
}

/** An event of `events.k8s.io/v1` as the `v1` event that is stored. */
export function toCoreV1(event: any): any {
  const core = rename(event, toCore, "v1");
  const reporter = { reportingComponent: "", reportingInstance: "" };
  return { source: {}, firstTimestamp: null, lastTimestamp: null, involvedObject: {}, ...reporter, ...core };
}

/** A stored `v1` event as an event of `events.k8s.io/v1`, which leaves out a reporter that is not known. */
export function toEventsV1(event: any): any {
  const { reportingComponent, reportingInstance, ...rest } = event;
  const reporter = {
    ...(reportingComponent ? { reportingComponent } : {}),
    ...(reportingInstance ? { reportingInstance } : {}),
  };
  return rename({ ...rest, ...reporter }, fromCore, "events.k8s.io/v1");
}

/** Field selectors of this group name the fields as this group does. */
const selectable = Object.entries(coreEvents.selectableFields!)
  .filter(([name]) => name !== "source")
  .map(([name, value]) => [
    name.replace("involvedObject", "regarding").replace("reportingComponent", "reportingController"),
    (event: any) => value(event),
  ]);

/** Fields of old events, by the names that the real server uses in messages. */
const deprecated = ["firstTimestamp", "lastTimestamp", "count", "source"] as const;

function* checkSeries(series: any): Iterable<FieldError> {
  const path = new FieldPath("series");
  if ((series.count ?? 0) < 2) yield invalid(path.child("count"), "", "should be at least 2");
  if (!series.lastObservedTime) yield required(path.child("lastObservedTime"));
}

/** What this group asks of new events beyond what the old one does. Sees the stored form. */
function* validateCreate(event: any): Iterable<FieldError> {
  if (event.series) yield* checkSeries(event.series);
  if (!event.eventTime) yield required(new FieldPath("eventTime"));
  if (event.type !== "Normal" && event.type !== "Warning") {
    yield invalid(new FieldPath("type"), "", `has invalid value: ${event.type ?? ""}`);
  }
  for (const field of deprecated) {
    const value = event[field];
    const isSet = typeof value === "object" ? Object.keys(value ?? {}).length > 0 : Boolean(value);
    if (isSet) yield invalid(new FieldPath(field), "", "needs to be unset");
  }
}

const goObject: GoShape = {
  Kind: ["kind", ""],
  Namespace: ["namespace", ""],
  Name: ["name", ""],
  UID: ["uid", ""],
  APIVersion: ["apiVersion", ""],
  ResourceVersion: ["resourceVersion", ""],
  FieldPath: ["fieldPath", ""],
};
const goSource: GoShape = fields("Component Host", "");
const shapes: Record<string, GoShape> = { involvedObject: goObject, related: goObject, source: goSource };

/** What an event tells stays as it was told; only how often it has come may change. Names are those of the stored form. */
const fixedFields = [
  "involvedObject",
  "reason",
  "message",
  "source",
  "firstTimestamp",
  "lastTimestamp",
  "count",
  // The real server looks at the reason twice, and says so twice.
  "reason",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingComponent",
  "reportingInstance",
] as const;

/** Sees the stored form of both. */
function* validateUpdate(next: any, previous: any): Iterable<FieldError> {
  if (next.series && !sameValue(next.series, previous.series)) yield* checkSeries(next.series);
  for (const field of fixedFields) {
    if (sameValue(next[field], previous[field])) continue;
    const path = new FieldPath(field === "reportingComponent" ? "reportingController" : field);
    const empty = typeof previous[field] === "number" ? 0 : typeof previous[field] === "string" ? "" : null;
    yield invalid(path, goValue(next[field] ?? empty, shapes[field]), "field is immutable");
  }
}

export const newEvents = defineResource({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: "io.k8s.api.events.v1.Event",
  createOnUpdate: true,
  alwaysPaged: true,
  storedAs: { group: "", version: "v1", plural: "events", toStored: toCoreV1, fromStored: toEventsV1 },
  validate: (event) => eventErrors(event, "reportingController"),
  validateCreate,
  validateUpdate,
  columns: eventColumns,
  selectableFields: Object.fromEntries(selectable),
});
