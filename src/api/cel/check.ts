import { compileRegex } from "../machinery/regex.ts";
import type { Expr, FoldExpr } from "./ast.ts";
import type { Environment } from "./cel.ts";
import { CelError, type Mistake } from "./errors.ts";
import type { Library, Overload } from "./overload.ts";
import { qualifiedName } from "./parser.ts";
import { parseDuration, parseTimestamp } from "./time.ts";
import { boolType, type CelType, dynType, errorType, formatType, intType, stringType } from "./types.ts";
import { assignable, attempt, type Bindings, instantiate, mostGeneral, substitute } from "./unify.ts";
import { kindOf } from "./values.ts";

interface Checker {
  environment: Environment;
  library: Library;
  mistakes: Mistake[];
  bindings: Bindings;
  /** The names in `bindings`, in the order in which they came. */
  trail: string[];
  reported: Set<string>;
  /** Variables of loops, the innermost last. */
  scopes: Map<string, CelType>[];
  /** Names of the environment that the expression uses. */
  used: Set<string>;
  variables: number;
}

/** The types that an expression may name: `type(x) == int`. */
const typeNames: Record<string, CelType> = {
  bool: boolType,
  int: intType,
  string: stringType,
  uint: { kind: "uint" },
  double: { kind: "double" },
  bytes: { kind: "bytes" },
  null_type: { kind: "null" },
  list: { kind: "list", item: dynType },
  map: { kind: "map", key: dynType, value: dynType },
  type: { kind: "type" },
  "google.protobuf.Timestamp": { kind: "timestamp" },
  "google.protobuf.Duration": { kind: "duration" },
  optional_type: { kind: "optional", item: dynType },
  "net.IP": { kind: "opaque", name: "net.IP" },
  "net.CIDR": { kind: "opaque", name: "net.CIDR" },
};

/** Writes types and overloads into an expression. Gives the variables it uses, or what is wrong with it. */
export function check(
  expr: Expr,
  environment: Environment,
  library: Library,
): { type: CelType; used: ReadonlySet<string> } | { mistakes: Mistake[] } {
  const checker: Checker = {
    environment,
    library,
    mistakes: [],
    bindings: new Map(),
    trail: [],
    reported: new Set(),
    scopes: [],
    used: new Set(),
    variables: 0,
  };
  visit(checker, expr);
  if (checker.mistakes.length === 0) settle(expr, checker);
  if (checker.mistakes.length > 0) return { mistakes: checker.mistakes };
  return { type: expr.type!, used: checker.used };
}

function report(checker: Checker, at: number, message: string): void {
  const key = `${at} ${message}`;
  if (checker.reported.has(key)) return;
  checker.reported.add(key);
  checker.mistakes.push({ at, message });
}

/** Whether a value of a type may stand where the other is wanted; what that says of type variables is kept. */
function fits(checker: Checker, from: CelType, to: CelType): boolean {
  const { bindings, trail } = checker;
  return attempt(bindings, trail, (bind) => assignable(from, to, bindings, bind));
}

function visit(checker: Checker, expr: Expr): CelType {
  const type = substitute(typeOf(checker, expr), checker.bindings);
  expr.type = type;
  return type;
}

function typeOf(checker: Checker, expr: Expr): CelType {
  switch (expr.kind) {
    case "const":
      return { kind: kindOf(expr.value) } as CelType;
    case "ident":
      return lookup(checker, expr.name) ?? undeclared(checker, expr.at, expr.name);
    case "select":
      return selectType(checker, expr);
    case "call":
      return callType(checker, expr);
    case "list":
      return listType(checker, expr);
    case "map":
      return mapType(checker, expr);
    case "struct":
      return structType(checker, expr);
    case "fold":
      return foldType(checker, expr);
  }
}

function undeclared(checker: Checker, at: number, name: string): CelType {
  report(checker, at, `undeclared reference to '${name}' (in container '')`);
  return errorType;
}

function lookup(checker: Checker, name: string): CelType | undefined {
  for (let at = checker.scopes.length - 1; at >= 0; at--) {
    const type = checker.scopes[at]!.get(name);
    if (type) return type;
  }
  if (Object.hasOwn(checker.environment.variables, name)) {
    checker.used.add(name);
    return checker.environment.variables[name];
  }
  return Object.hasOwn(typeNames, name) ? { kind: "type", of: typeNames[name]! } : undefined;
}

function selectType(checker: Checker, expr: Expr & { kind: "select" }): CelType {
  const name = qualifiedName(expr);
  if (name !== undefined && !expr.test && Object.hasOwn(checker.environment.variables, name)) {
    // A variable with a dot in its name: `authorizer.requestResource`.
    Object.assign(expr, { kind: "ident", name, operand: undefined });
    return lookup(checker, name)!;
  }
  const named = name !== undefined && !expr.test && Object.hasOwn(typeNames, name) ? typeNames[name] : undefined;
  if (named) {
    Object.assign(expr, { kind: "ident", name, operand: undefined });
    return { kind: "type", of: named };
  }
  let operand = visit(checker, expr.operand);
  const optional = operand.kind === "optional";
  if (operand.kind === "optional") operand = substitute(operand.item, checker.bindings);
  const found = fieldType(checker, expr.at, operand, expr.field);
  if (expr.test) return boolType;
  return optional ? { kind: "optional", item: found } : found;
}

