import { checkTolerations } from "../core/podspec/scheduling.ts";
import { duplicate, type FieldError, FieldPath, required } from "../machinery/field.ts";
import { dns1123Label } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkImmutable, checkLabels, type Errors } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import { checkContainerResourceName, checkResourceAmount } from "../parts/resourcenames.ts";
import { oldNodeLabelText } from "./labels.ts";

const goToleration: GoShape = { ...fields("Key Operator Value Effect", ""), ...fields("TolerationSeconds", null) };

/** Of two tolerations that differ in their seconds alone, nobody could say which one counts. */
function checkUnique(errors: Errors, tolerations: readonly any[], path: FieldPath): void {
  const seen = new Set<string>();
  for (const [index, each] of tolerations.entries()) {
    const key = JSON.stringify([each.key ?? "", each.operator ?? "", each.value ?? "", each.effect ?? ""]);
    if (seen.has(key)) errors.push(duplicate(path.index(index), goValue(each, goToleration)));
    seen.add(key);
  }
}

function* warnings({ scheduling }: any): Iterable<string> {
  for (const key of Object.keys(scheduling?.nodeSelector ?? {}).sort()) {
    const text = oldNodeLabelText(key);
    if (text) yield `scheduling.nodeSelector: ${text}`;
  }
}

function validate({ handler, overhead, scheduling }: any): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("handler");
  if (!handler) errors.push(required(path));
  else addInvalid(errors, () => path, handler, dns1123Label(handler));
  // `limits`: so it stands in the real server's messages, which checks the list as one.
  const limits = new FieldPath("overhead").child("limits");
  for (const [name, amount] of Object.entries<string>(overhead?.podFixed ?? {})) {
    checkContainerResourceName(errors, name, () => limits.key(name));
    checkResourceAmount(errors, name, amount, () => limits.key(name));
  }
  const at = new FieldPath("scheduling");
  checkLabels(errors, scheduling?.nodeSelector, () => at.child("nodeSelector"));
  checkTolerations(errors, scheduling?.tolerations, at.child("tolerations"));
  checkUnique(errors, scheduling?.tolerations ?? [], at.child("tolerations"));
  return errors;
}

export const runtimeClasses = defineResource<any>({
  group: "node.k8s.io",
  version: "v1",
  kind: "RuntimeClass",
  plural: "runtimeclasses",
  scope: "Cluster",
  schema: "io.k8s.api.node.v1.RuntimeClass",
  unconditionalUpdate: false,
  validate,
  warnings,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.handler, previous.handler, () => new FieldPath("handler"));
    return errors;
  },
  columns: [text("Handler", ({ handler }) => handler ?? ""), ageColumn],
});
