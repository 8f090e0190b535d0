// The rules of custom resources (`x-kubernetes-validations`, KEP-2876) at work on objects.

import { sameJson } from "../../base/equal.ts";
import { type Budget, newBudget } from "../cel/cel.ts";
import type { FieldError } from "../machinery/field.ts";
import { FieldPath, showValue } from "../machinery/field.ts";
import type { KubeObject } from "../machinery/object.ts";
import { keyOfItem } from "./check.ts";
import { type CompiledRule, compileRules } from "./compile_rules.ts";
import { isJsonObject, itemsOf, type JsonSchema, own, type ValidationRule, valuesOf } from "./types.ts";

/** The rules of one version's schema, compiled. */
export interface RuleChecker {
  /** No rules at all. */
  empty: boolean;
  /** What the rules say of an object, or of its change. `now` gives milliseconds since the epoch. */
  check(object: KubeObject, previous: KubeObject | undefined, now: () => number): FieldError[];
}

/** Rules at one place of a schema and below it; parts without rules are left out. */
interface RuleTree {
  schema: JsonSchema;
  rules: readonly CompiledRule[];
  properties: ReadonlyMap<string, RuleTree>;
  items?: RuleTree;
  values?: RuleTree;
}

/** How long the rules over one object may take, in milliseconds, whatever they cost by the book. */
const rulesMsMax = 5_000;

/** Compiles a schema's rules. */
export function ruleChecker(schema: JsonSchema): RuleChecker {
  const tree = treeOf(schema, true);
  return {
    empty: tree === undefined,
    check(object, previous, now) {
      if (!tree) return [];
      const budget = { ...newBudget(), now, deadline: now() + rulesMsMax };
      const walk: Walk = { budget, errors: [], stopped: false };
      const old = previous === undefined ? undefined : { value: previous };
      visit(tree, object, { old, nearest: undefined }, new FieldPath(""), walk);
      return walk.errors;
    },
  };
}

function treeOf(schema: JsonSchema | undefined, resourceRoot: boolean): RuleTree | undefined {
  if (!schema) return undefined;
  const rules = compileRules(schema, resourceRoot || schema["x-kubernetes-embedded-resource"] === true);
  const properties = new Map<string, RuleTree>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const tree = treeOf(property, false);
    if (tree) properties.set(name, tree);
  }
  const items = treeOf(itemsOf(schema), false);
  const values = treeOf(valuesOf(schema), false);
  if (rules.length === 0 && properties.size === 0 && !items && !values) return undefined;
  return { schema, rules, properties, items, values };
}

interface Walk {
  budget: Budget;
  errors: FieldError[];
  /** Set when the budget is gone: nothing else runs. */
  stopped: boolean;
}

/** A value before the change, and the nearest value around it that is known from before, with what it is now. */
interface Before {
  old: { value: unknown } | undefined;
  nearest: { old: unknown; now: unknown } | undefined;
}

function visit(tree: RuleTree, value: unknown, before: Before, path: FieldPath, walk: Walk): void {
  if (value === null || value === undefined || walk.stopped) return;
  for (const rule of tree.rules) {
    evaluateRule(rule, tree.schema, value, before, path, walk);
    if (walk.stopped) return;
  }
  if (Array.isArray(value)) visitItems(tree, value, before, path, walk);
  else if (isJsonObject(value)) visitFields(tree, value, before, path, walk);
}

function visitItems(tree: RuleTree, list: readonly unknown[], before: Before, path: FieldPath, walk: Walk): void {
  if (!tree.items) return;
  const keys = tree.schema["x-kubernetes-list-map-keys"] ?? [];
  const correlated =
    tree.schema["x-kubernetes-list-type"] === "map" && keys.length > 0 && Array.isArray(before.old?.value);
  const byKey = new Map(
    correlated ? (before.old!.value as unknown[]).map((item) => [keyOfItem(item, keys), item]) : [],
  );
  for (let index = 0; index < list.length && !walk.stopped; index++) {
    const item = list[index];
    const old = byKey.get(keyOfItem(item, keys));
    const below = deeper(before, list, old === undefined ? undefined : { value: old });
    visit(tree.items, item, below, path.index(index), walk);
  }
}

