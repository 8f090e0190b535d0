import type { CelType } from "../cel/types.ts";
import { dynType } from "../cel/types.ts";
import { admissionEnvironment, type Compiled, compileExpression, results } from "./environment.ts";

/** A policy's expressions, each compiled or with what is wrong with it. Made once for a policy's spec. */
export interface CompiledPolicy {
  variables: readonly { name: string; compiled: Compiled }[];
  matchConditions: readonly Compiled[];
  /** Of a ValidatingAdmissionPolicy; a message is absent if there is no expression for it. */
  validations: readonly { expression: Compiled; message?: Compiled }[];
  auditAnnotations: readonly Compiled[];
  /** Of a MutatingAdmissionPolicy. */
  mutations: readonly (Compiled | undefined)[];
}

/** Compiles all expressions of a policy of either kind. Pure. */
export function compilePolicy(spec: any): CompiledPolicy {
  const params = spec.paramKind !== undefined;
  const mutation = spec.mutations !== undefined;
  const variables: { name: string; compiled: Compiled }[] = [];
  const types: Record<string, CelType> = {};
  const composed = (spec.variables ?? []).length > 0;
  const see = (authorizer: boolean) =>
    admissionEnvironment({ params, authorizer, mutation, ...(composed ? { variables: { ...types } } : {}) });
  for (const { name, expression } of spec.variables ?? []) {
    const compiled = compileExpression(expression ?? "", see(true), results.anything);
    variables.push({ name, compiled });
    types[name] = "program" in compiled ? compiled.program.type : dynType;
  }
  const [all, withoutAuthorizer] = [see(true), see(false)];
  return {
    variables,
    matchConditions: compileConditions(spec.matchConditions, params),
    validations: (spec.validations ?? []).map(({ expression, messageExpression }: any) => ({
      expression: compileExpression(expression ?? "", all, results.condition),
      ...(messageExpression
        ? { message: compileExpression(messageExpression, withoutAuthorizer, results.message) }
        : {}),
    })),
    auditAnnotations: (spec.auditAnnotations ?? []).map(({ valueExpression }: any) =>
      compileExpression((valueExpression ?? "").trim(), all, results.auditAnnotation),
    ),
    mutations: (spec.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }: any) => {
      if (patchType === "JSONPatch") return compileExpression(jsonPatch?.expression ?? "", all, results.jsonPatch);
      if (patchType !== "ApplyConfiguration") return undefined;
      return compileExpression(applyConfiguration?.expression ?? "", all, results.applyConfiguration);
    }),
  };
}

/** Match conditions see neither variables nor, in webhooks, parameters. */
export function compileConditions(conditions: readonly any[] | undefined, params: boolean): Compiled[] {
  const environment = admissionEnvironment({ params, authorizer: true });
  return (conditions ?? []).map(({ expression }) =>
    compileExpression((expression ?? "").trim(), environment, results.condition),
  );
}
