import { schemaType } from "../cel/schema_type.ts";
import { type CelType, dynType } from "../cel/types.ts";
import type { Definitions } from "../machinery/schema.ts";
import { admissionEnvironment, compileExpression, results, type Sight } from "./environment.ts";

/** A kind that a policy is about, with the name of its definition. */
export interface CheckedKind {
  /** `apps/v1, Kind=Deployment`. */
  name: string;
  schema: string;
}

/** What is wrong with an expression (admissionregistration.k8s.io, "ExpressionWarning"). */
export interface ExpressionWarning {
  fieldRef: string;
  warning: string;
}

const types = new Map<string, CelType>();

function typeOf(schema: string, definitions: Definitions): CelType {
  let type = types.get(schema);
  if (!type) {
    type = schemaType({ $ref: schema }, { definitions, resourceRoot: true }) ?? dynType;
    types.set(schema, type);
  }
  return type;
}

/**
 * Checks the expressions of a ValidatingAdmissionPolicy against the types of the kinds that it is about: what admission,
 * which takes any object, finds out only when it is too late. Pure; what it finds is advice.
 */
export function typeWarnings(
  spec: any,
  kinds: readonly CheckedKind[],
  params: CheckedKind | undefined,
  definitions: Definitions,
): ExpressionWarning[] {
  const paramsType = params && typeOf(params.schema, definitions);
  const sights = kinds.map((kind) => ({ kind, ...variablesOf(spec, typeOf(kind.schema, definitions), paramsType) }));
  const warnings: ExpressionWarning[] = [];
  const check = (fieldRef: string, expression: string, wanted: (typeof results)["condition" | "message"]): void => {
    let warning = "";
    for (const { kind, environment } of sights) {
      const compiled = compileExpression(expression, environment, wanted);
      if ("error" in compiled) warning += `${kind.name}: ${compiled.error}\n`;
    }
    if (warning !== "") warnings.push({ fieldRef, warning });
  };
  for (const [index, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(`spec.validations[${index}].expression`, expression ?? "", results.condition);
    if (messageExpression) check(`spec.validations[${index}].messageExpression`, messageExpression, results.message);
  }
  return warnings;
}

/** What expressions see of one kind, the policy's own variables by their types among it. */
function variablesOf(spec: any, object: CelType, params: CelType | undefined) {
  const own: Record<string, CelType> = {};
  const composed = (spec.variables ?? []).length > 0;
  const see = () => {
    const sight: Sight = { params: spec.paramKind !== undefined, authorizer: true };
    const environment = admissionEnvironment({ ...sight, ...(composed ? { variables: { ...own } } : {}) });
    const variables = { ...environment.variables, object, oldObject: object, ...(params ? { params } : {}) };
    return { ...environment, variables };
  };
  for (const { name, expression } of spec.variables ?? []) {
    const compiled = compileExpression(expression ?? "", see(), results.anything);
    own[name] = "program" in compiled ? compiled.program.type : dynType;
  }
  return { environment: see() };
}