function fieldType(checker: Checker, at: number, operand: CelType, field: string): CelType {
  switch (operand.kind) {
    case "dyn":
      return dynType;
    case "error":
      return errorType;
    case "map":
      return operand.value;
    case "param":
      checker.bindings.set(operand.name, dynType);
      return dynType;
    case "object": {
      const known = operand.field(field);
      if (known) return known.type;
      report(checker, at, `undefined field '${field}'`);
      return errorType;
    }
  }
  report(checker, at, `type '${formatType(operand)}' does not support field selection`);
  return errorType;
}

function callType(checker: Checker, expr: Expr & { kind: "call" }): CelType {
  // `optional.of(x)` reads like a method of a variable `optional`: the function counts.
  const prefix = expr.target && qualifiedName(expr.target);
  const full = prefix === undefined ? undefined : `${prefix}.${expr.name}`;
  if (full !== undefined && checker.library.has(full)) {
    expr.name = full;
    expr.target = undefined;
  }
  if (expr.name === "_?._") return optionalSelectType(checker, expr);
  const args = expr.args.map((arg) => visit(checker, arg));
  if (expr.target) args.unshift(visit(checker, expr.target));
  const overloads = checker.library.get(expr.name);
  if (!overloads) return undeclared(checker, expr.at, expr.name);
  return resolveOverloads(checker, expr, overloads, args);
}

function optionalSelectType(checker: Checker, expr: Expr & { kind: "call" }): CelType {
  const [operandExpr, field] = expr.args as [Expr, Expr & { kind: "const" }];
  let operand = visit(checker, operandExpr);
  field.type = stringType;
  if (operand.kind === "optional") operand = substitute(operand.item, checker.bindings);
  expr.overloads = checker.library.get("_?._")!;
  return { kind: "optional", item: fieldType(checker, expr.at, operand, String(field.value)) };
}

function resolveOverloads(
  checker: Checker,
  expr: Expr & { kind: "call" },
  overloads: readonly Overload[],
  args: readonly CelType[],
): CelType {
  const matching: Overload[] = [];
  let result: CelType | undefined;
  for (const overload of overloads) {
    if (overload.member !== (expr.target !== undefined) || overload.args.length !== args.length) continue;
    const fresh = new Map(overload.params.map((name) => [name, newVariable(checker)]));
    const { bindings, trail } = checker;
    const wanted = overload.args.map((arg) => instantiate(arg, fresh));
    const matches = attempt(bindings, trail, (bind) =>
      args.every((arg, index) => assignable(arg, wanted[index]!, bindings, bind)),
    );
    if (!matches) continue;
    matching.push(overload);
    const own = substitute(instantiate(overload.result, fresh), bindings);
    result = result === undefined ? own : sameType(result, own) ? result : dynType;
  }
  if (result === undefined) {
    const shown = args.map((arg) => formatType(substitute(arg, checker.bindings, "dyn")));
    const signature = expr.target ? `${shown[0]}.(${shown.slice(1).join(", ")})` : `(${shown.join(", ")})`;
    if (!args.some((arg) => arg.kind === "error"))
      report(checker, expr.at, `found no matching overload for '${expr.name}' applied to '${signature}'`);
    return errorType;
  }
  expr.overloads = matching;
  return result;
}

function sameType(left: CelType, right: CelType): boolean {
  return formatType(left) === formatType(right);
}

function newVariable(checker: Checker): CelType {
  return { kind: "param", name: `_var${checker.variables++}` };
}

/** The type that all elements have: literals must not mix (`HomogeneousAggregateLiterals`). */
function join(checker: Checker, at: number, before: CelType | undefined, next: CelType): CelType {
  if (before === undefined) return next;
  if (fits(checker, next, before)) return mostGeneral(before, next);
  report(checker, at, `expected type '${formatType(before)}' but found '${formatType(next)}'`);
  return errorType;
}

/** The type inside of an optional element: `[?x]`. */
function unwrap(checker: Checker, at: number, type: CelType, optional: boolean): CelType {
  if (!optional || type.kind === "dyn" || type.kind === "error") return type;
  if (type.kind === "optional") return type.item;
  report(checker, at, `expected type 'optional_type(${formatType(type)})' but found '${formatType(type)}'`);
  return type;
}

function listType(checker: Checker, expr: Expr & { kind: "list" }): CelType {
  let item: CelType | undefined;
  for (const { value, optional } of expr.items) {
    item = join(checker, value.at, item, unwrap(checker, value.at, visit(checker, value), optional));
  }
  return { kind: "list", item: item ?? newVariable(checker) };
}

