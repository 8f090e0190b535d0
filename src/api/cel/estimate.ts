import type { Expr, FoldExpr } from "./ast.ts";
import { addRange, fixed, timesRange, unite } from "./costs.ts";
import type { CallEstimate, Estimated, Range } from "./overload.ts";
import type { CelType } from "./types.ts";
import { sizeOf } from "./values.ts";

// What an expression costs at best and at worst, from the sizes that the types of its variables allow (KEP-2876). The
// rules are those of cel-go's estimator: definitions that a real server takes must not be refused here, nor the reverse.

const unknown: Range = { min: 0, max: Number.POSITIVE_INFINITY };

/** What is known of an expression: its cost, its size, and the declared type that it is read from, if it is. */
interface Known {
  cost: Range;
  size?: Range;
  /** With the limits of the schema, which the checker's types lose. */
  declared?: CelType;
  /** Sizes of the elements of a list or map that the expression itself makes. */
  entry?: { key: Range; value: Range };
}

/** Variables of loops: their declared types and sizes. */
type Locals = ReadonlyMap<string, Known>;

/** The cost of a checked expression. */
export function estimateCost(expr: Expr, variables: Readonly<Record<string, CelType>>): Range {
  return know(expr, new Map(), variables).cost;
}

type Variables = Readonly<Record<string, CelType>>;

function know(expr: Expr, locals: Locals, variables: Variables): Known {
  switch (expr.kind) {
    case "const":
      return { cost: fixed(0), size: fixed(sizeOf(expr.value)) };
    case "ident": {
      const local = locals.get(expr.name);
      if (local) return { ...local, cost: fixed(1) };
      const declared = Object.hasOwn(variables, expr.name) ? variables[expr.name] : undefined;
      return withDeclared({ cost: fixed(1) }, declared);
    }
    case "select":
      return knowSelect(expr, locals, variables);
    case "call":
      return knowCall(expr, locals, variables);
    case "list":
      return knowList(expr, locals, variables);
    case "map":
      return knowMap(expr, locals, variables);
    case "struct": {
      const fields = expr.fields.map(({ value }) => know(value, locals, variables).cost);
      return { cost: fields.reduce(addRange, fixed(40)) };
    }
    case "fold":
      return knowFold(expr, locals, variables);
  }
}

/** Adds what a declared type says of the size. */
function withDeclared(known: Known, declared: CelType | undefined): Known {
  if (!declared) return known;
  return { ...known, declared, size: known.size ?? declaredSize(declared) };
}

/** What the schema says of a value's size. Scalars and objects count as nothing there (Kubernetes' estimator does so). */
function declaredSize(type: CelType): Range | undefined {
  switch (type.kind) {
    case "string":
    case "bytes":
    case "list":
    case "map":
    case "dyn":
      return type.elementsMax === undefined ? undefined : { min: 0, max: type.elementsMax };
    case "timestamp":
    case "duration":
      return { min: 0, max: timeBytesMax };
    default:
      return fixed(0);
  }
}

/** The longest time or duration in a request, in bytes. */
const timeBytesMax = 32;

/** A size for a function's argument. */
function sizeOrUnknown({ size }: Known, type: CelType): Range {
  if (size) return size;
  return ["bool", "int", "uint", "double", "null", "timestamp", "duration", "type"].includes(type.kind)
    ? fixed(1)
    : unknown;
}

function knowSelect(expr: Expr & { kind: "select" }, locals: Locals, variables: Variables): Known {
  const operand = know(expr.operand, locals, variables);
  if (expr.test) return { cost: operand.cost, size: fixed(1) };
  const { kind } = expr.operand.type!;
  const cost =
    kind === "map" || kind === "object" || kind === "param" ? addRange(operand.cost, fixed(1)) : operand.cost;
  return withDeclared({ cost }, memberType(operand.declared, expr.field));
}

function memberType(declared: CelType | undefined, field: string): CelType | undefined {
  if (declared?.kind === "object") return declared.field(field)?.type;
  if (declared?.kind === "map") return declared.value;
  return undefined;
}

function knowList(expr: Expr & { kind: "list" }, locals: Locals, variables: Variables): Known {
  const items = expr.items.map(({ value }) => ({ known: know(value, locals, variables), type: value.type! }));
  const cost = items.map(({ known }) => known.cost).reduce(addRange, fixed(10));
  const sizes = items.map(({ known, type }) => sizeOrUnknown(known, type));
  const value = sizes.length === 0 ? fixed(0) : sizes.reduce(unite);
  return { cost, size: fixed(items.length), entry: { key: fixed(1), value } };
}

function knowMap(expr: Expr & { kind: "map" }, locals: Locals, variables: Variables): Known {
  let cost = fixed(30);
  let entry: Known["entry"];
  for (const { key, value } of expr.entries) {
    const [keyKnown, valueKnown] = [know(key, locals, variables), know(value, locals, variables)];
    cost = addRange(cost, addRange(keyKnown.cost, valueKnown.cost));
    const own = { key: sizeOrUnknown(keyKnown, key.type!), value: sizeOrUnknown(valueKnown, value.type!) };
    entry = entry ? { key: unite(entry.key, own.key), value: unite(entry.value, own.value) } : own;
  }
  return { cost, size: fixed(expr.entries.length), entry: entry ?? { key: fixed(0), value: fixed(0) } };
}

