import type { Compiled } from "../../api/admissionregistration/environment.ts";
import { type Budget, matchConditionsCostMax } from "../../api/cel/cel.ts";
import type { Clock } from "../../base/world.ts";

/** How long the expressions about one request may take together, in milliseconds, whatever they cost. */
const expressionsMs = 2_000;

/** A budget that time ends as well. */
export function timedBudget(clock: Clock, remaining: number): Budget {
  return { remaining, now: () => clock.now(), deadline: clock.now() + expressionsMs };
}

/** What went wrong with an expression, in Kubernetes' words. */
export function evaluationError(
  expression: string,
  kind: "error" | "cost" | "budget" | "time",
  message: string,
): string {
  if (kind === "budget") {
    return "validation failed due to running out of cost budget, no further validation rules will be run";
  }
  return `expression '${expression}' resulted in error: ${message}`;
}

/**
 * Whether all conditions hold. One that is false decides, even if others fail; else a failure is an error.
 * (KEP-3716, "Match conditions".)
 */
export function conditionsHold(
  conditions: readonly Compiled[],
  names: readonly { name: string; expression: string }[],
  variables: Readonly<Record<string, unknown>>,
  clock: Clock,
): { holds: boolean } | { error: string } {
  if (conditions.length === 0) return { holds: true };
  const budget = timedBudget(clock, matchConditionsCostMax);
  const errors: string[] = [];
  for (const [index, condition] of conditions.entries()) {
    if ("error" in condition) {
      errors.push(condition.error);
      continue;
    }
    const result = condition.program.evaluate(variables, budget);
    if (!result.ok) errors.push(evaluationError(names[index]!.expression, result.kind, result.message));
    else if (result.value !== true) return { holds: false };
  }
  if (errors.length === 0) return { holds: true };
  return { error: errors.length === 1 ? errors[0]! : `[${errors.join(", ")}]` };
}
