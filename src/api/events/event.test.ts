import { checksOf } from "../../../test/declarations.ts";
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
);
