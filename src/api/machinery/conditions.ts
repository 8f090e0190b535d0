import { duplicate, type FieldError, type FieldPath, invalid, notSupported, required, tooLong } from "./field.ts";
import { qualifiedName } from "./names.ts";

const statuses = ["False", "True", "Unknown"];
const reasonBytesMax = 1024;
const messageBytesMax = 32 * 1024;
const reasonFormat = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const reasonPattern = new RegExp(`^${reasonFormat}$`);
const reasonExamples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
const reasonRule =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
const reasonMessage = `${reasonRule} (e.g. ${reasonExamples.map((each) => `'${each}'`).join(",  or ")}, regex used for validation is '${reasonFormat}')`;

interface Condition {
  type?: string;
  status?: string;
  observedGeneration?: number;
  lastTransitionTime?: string | null;
  reason?: string;
  message?: string;
}

/** Errors in conditions of the common kind (`metav1.Condition`), which have a type once each and a reason. */
export function conditionErrors(conditions: readonly Condition[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, condition] of conditions.entries()) {
    const at = path.index(index);
    const { type = "", status = "", observedGeneration = 0, reason = "", message = "" } = condition;
    if (seen.has(type)) errors.push(duplicate(at.child("type"), type));
    seen.add(type);
    errors.push(...qualifiedName(type).map((why) => invalid(at.child("type"), type, why)));
    if (!statuses.includes(status)) errors.push(notSupported(at.child("status"), status, statuses));
    if (observedGeneration < 0) {
      const why = "must be greater than or equal to zero";
      errors.push(invalid(at.child("observedGeneration"), observedGeneration, why));
    }
    if (!condition.lastTransitionTime) errors.push(required(at.child("lastTransitionTime"), "must be set"));
    if (reason === "") errors.push(required(at.child("reason"), "must be set"));
    else if (!reasonPattern.test(reason)) errors.push(invalid(at.child("reason"), reason, reasonMessage));
    if (reason.length > reasonBytesMax) errors.push(tooLong(at.child("reason"), reasonBytesMax));
    if (message.length > messageBytesMax) errors.push(tooLong(at.child("message"), messageBytesMax));
  }
  return errors;
}
