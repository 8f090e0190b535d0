import { sameJson } from "../../base/equal.ts";
import type { FieldError, FieldPath } from "../machinery/field.ts";
import { invalid } from "../machinery/field.ts";
import { checkValue } from "./check.ts";
import { prune } from "./prune.ts";
import { ruleChecker } from "./rules.ts";
import { itemsOf, type JsonSchema } from "./types.ts";

/** Defaults that the schema itself would prune or refuse. Inside of additionalProperties there are none. */
export function* defaultErrors(schema: JsonSchema, path: FieldPath): Generator<FieldError> {
  const { default: value } = schema;
  if (value !== undefined && value !== null) {
    const at = path.child("default");
    const pruned = prune(value, schema, [], schema["x-kubernetes-embedded-resource"] === true);
    if (!sameJson(pruned, value)) yield invalid(at, value, "must not have unknown fields");
    const errors = checkValue(value, schema, undefined, `${at}`);
    yield* errors;
    if (errors.length === 0) yield* brokenRules(value, schema, `${at}`);
  }
  const items = itemsOf(schema);
  if (items) yield* defaultErrors(items, path.child("items"));
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* defaultErrors(property, path.child("properties").key(name));
}

function* brokenRules(value: unknown, schema: JsonSchema, at: string): Generator<FieldError> {
  const rules = ruleChecker(schema);
  if (rules.empty) return;
  // Costs bound what runs here; time stands still.
  for (const error of rules.check(value as never, undefined, () => 0))
    yield { ...error, field: error.field === "<nil>" ? at : `${at}.${error.field}` };
}
