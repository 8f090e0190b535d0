import { type CompiledPolicy, compilePolicy } from "../../../api/admissionregistration/compile_policy.ts";
import { lazyObject } from "../../../api/cel/adapt.ts";
import type { Budget } from "../../../api/cel/cel.ts";
import { CelError } from "../../../api/cel/errors.ts";
import { objectOf } from "../../../api/cel/types.ts";
import type { Value } from "../../../api/cel/values.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import type { Subject } from "../subject.ts";
import { expressionVariables, type View } from "../view.ts";

const compiled = new WeakMap<KubeObject, CompiledPolicy>();

/** A policy's expressions: compiled when the policy is first asked, kept as long as it is what it is. */
export function compiledPolicy(policy: KubeObject): CompiledPolicy {
  const known = compiled.get(policy);
  if (known) return known;
  const made = compilePolicy(policy.spec);
  compiled.set(policy, made);
  return made;
}

/** The variables of a policy's expressions for one request and one parameter. */
export function policyVariables(
  policy: CompiledPolicy,
  subject: Subject,
  view: View,
  params: KubeObject | null,
  budget: Budget,
): Record<string, unknown> {
  const variables: Record<string, unknown> = { ...expressionVariables(subject, view), params };
  const known = new Map<string, Value | CelError>();
  const types = objectOf("kubernetes.variables", {});
  const get = (name: string): Value | undefined => {
    if (!known.has(name)) known.set(name, compute(policy, name, variables, budget));
    const value = known.get(name)!;
    if (value instanceof CelError) throw value;
    return value;
  };
  variables.variables = () => lazyObject(types, get);
  return variables;
}

function compute(
  policy: CompiledPolicy,
  name: string,
  variables: Readonly<Record<string, unknown>>,
  budget: Budget,
): Value | CelError {
  const variable = policy.variables.findLast((each) => each.name === name);
  const fail = (why: string) => new CelError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${why}`);
  if (!variable) return fail("no such variable");
  if ("error" in variable.compiled) return fail(`fails to compile: ${variable.compiled.error}`);
  const result = variable.compiled.program.evaluate(variables, budget);
  return result.ok ? result.value : new CelError(fail(result.message).message, result.kind);
}