function knowCall(expr: Expr & { kind: "call" }, locals: Locals, variables: Variables): Known {
  const parts = expr.target ? [expr.target, ...expr.args] : expr.args;
  const known = parts.map((part) => know(part, locals, variables));
  switch (expr.name) {
    case "dyn":
      return { ...known[0]!, cost: addRange(known[0]!.cost, fixed(1)) };
    case "_&&_":
    case "_||_": {
      const [left, right] = known as [Known, Known];
      return { cost: { min: left.cost.min, max: left.cost.max + right.cost.max }, size: fixed(1) };
    }
    case "_?_:_":
      return knowCondition(expr, known as [Known, Known, Known]);
  }
  const args = parts.map((part, index) => estimated(part, known[index]!));
  const costs = known.map(({ cost }) => cost).reduce(addRange, fixed(0));
  let call: CallEstimate | undefined;
  for (const overload of expr.overloads ?? []) {
    const own = overload.estimate?.(args) ?? { cost: fixed(1) };
    call = call ? { cost: unite(call.cost, own.cost), size: both(call.size, own.size) } : own;
  }
  const result: Known = { cost: addRange(costs, call?.cost ?? fixed(1)), size: call?.size };
  if (expr.name === "_[_]") return indexed(expr, result, known[0]!);
  if (expr.name === "_+_" && known[0]!.entry && known[1]!.entry) {
    const [left, right] = [known[0]!.entry, known[1]!.entry];
    return { ...result, entry: { key: unite(left.key, right.key), value: unite(left.value, right.value) } };
  }
  return result;
}

function both(left: Range | undefined, right: Range | undefined): Range | undefined {
  return left && right ? unite(left, right) : (left ?? right);
}

function knowCondition(expr: Expr & { kind: "call" }, [condition, yes, no]: [Known, Known, Known]): Known {
  const size = unite(sizeOrUnknown(yes, expr.args[1]!.type!), sizeOrUnknown(no, expr.args[2]!.type!));
  const known: Known = { cost: addRange(condition.cost, unite(yes.cost, no.cost)), size };
  if (yes.entry && no.entry) {
    known.entry = { key: unite(yes.entry.key, no.entry.key), value: unite(yes.entry.value, no.entry.value) };
  }
  return known;
}

function indexed(expr: Expr & { kind: "call" }, result: Known, container: Known): Known {
  const { declared } = container;
  const element = declared?.kind === "list" ? declared.item : declared?.kind === "map" ? declared.value : undefined;
  if (element) return withDeclared(result, element);
  if (container.entry && expr.overloads!.length === 1) return { ...result, size: container.entry.value };
  return result;
}

function estimated(expr: Expr, known: Known): Estimated {
  const declared = known.declared?.kind === "list" ? known.declared.item : undefined;
  const elementSize = (declared && declaredSize(declared)) ?? known.entry?.value ?? unknown;
  const constant = expr.kind === "const" ? { constant: expr.value } : {};
  return { size: sizeOrUnknown(known, expr.type!), type: expr.type!, elementSize, ...constant };
}

function knowFold(expr: FoldExpr & { type?: CelType }, locals: Locals, variables: Variables): Known {
  const range = know(expr.range, locals, variables);
  const init = know(expr.init, locals, variables);
  if (!expr.accumulator.startsWith("@")) {
    const bound = new Map([...locals, [expr.accumulator, init]]);
    const result = know(expr.result, bound, variables);
    return { ...result, cost: addRange(addRange(range.cost, init.cost), result.cost) };
  }
  const withAccumulator = new Map([...locals, [expr.accumulator, { ...init, declared: undefined }]]);
  const inner = new Map([...withAccumulator, ...loopVariables(expr, range)]);
  const condition = know(expr.condition, inner, variables);
  const step = know(expr.step, inner, variables);
  const result = know(expr.result, withAccumulator, variables);
  const count = sizeOrUnknown(range, expr.range.type!);
  const loop = timesRange(count, addRange(step.cost, condition.cost));
  const cost = [range.cost, init.cost, result.cost, loop].reduce(addRange);
  if (expr.init.kind === "const") return { cost, size: init.size };
  return { cost, size: count, ...(step.entry ? { entry: step.entry } : {}) };
}

function loopVariables(expr: FoldExpr, range: Known): [string, Known][] {
  const { declared, entry } = range;
  const isList = (declared ?? expr.range.type)?.kind === "list";
  const keyType = declared?.kind === "map" ? declared.key : undefined;
  const valueType = declared?.kind === "map" ? declared.value : declared?.kind === "list" ? declared.item : undefined;
  const key = withDeclared({ cost: fixed(1), size: entry?.key }, keyType);
  const value = withDeclared({ cost: fixed(1), size: entry?.value }, valueType);
  if (expr.variable2 === undefined) return [[expr.variable, isList ? value : key]];
  return [
    [expr.variable, isList ? { cost: fixed(1), size: fixed(1) } : key],
    [expr.variable2, value],
  ];
}
