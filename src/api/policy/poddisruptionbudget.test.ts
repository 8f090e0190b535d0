import { checksOf } from "../../../test/declarations.ts";
import { podDisruptionBudgets } from "./poddisruptionbudget.ts";

const { check, checkStatus } = checksOf(podDisruptionBudgets);
check(
  "both",
  { spec: { minAvailable: 1, maxUnavailable: "10%", selector: { matchLabels: { a: "b" } } } },
  'spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"a":"b"}},"MaxUnavailable":"10%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
);
const condition = { type: "A", status: "True", reason: "R", lastTransitionTime: "2026-01-01T00:00:00Z" };
checkStatus("a condition", {}, {}, { conditions: [condition] });
checkStatus(
  "conditions are whole, and once",
  {},
  {},
  { conditions: [condition, { type: "A", status: "x" }] },
  'status.conditions[1].type: Duplicate value: "A"',
  'status.conditions[1].status: Unsupported value: "x": supported values: "False", "True", "Unknown"',
  "status.conditions[1].lastTransitionTime: Required value: must be set",
  "status.conditions[1].reason: Required value: must be set",
);
