// Errors in rules (`x-kubernetes-validations`): how they are written, whether they compile, what they may cost (KEP-2876).

import { estimatedRuleCostMax, estimatedSchemaCostMax, type Program } from "../cel/cel.ts";
import { schemaType } from "../cel/schema_type.ts";
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import type { Schema } from "../machinery/schema.ts";
import { type CompiledRule, compileRules } from "./compile_rules.ts";
import { findField } from "./paths.ts";
import type { JsonSchema, ValidationRule } from "./types.ts";

/** What all rules of a schema may cost together. */
export interface CostSheet {
  total: number;
  /** The dearest expressions, the worst first. */
  dearest: { path: FieldPath; cost: number }[];
}

interface RuleScene {
  resourceRoot: boolean;
  /** Undefined: rules are not compiled here. */
  costs: CostSheet | undefined;
  /** How often the largest object has the value; undefined if only its size limits that. */
  cardinality: number | undefined;
  uncorrelated?: FieldPath;
  context: { unchanged: boolean };
  /** Whether the schema around the rules is sound. */
  compiles: boolean;
}

const reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/** Errors in the rules of one place. */
export function ruleErrors(
  schema: JsonSchema,
  path: FieldPath,
  scene: RuleScene,
): { schema: FieldError[]; rules: FieldError[] } {
  const rules = schema["x-kubernetes-validations"] ?? [];
  const at = path.child("x-kubernetes-validations");
  const written = rules.flatMap((rule, index) => [...writingErrors(rule, schema, at.index(index))]);
  if (rules.length === 0 || !scene.costs || !scene.compiles || written.length > 0)
    return { schema: written, rules: [] };
  const resourceRoot = scene.resourceRoot || schema["x-kubernetes-embedded-resource"] === true;
  const compiled = compileRules(schema, resourceRoot);
  const often = scene.cardinality ?? fittingOf(schema);
  return {
    schema: [],
    rules: compiled.flatMap((rule, index) => [...compiledErrors(rule, at.index(index), often, scene)]),
  };
}

/** How many of a schema's smallest values fit into one request. */
function fittingOf(schema: JsonSchema): number {
  const list = schemaType({ type: "array", items: schema as Schema });
  return list?.kind === "list" ? (list.elementsMax ?? 1) : 1;
}

const lineBreak = /[\n\r]/;

function* writingErrors(rule: ValidationRule, schema: JsonSchema, path: FieldPath): Generator<FieldError> {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const expression = (rule.rule ?? "").trim();
  if (expression === "") yield required(path.child("rule"), "rule is not specified");
  else if (message !== "" && message.trim() === "")
    yield invalid(path.child("message"), message, "message must be non-empty if specified");
  else if (lineBreak.test(message.trim()))
    yield invalid(path.child("message"), message, "message must not contain line breaks");
  else if (lineBreak.test(expression) && message.trim() === "")
    yield required(path.child("message"), "message must be specified if rule contains line breaks");
  if (messageExpression !== "" && messageExpression.trim() === "")
    yield required(path.child("messageExpression"), "messageExpression must be non-empty if specified");
  if (reason !== undefined && !reasons.includes(reason)) yield notSupported(path.child("reason"), reason, reasons);
  if (fieldPath === "") return;
  const at = path.child("fieldPath");
  if (fieldPath.trim() === "") yield invalid(at, fieldPath, "fieldPath must be non-empty if specified");
  if (lineBreak.test(fieldPath)) yield invalid(at, fieldPath, "fieldPath must not contain line breaks");
  if ("error" in findField(fieldPath, schema, { lists: true })) yield invalid(at, fieldPath, "must be a valid path");
}

function* compiledErrors(
  { rule, program, message, error, messageError }: CompiledRule,
  path: FieldPath,
  often: number,
  scene: RuleScene,
): Generator<FieldError> {
  if (program) yield* costErrors(program, path.child("rule"), "estimated rule cost", often, scene);
  if (error !== undefined) yield invalidRule(path.child("rule"), rule, error);
  if (messageError !== undefined) yield invalidRule(path.child("messageExpression"), rule, messageError);
  else if (message)
    yield* costErrors(message, path.child("messageExpression"), "estimated messageExpression cost", 1, scene);
  if (program?.uses("oldSelf")) {
    if (!scene.uncorrelated) return;
    const why = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${scene.uncorrelated}`;
    yield invalid(path.child("rule"), rule.rule, why);
  } else if (rule.optionalOldSelf !== undefined && program) {
    yield invalid(path.child("optionalOldSelf"), rule.optionalOldSelf, "may not be set if oldSelf is not used in rule");
  }
}

/** The rule as the real server shows it: its inner form, in Go's JSON. */
function invalidRule(path: FieldPath, rule: ValidationRule, why: string): FieldError {
  const shown = JSON.stringify({
    Rule: rule.rule,
    Message: rule.message ?? "",
    MessageExpression: rule.messageExpression ?? "",
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? "",
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }).replace(/[<>&]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return { type: "FieldValueInvalid", field: `${path}`, body: `Invalid value: ${shown}: ${why}` };
}

function* costErrors(
  program: Program,
  path: FieldPath,
  what: string,
  often: number,
  { costs, context }: RuleScene,
): Generator<FieldError> {
  const cost = program.estimate().max * often;
  if (cost > estimatedRuleCostMax && !context.unchanged)
    yield forbiddenField(path, tooDear(what, cost, estimatedRuleCostMax));
  observe(costs!, path, cost);
}

/** How many of the dearest expressions are named. */
const dearestMax = 4;

/** An expression below this part of the limit is nobody's problem. */
const worthNaming = estimatedSchemaCostMax / 100;

function observe(costs: CostSheet, path: FieldPath, cost: number): void {
  costs.total += cost;
  if (cost < worthNaming) return;
  costs.dearest.push({ path, cost });
  costs.dearest.sort((a, b) => b.cost - a.cost);
  costs.dearest.length = Math.min(costs.dearest.length, dearestMax);
}

/** Errors in what all rules of a schema cost together. */
export function* totalCostErrors({ total, dearest }: CostSheet, path: FieldPath): Generator<FieldError> {
  if (total <= estimatedSchemaCostMax) return;
  const share = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema";
  for (const each of dearest) yield forbiddenField(each.path, share);
  const what = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema";
  yield forbiddenField(path, tooDear(what, total, estimatedSchemaCostMax));
}

function tooDear(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? "more than 100x" : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return (
    `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and ` +
    "maxLength where arrays, maps, and strings are declared)"
  );
}
