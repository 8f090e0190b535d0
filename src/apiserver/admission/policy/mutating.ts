import { objectCostMax } from "../../../api/cel/cel.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { StatusError } from "../../../api/machinery/status.ts";
import { sameJson } from "../../../base/equal.ts";
import type { AdmissionPlugin, Registry } from "../../registry/scope.ts";
import { conditionsHold, evaluationError, timedBudget } from "../conditions.ts";
import { matches, policyMatching } from "../match.ts";
import { type Reinvocation, reinvocationOf } from "../reinvocation.ts";
import { changeDraft } from "../rewrite.ts";
import { isExempt, refusal, type Subject, subjectOf } from "../subject.ts";
import { viewOf } from "../view.ts";
import { compiledPolicy, policyVariables } from "./evaluate.ts";
import { type Hook, hookList } from "./hooks.ts";
import { ConfigurationError, paramsOf } from "./params.ts";
import { applyMutation, MutationError } from "./patch.ts";

interface PolicyError {
  policy: KubeObject;
  binding: KubeObject;
  message: string;
  reason?: string;
}

const pluginName = "MutatingAdmissionPolicy";

/** MutatingAdmissionPolicies: change what is written by their expressions. */
export function mutatingPolicies(registry: () => Registry): AdmissionPlugin {
  const hooks = hookList(registry, "mutatingadmissionpolicies", "mutatingadmissionpolicybindings");
  return {
    name: pluginName,
    mutate(request) {
      const list = hooks();
      if (list.length === 0 || isExempt(request.scope.resource)) return;
      return mutate(subjectOf(registry(), request), list);
    },
  };
}

async function mutate(subject: Subject, hooks: readonly Hook[]): Promise<void> {
  const errors: PolicyError[] = [];
  const again = reinvocationOf(subject.request, pluginName);
  again.start(subject.request.draft);
  for (const { policy, bindings } of hooks) {
    if (!matches(subject, policyMatching(policy.spec.matchConstraints))) continue;
    for (const binding of bindings) {
      if (!matches(subject, policyMatching(binding.spec.matchResources), true)) continue;
      errors.push(...(await invoke(subject, policy, binding, again)));
    }
  }
  again.end(subject.request.draft);
  const counted = errors.filter(({ policy }) => policy.spec.failurePolicy !== "Ignore");
  if (counted.length > 0) throw policyRefusal(subject, counted);
}

/** Lets a policy change the draft, once for each parameter. */
async function invoke(
  subject: Subject,
  policy: KubeObject,
  binding: KubeObject,
  again: Reinvocation,
): Promise<PolicyError[]> {
  const errors: PolicyError[] = [];
  let params: (KubeObject | null)[];
  try {
    params = await paramsOf(subject, policy, binding);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [{ policy, binding, message: `failed to configure binding: ${error.message}` }];
  }
  for (const param of params) {
    const key = [policy, binding, param].map((each) => `${each?.metadata.namespace}/${each?.metadata.name}`).join();
    const message = await mutateOnce(subject, policy, param, again, key);
    if (message !== undefined) errors.push({ policy, binding, message, reason: "Invalid" });
  }
  return errors;
}

/** Gives the error, if there is one. */
async function mutateOnce(
  subject: Subject,
  policy: KubeObject,
  params: KubeObject | null,
  again: Reinvocation,
  key: string,
): Promise<string | undefined> {
  const { request, registry } = subject;
  const { spec } = policy;
  const compiled = compiledPolicy(policy);
  const resource = matches(subject, policyMatching(spec.matchConstraints));
  if (!resource) return undefined;
  const view = await viewOf(subject, resource);
  const budget = timedBudget(registry.clock, objectCostMax);
  const variables = policyVariables(compiled, subject, view, params, budget);
  const matched = conditionsHold(compiled.matchConditions, spec.matchConditions ?? [], variables, registry.clock);
  if ("error" in matched) return matched.error;
  if (!matched.holds || !again.wants(key)) return undefined;
  const before = structuredClone(request.draft);
  let failure: string | undefined;
  for (const [index, mutation] of spec.mutations.entries()) {
    if (!request.draft) break;
    try {
      await runMutation(subject, policy, index, mutation, params);
    } catch (error) {
      if (!(error instanceof MutationError)) throw error;
      failure ??= error.message;
    }
  }
  if (!sameJson(before, request.draft)) again.changed();
  if (spec.reinvocationPolicy === "IfNeeded") again.mayRepeat(key);
  return failure;
}

async function runMutation(
  subject: Subject,
  policy: KubeObject,
  index: number,
  mutation: any,
  params: KubeObject | null,
): Promise<void> {
  const compiled = compiledPolicy(policy);
  const expression = compiled.mutations[index];
  if (!expression) throw new MutationError(`unsupported patch type ${mutation.patchType}`);
  if ("error" in expression) throw new MutationError(expression.error);
  // Each mutation sees what the ones before it made.
  const resource = matches(subject, policyMatching(policy.spec.matchConstraints)) ?? subject.resource;
  const view = await viewOf(subject, resource);
  const budget = timedBudget(subject.registry.clock, objectCostMax);
  const variables = policyVariables(compiled, subject, view, params, budget);
  const result = expression.program.evaluate(variables, budget);
  if (!result.ok) throw new MutationError(evaluationError(expression.program.expression, result.kind, result.message));
  const patched = applyMutation(mutation.patchType, resource, view.object!, result.value);
  await changeDraft(subject, resource, patched);
}

function policyRefusal(subject: Subject, errors: readonly PolicyError[]): StatusError {
  const messages = errors.map(({ policy, binding, message }) => {
    return `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`;
  });
  const { status } = refusal(subject, "");
  const details = { ...status.details, causes: messages.map((message) => ({ message })) };
  return new StatusError({ code: 403, reason: errors[0]!.reason ?? "Forbidden", message: messages[0]!, details });
}
