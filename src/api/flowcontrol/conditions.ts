import { duplicate, type FieldError, FieldPath, required } from "../machinery/field.ts";

/** Errors in conditions of which nothing is asked but a type, once each. */
export function typedConditionErrors(conditions: readonly { type?: string }[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { type = "" }] of conditions.entries()) {
    const path = new FieldPath("status").child("conditions").index(index).child("type");
    if (seen.has(type)) errors.push(duplicate(path, type));
    seen.add(type);
    if (type === "") errors.push(required(path, "must not be empty"));
  }
  return errors;
}
