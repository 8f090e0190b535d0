import { events as coreEvents, eventColumns } from "../core/event.ts";
import { defineResource } from "../machinery/resource.ts";

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
  return { source: {}, firstTimestamp: null, lastTimestamp: null, involvedObject: {}, ...core };
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

export const newEvents = defineResource({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: "io.k8s.api.events.v1.Event",
  createOnUpdate: true,
  storedAs: { group: "", version: "v1", plural: "events", toStored: toCoreV1, fromStored: toEventsV1 },
  columns: eventColumns,
  selectableFields: Object.fromEntries(selectable),
});
