import type { CompiledPolicy } from "../../../api/admissionregistration/compile_policy.ts";
import { objectCostMax } from "../../../api/cel/cel.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { StatusError } from "../../../api/machinery/status.ts";
import type { AdmissionPlugin, Registry } from "../../registry/scope.ts";
import { conditionsHold, evaluationError, timedBudget } from "../conditions.ts";
import { matches, policyMatching } from "../match.ts";
import { isExempt, refusal, type Subject, subjectOf } from "../subject.ts";
import { type View, viewOf } from "../view.ts";
import { compiledPolicy, policyVariables } from "./evaluate.ts";
import { type Hook, hookList } from "./hooks.ts";
import { ConfigurationError, paramsOf } from "./params.ts";

/** Longer results of message expressions are not shown. */
const messageBytesMax = 5 * 1024;

const annotationLettersMax = 10 * 1024;

/** One thing that a policy has against a request. */
interface Denial {
  policy: KubeObject;
  binding?: KubeObject;
  message: string;
  reason?: string;
}

/** ValidatingAdmissionPolicies: refuses, warns of, or notes what their expressions do not hold for. */
export function validatingPolicies(registry: () => Registry): AdmissionPlugin {
  const hooks = hookList(registry, "validatingadmissionpolicies", "validatingadmissionpolicybindings");
  return {
    name: "ValidatingAdmissionPolicy",
    validate(request) {
      const list = hooks();
      if (list.length === 0 || isExempt(request.scope.resource)) return;
      return validate(subjectOf(registry(), request), list);
    },
  };
}

async function validate(subject: Subject, hooks: readonly Hook[]): Promise<void> {
  const denials: Denial[] = [];
  for (const hook of hooks) {
    const resource = matches(subject, policyMatching(hook.policy.spec.matchConstraints));
    if (!resource) continue;
    const view = await viewOf(subject, resource);
    for (const binding of hook.bindings) {
      if (!matches(subject, policyMatching(binding.spec.matchResources), true)) continue;
      denials.push(...(await askBinding(subject, view, hook.policy, binding)));
    }
  }
  const [first] = denials;
  if (first) throw denialError(subject, first);
}

/** What a policy, in the words of one binding, has against the request. Only what is to be denied comes back. */
async function askBinding(subject: Subject, view: View, policy: KubeObject, binding: KubeObject): Promise<Denial[]> {
  let params: (KubeObject | null)[];
  try {
    params = await paramsOf(subject, policy, binding);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    if (policy.spec.failurePolicy === "Ignore") return [];
    return [{ policy, binding, message: `failed to configure binding: ${error.message}` }];
  }
  const denials: Denial[] = [];
  for (const param of params) {
    const found = evaluatePolicy(subject, view, policy, param);
    denials.push(...act(subject, policy, binding, found.failures));
    for (const message of found.annotationErrors) denials.push({ policy, binding, message });
    for (const [key, value] of found.annotations) annotate(subject, `${policy.metadata.name}/${key}`, value);
  }
  return denials;
}

/** Does with failures what the binding wants: denials come back, the rest is done here. */
function act(subject: Subject, policy: KubeObject, binding: KubeObject, failures: readonly Failure[]): Denial[] {
  const denials: Denial[] = [];
  const { validationActions } = binding.spec;
  for (const { message, reason, index } of failures) {
    for (const action of validationActions as string[]) {
      if (action === "Deny") denials.push({ policy, binding, message, reason });
      else if (action === "Warn") {
        const who = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`;
        subject.request.scope.warnings.push(`Validation failed for ${who}: ${message}`);
      } else {
        const failure = {
          message,
          policy: policy.metadata.name,
          binding: binding.metadata.name,
          expressionIndex: index,
          validationActions,
        };
        annotate(subject, "validation.policy.admission.k8s.io/validation_failure", JSON.stringify([failure]));
      }
    }
  }
  return denials;
}

function annotate(subject: Subject, key: string, value: string): void {
  const { scope } = subject.request;
  scope.auditAnnotations ??= {};
  scope.auditAnnotations[key] ??= value;
}

interface Failure {
  message: string;
  reason?: string;
  index: number;
}

interface Evaluated {
  failures: Failure[];
  annotations: [key: string, value: string][];
  annotationErrors: string[];
}

const nothing: Evaluated = { failures: [], annotations: [], annotationErrors: [] };

/** Evaluates all expressions of a policy for one parameter. */
function evaluatePolicy(subject: Subject, view: View, policy: KubeObject, params: KubeObject | null): Evaluated {
  const { spec } = policy;
  const ignores = spec.failurePolicy === "Ignore";
  const compiled = compiledPolicy(policy);
  const { clock } = subject.registry;
  const budget = timedBudget(clock, objectCostMax);
  const variables = policyVariables(compiled, subject, view, params, budget);
  const matched = conditionsHold(compiled.matchConditions, spec.matchConditions ?? [], variables, clock);
  if ("error" in matched) return ignores ? nothing : { ...nothing, failures: [{ message: matched.error, index: 0 }] };
  if (!matched.holds) return nothing;
  const result: Evaluated = { failures: [], annotations: [], annotationErrors: [] };
  for (const [index, validation] of (spec.validations ?? []).entries()) {
    const failure = evaluateOne(compiled, index, validation, variables, budget);
    if (failure && !("error" in failure && ignores)) result.failures.push({ ...failure, index });
  }
  for (const [index, { key, valueExpression }] of (spec.auditAnnotations ?? []).entries()) {
    const annotation = compiled.auditAnnotations[index]!;
    if ("error" in annotation) continue;
    const value = annotation.program.evaluate(variables, budget);
    if (value.ok && typeof value.value === "string" && value.value.trim() !== "") {
      result.annotations.push([key, value.value.trim().slice(0, annotationLettersMax)]);
    } else if (!value.ok && !ignores) {
      result.annotationErrors.push(evaluationError(valueExpression, value.kind, value.message));
    }
  }
  return result;
}

/** Why a validation fails; undefined if it holds. `error` is set if nobody could say. */
function evaluateOne(
  compiled: CompiledPolicy,
  index: number,
  validation: any,
  variables: Readonly<Record<string, unknown>>,
  budget: ReturnType<typeof timedBudget>,
): { message: string; reason?: string; error?: true } | undefined {
  const { expression, message } = compiled.validations[index]!;
  if ("error" in expression) return { message: `compilation error: ${expression.error}`, error: true };
  const result = expression.program.evaluate(variables, budget);
  if (!result.ok) {
    return { message: evaluationError(validation.expression, result.kind, result.message), error: true };
  }
  if (result.value === true) return undefined;
  const reason: string | undefined = validation.reason;
  if (message && "program" in message) {
    const text = message.program.evaluate(variables, budget);
    if (text.ok && typeof text.value === "string") {
      const shown = text.value.trim();
      if (shown !== "" && !shown.includes("\n") && new TextEncoder().encode(shown).length <= messageBytesMax) {
        return { message: shown, reason };
      }
    }
  }
  const given: string = (validation.message ?? "").trim();
  return { message: given || `failed expression: ${validation.expression.trim()}`, reason };
}

const codes: Record<string, number> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };

function denialError(subject: Subject, { policy, binding, message, reason = "Invalid" }: Denial): StatusError {
  const by = binding ? ` with binding '${binding.metadata.name}'` : "";
  const text = `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${message}`;
  const { status } = refusal(subject, text);
  const details = { ...status.details, causes: [{ message: text }] };
  return new StatusError({ code: codes[reason] ?? 422, reason, message: status.message!, details });
}
