import { checksOf } from "../../../test/declarations.ts";
import { priorityClasses } from "./priorityclass.ts";

const { check, checkMade, checkUpdate } = checksOf(priorityClasses);
checkMade("policy", { value: 1 }, ({ preemptionPolicy }) => preemptionPolicy, "PreemptLowerPriority");
check("the system's own", { metadata: { name: "system-node-critical" }, value: 2_000_001_000 });
check(
  "too much",
  { value: 1_000_000_001 },
  "value: Forbidden: maximum allowed value of a user defined priority is 1000000000",
);
checkUpdate(
  "nothing but words may change",
  { value: 1 },
  { value: 1_000_000_001, preemptionPolicy: "Never" },
  "value: Forbidden: may not be changed in an update.",
  'preemptionPolicy: Invalid value: "Never": field is immutable',
);