function visitFields(
  tree: RuleTree,
  object: Record<string, unknown>,
  before: Before,
  path: FieldPath,
  walk: Walk,
): void {
  const atomic = tree.schema["x-kubernetes-map-type"] === "atomic";
  const previous = atomic ? undefined : before.old?.value;
  for (const key of Object.keys(object)) {
    if (walk.stopped) return;
    const property = tree.properties.get(key);
    const known = property !== undefined || own(tree.schema.properties, key) !== undefined;
    const child = property ?? (known ? undefined : tree.values);
    if (!child) continue;
    const had = isJsonObject(previous) && Object.hasOwn(previous, key);
    const below = deeper(before, object, had ? { value: previous[key] } : undefined);
    visit(child, object[key], below, property ? path.child(key) : path.key(key), walk);
  }
}

function deeper(before: Before, now: unknown, old: { value: unknown } | undefined): Before {
  return { old, nearest: before.old ? { old: before.old.value, now } : before.nearest };
}

/** Whether an error in a value was there before the change: then it is nobody's now (KEP-4008). */
function isUnchanged(value: unknown, { old, nearest }: Before): boolean {
  if (old) return sameJson(old.value, value);
  return nearest !== undefined && sameJson(nearest.old, nearest.now);
}

function evaluateRule(
  { rule, program, message, optionalOld, at, error }: CompiledRule,
  schema: JsonSchema,
  value: unknown,
  before: Before,
  path: FieldPath,
  walk: Walk,
): void {
  const typed = (why: string): FieldError => ({
    type: "FieldValueInvalid",
    field: `${path}`,
    body: `Invalid value: ${showValue(schema.type ?? "")}: ${why}`,
  });
  if (!program) {
    walk.errors.push(typed(`rule compile error: ${error}`));
    return;
  }
  const transition = program.uses("oldSelf");
  const hasOld = before.old !== undefined && before.old.value !== null;
  if (transition && !hasOld && !optionalOld) return;
  const variables = { self: value, oldSelf: hasOld ? before.old!.value : undefined };
  const result = program.evaluate(variables, walk.budget);
  if (!result.ok) {
    walk.errors.push(typed(failureText(result.kind, result.message, rule)));
    walk.stopped = result.kind !== "error";
    return;
  }
  if (result.value === true) return;
  if (!transition && isUnchanged(value, before)) return;
  const spoken = message?.evaluate(variables, walk.budget);
  const text = spoken?.ok && typeof spoken.value === "string" ? spoken.value.trim() : "";
  const own = text !== "" && !/[\n\r]/.test(text) ? text : undefined;
  walk.errors.push(violation(rule, own ?? messageOf(rule), at ? path.child(at) : path, value));
}

function failureText(kind: "error" | "cost" | "budget" | "time", message: string, rule: ValidationRule): string {
  const name = nameOf(rule);
  if (kind === "cost")
    return `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${name}`;
  if (kind !== "error")
    return "validation failed due to running out of cost budget, no further validation rules will be run";
  if (message.startsWith("no such overload"))
    return `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${name}`;
  return `${message} evaluating rule: ${name}`;
}

/** What a rule is called in errors. */
function nameOf({ rule, message }: ValidationRule): string {
  return message ? message.trim() : rule.trim();
}

function messageOf(rule: ValidationRule): string {
  return rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;
}

/** A broken rule. Scalars are shown, maps and lists are not. */
function violation({ reason }: ValidationRule, detail: string, path: FieldPath, value: unknown): FieldError {
  const shown = typeof value === "object" ? "" : `: ${showValue(value)}`;
  const field = `${path}`;
  switch (reason) {
    case "FieldValueRequired":
      return { type: reason, field, body: `Required value: ${detail}` };
    case "FieldValueForbidden":
      return { type: reason, field, body: `Forbidden: ${detail}` };
    case "FieldValueDuplicate":
      return { type: reason, field, body: `Duplicate value${shown}` };
    default:
      return { type: "FieldValueInvalid", field, body: `Invalid value${shown}: ${detail}` };
  }
}
