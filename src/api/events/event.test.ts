import { checksOf } from "../../../test/declarations.ts";
import { events } from "../core/event.ts";
import { newEvents } from "./event.ts";

/** In the stored form, which the rules see. */
const told = {
  involvedObject: { kind: "Pod", namespace: "ns", name: "p" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingComponent: "example.com/c",
  reportingInstance: "i",
  action: "A",
  reason: "R",
  type: "Normal",
};
const { check, checkUpdate } = checksOf(newEvents);
check("an event", told);
check(
  "nothing",
  {},
  'involvedObject.namespace: Invalid value: "": does not match event.namespace',
  "eventTime: Required value",
  'type: Invalid value: "": has invalid value: ',
);
check("elsewhere, at a time", { ...told, involvedObject: { namespace: "other" } });
check("no action", { ...told, action: undefined }, "action: Required value");
check("type", { ...told, type: "x" }, 'type: Invalid value: "": has invalid value: x');
const series = { count: 2, lastObservedTime: "2026-01-01T00:00:01.000000Z" };
checkUpdate("it came again", told, { ...told, series });
checkUpdate(
  "once",
  told,
  { ...told, series: { ...series, count: 1 } },
  'series.count: Invalid value: "": should be at least 2',
);
checkUpdate(
  "another story",
  told,
  { ...told, reason: "S", involvedObject: { kind: "Pod", namespace: "ns", name: "q" } },
  'involvedObject: Invalid value: {"Kind":"Pod","Namespace":"ns","Name":"q","UID":"","APIVersion":"","ResourceVersion":"","FieldPath":""}: field is immutable',
  'reason: Invalid value: "S": field is immutable',
  'reason: Invalid value: "S": field is immutable',
);

const old = checksOf(events);
old.check("a short one", { involvedObject: { namespace: "ns" } });
old.check(
  "with a time, from nobody",
  { ...told, reportingComponent: undefined, reportingInstance: undefined },
  "reportingComponent: Required value",
  'reportingComponent: Invalid value: "": name part must be non-empty',
  `reportingComponent: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
  "reportingInstance: Required value",
);
