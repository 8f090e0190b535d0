import type { Expr, FoldExpr } from "./ast.ts";
import { asMap } from "./equal.ts";
import { CelError } from "./errors.ts";
import { type Frame, ignorable, type Scope, type Step } from "./interpret.ts";
import { type ListValue, listValue, type MapValue, mapBuilder, typeName, type Value } from "./values.ts";

type Compile = (expr: Expr, scope: Scope) => Step;

/** What reading the accumulator, making a list of one element and adding it cost. */
const appendCost = 12;

/** What reading the accumulator and an insertion cost. */
const insertCost = 2;

/** A loop over a list or a map. */
export function foldStep(expr: FoldExpr, outer: Scope, compile: Compile): Step {
  const { counter } = outer;
  const [accumulator, first, second] = [counter.slots++, counter.slots++, counter.slots++];
  const places = new Map([...outer.places, [expr.accumulator, accumulator]]);
  const names: [string, number][] = [[expr.variable, first]];
  if (expr.variable2 !== undefined) names.push([expr.variable2, second]);
  const inner = { ...outer, places: new Map([...places, ...names]) };
  const range = compile(expr.range, outer);
  const init = compile(expr.init, outer);
  const condition = compile(expr.condition, inner);
  const growth = growing(expr, inner, accumulator, compile);
  const step = growth ?? compile(expr.step, inner);
  const result = compile(expr.result, { ...outer, places });
  const carriesErrors = expr.condition.kind === "call" && expr.condition.name === "@not_strictly_false";
  const two = expr.variable2 !== undefined;
  return (frame) => {
    const over = range(frame);
    const start = init(frame);
    frame.slots[accumulator] = growth ? emptied(start) : start;
    for (const [key, value] of elementsOf(over, two)) {
      frame.slots[first] = key;
      frame.slots[second] = value;
      frame.work(1);
      if (condition(frame) === false) break;
      frame.slots[accumulator] = carriesErrors ? attempt(step, frame) : step(frame);
    }
    return result(frame);
  };
}

function attempt(step: Step, frame: Frame): Value | CelError {
  try {
    return step(frame);
  } catch (error) {
    return ignorable(error);
  }
}

/** Pairs of key and value if there are two variables; the only one is a list's element or a map's key. */
function* elementsOf(over: Value, two: boolean): Iterable<[Value, Value]> {
  if (over !== null && typeof over === "object" && "tag" in over) {
    if (over.tag === "list") {
      const { items } = over;
      for (let at = 0; at < items.length; at++) yield two ? [BigInt(at), items[at]!] : [items[at]!, null];
      return;
    }
    if (over.tag === "map" || over.tag === "object") {
      const map = asMap(over);
      for (const key of map.keys()) yield [key, two ? map.get(key)! : null];
      return;
    }
  }
  throw new CelError(`got '${typeName(over)}', expected iterable type`);
}

/** A container of the loop's own, which it may grow: the expression's empty one is shared. */
function emptied(start: Value): Value {
  return (start as ListValue | MapValue).tag === "list" ? listValue([]) : mapBuilder();
}

/**
 * The step of `map`, `filter` and `transform…` grows one container instead of copying it for each element. Nothing else
 * can see the accumulator before the loop's end. It costs what copying would.
 */
function growing(expr: FoldExpr, scope: Scope, place: number, compile: Compile): Step | undefined {
  const { step } = expr;
  if (step.kind !== "call") return undefined;
  if (step.name === "_?_:_" && isAccumulator(step.args[2]!, expr)) {
    const grow = growing({ ...expr, step: step.args[1]! }, scope, place, compile);
    if (!grow) return undefined;
    const filter = compile(step.args[0]!, scope);
    const keep = compile(step.args[2]!, scope);
    return (frame) => {
      const value = filter(frame);
      if (typeof value !== "boolean") throw new CelError("no such overload");
      return value ? grow(frame) : keep(frame);
    };
  }
  if (!step.args[0] || !isAccumulator(step.args[0], expr)) return undefined;
  if (step.name === "cel.@mapInsert")
    return insertion(
      step.args.slice(1).map((arg) => compile(arg, scope)),
      place,
    );
  const added = step.args[1];
  if (step.name !== "_+_" || added?.kind !== "list" || added.items.length !== 1 || added.items[0]!.optional)
    return undefined;
  const element = compile(added.items[0]!.value, scope);
  return (frame) => {
    const value = element(frame);
    frame.spend(appendCost);
    const list = frame.slots[place] as ListValue;
    (list.items as Value[]).push(value);
    return list;
  };
}

function isAccumulator(expr: Expr, fold: FoldExpr): boolean {
  return expr.kind === "ident" && expr.name === fold.accumulator && fold.accumulator.startsWith("@");
}

function insertion(parts: readonly Step[], place: number): Step {
  return (frame) => {
    const values = parts.map((part) => part(frame));
    frame.spend(insertCost);
    const map = frame.slots[place] as ReturnType<typeof mapBuilder>;
    if (values.length === 2) map.insert(values[0]!, values[1]!);
    else {
      const more = asMap(values[0] as MapValue);
      for (const key of more.keys()) map.insert(key, more.get(key)!);
    }
    return map;
  };
}
