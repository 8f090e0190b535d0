import { checksOf } from "../../../test/declarations.ts";
import { runtimeClasses } from "./runtimeclass.ts";

const { check, checkWarnings } = checksOf(runtimeClasses);
const tolerations = [
  { key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 1 },
  { key: "a", operator: "Exists", effect: "NoExecute" },
];
check(
  "tolerations that only seconds tell apart",
  { handler: "h", scheduling: { tolerations } },
  'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":null}',
);
checkWarnings(
  "an old label",
  { handler: "h", scheduling: { nodeSelector: { "beta.kubernetes.io/arch": "amd64" } } },
  'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/arch" instead',
);