function mapType(checker: Checker, expr: Expr & { kind: "map" }): CelType {
  let key: CelType | undefined;
  let value: CelType | undefined;
  for (const entry of expr.entries) {
    key = join(checker, entry.key.at, key, visit(checker, entry.key));
    const own = unwrap(checker, entry.value.at, visit(checker, entry.value), entry.optional);
    value = join(checker, entry.value.at, value, own);
  }
  const type: CelType = { kind: "map", key: key ?? newVariable(checker), value: value ?? newVariable(checker) };
  if (typeParts(type, typePartsMax) <= typePartsMax) return type;
  report(checker, expr.at, `type has more than ${typePartsMax} parts`);
  return errorType;
}

/** How large a type may become: maps of maps double with every level that an expression adds. */
const typePartsMax = 1_000;

/** How many types a type is made of; it stops counting beyond `max`. */
function typeParts(type: CelType, max: number): number {
  if (max < 0) return 1;
  if (type.kind === "list" || type.kind === "optional") return 1 + typeParts(type.item, max - 1);
  if (type.kind !== "map") return 1;
  const key = 1 + typeParts(type.key, max - 1);
  return key > max ? key : key + typeParts(type.value, max - key);
}

function structType(checker: Checker, expr: Expr & { kind: "struct" }): CelType {
  const type = checker.environment.construct?.(expr.name);
  for (const field of expr.fields) visit(checker, field.value);
  if (!type) return undeclared(checker, expr.at, expr.name);
  expr.of = type;
  for (const field of expr.fields) {
    const wanted = type.field(field.name)?.type;
    if (!wanted) {
      report(checker, field.at, `undefined field '${field.name}'`);
      continue;
    }
    const given = unwrap(checker, field.at, field.value.type!, field.optional);
    if (!fits(checker, given, wanted)) {
      const message = `expected type of field '${field.name}' is '${formatType(wanted)}' but provided type is '${formatType(given)}'`;
      report(checker, field.at, message);
    }
  }
  return type;
}

function foldType(checker: Checker, expr: FoldExpr & { at: number }): CelType {
  const range = visit(checker, expr.range);
  const accumulator = visit(checker, expr.init);
  const [first, second] = elementTypes(checker, expr.range, range);
  checker.scopes.push(new Map([[expr.accumulator, accumulator]]));
  const inner = new Map<string, CelType>();
  if (expr.variable2 === undefined) inner.set(expr.variable, range.kind === "map" ? first : second);
  else inner.set(expr.variable, first).set(expr.variable2, second);
  checker.scopes.push(inner);
  visit(checker, expr.condition);
  assertType(checker, expr.condition, boolType);
  visit(checker, expr.step);
  assertType(checker, expr.step, accumulator);
  checker.scopes.pop();
  const result = visit(checker, expr.result);
  checker.scopes.pop();
  return result;
}

/** The types of keys (or indices) and values of what is looped over. */
function elementTypes(checker: Checker, expr: Expr, range: CelType): [CelType, CelType] {
  switch (range.kind) {
    case "list":
      return [intType, range.item];
    case "map":
      return [range.key, range.value];
    case "dyn":
      return [dynType, dynType];
    case "error":
      return [errorType, errorType];
    case "param":
      checker.bindings.set(range.name, dynType);
      return [dynType, dynType];
  }
  const message = `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
  report(checker, expr.at, message);
  return [errorType, errorType];
}

function assertType(checker: Checker, expr: Expr, wanted: CelType): void {
  const type = expr.type!;
  if (!fits(checker, type, wanted)) {
    const [expected, found] = [wanted, type].map((each) => formatType(substitute(each, checker.bindings, "dyn")));
    report(checker, expr.at, `expected type '${expected}' but found '${found}'`);
  }
}

/** Replaces what is left of type variables, and looks at literal arguments that can be seen to be wrong. */
function settle(expr: Expr, checker: Checker): void {
  expr.type = substitute(expr.type!, checker.bindings, "dyn");
  switch (expr.kind) {
    case "select":
      settle(expr.operand, checker);
      break;
    case "call":
      if (expr.target) settle(expr.target, checker);
      for (const arg of expr.args) settle(arg, checker);
      checkLiterals(expr, checker);
      break;
    case "list":
      for (const { value } of expr.items) settle(value, checker);
      break;
    case "map":
      for (const { key, value } of expr.entries) {
        settle(key, checker);
        settle(value, checker);
      }
      break;
    case "struct":
      for (const { value } of expr.fields) settle(value, checker);
      break;
    case "fold":
      for (const part of [expr.range, expr.init, expr.condition, expr.step, expr.result]) settle(part, checker);
  }
}

function checkLiterals(expr: Expr & { kind: "call" }, checker: Checker): void {
  const arg = expr.args.at(-1);
  if (arg?.kind !== "const" || typeof arg.value !== "string") return;
  const readers: Record<string, (text: string) => unknown> = {
    duration: parseDuration,
    timestamp: parseTimestamp,
    matches: compileRegex,
  };
  if (!Object.hasOwn(readers, expr.name)) return;
  try {
    readers[expr.name]!(arg.value);
  } catch (error) {
    if (error instanceof CelError || error instanceof Error) report(checker, arg.at, `invalid ${expr.name} argument`);
  }
}
