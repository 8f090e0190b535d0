import { adapt } from "./adapt.ts";
import type { Expr } from "./ast.ts";
import { constructObject } from "./construct.ts";
import { asMap } from "./equal.ts";
import { CelError } from "./errors.ts";
import { foldStep } from "./fold.ts";
import { optionalGet } from "./library/optionals.ts";
import type { Meter, Overload } from "./overload.ts";
import type { CelType } from "./types.ts";
import { kindOf, listValue, type MapValue, mapValue, type OptionalValue, typeName, type Value } from "./values.ts";

/** One evaluation's state. */
export interface Frame extends Meter {
  variables: Readonly<Record<string, unknown>>;
  /** Variables of loops and those of the environment once they were read, by their places. */
  slots: (Value | CelError)[];
}

export type Step = (frame: Frame) => Value;

/** Where the compiler is. */
export interface Scope {
  types: Readonly<Record<string, CelType>>;
  /** Places of the variables that are visible. */
  places: ReadonlyMap<string, number>;
  counter: { slots: number };
}

// Costs of cel-go's interpreter.
const selectCost = 1;
const listCost = 10;
const mapCost = 30;
const structCost = 40;

/** Makes a checked expression into a function. `slots` is how many places a frame needs. */
export function build(expr: Expr, types: Readonly<Record<string, CelType>>): { step: Step; slots: number } {
  const counter = { slots: 0 };
  const step = stepOf(expr, { types, places: new Map(), counter });
  return { step, slots: counter.slots };
}

function stepOf(expr: Expr, scope: Scope): Step {
  switch (expr.kind) {
    case "const":
      return () => expr.value;
    case "ident":
      return identStep(expr.name, expr.type!, scope);
    case "select":
      return selectStep(expr, scope);
    case "call":
      return callStep(expr, scope);
    case "list":
      return listStep(expr, scope);
    case "map":
      return mapStep(expr, scope);
    case "struct":
      return structStep(expr, scope);
    case "fold":
      return foldStep(expr, scope, stepOf);
  }
}

function identStep(name: string, type: CelType, scope: Scope): Step {
  const place = scope.places.get(name);
  if (place !== undefined) {
    return (frame) => {
      frame.spend(selectCost);
      const value = frame.slots[place]!;
      // A loop carries an element's error along, since a later element may decide.
      if (value instanceof CelError) throw value;
      return value;
    };
  }
  const declared = Object.hasOwn(scope.types, name) ? scope.types[name] : undefined;
  if (!declared) {
    const value: Value = { tag: "type", name: nameOfType(type) };
    return (frame) => {
      frame.spend(selectCost);
      return value;
    };
  }
  const own = scope.counter.slots++;
  return (frame) => {
    frame.spend(selectCost);
    const known = frame.slots[own];
    if (known !== undefined) return known as Value;
    const value = readVariable(frame, name, declared);
    frame.slots[own] = value;
    return value;
  };
}

function readVariable(frame: Frame, name: string, type: CelType): Value {
  const given = frame.variables[name];
  if (typeof given === "function") return given();
  if (given === undefined && type.kind !== "optional") throw new CelError(`no such attribute(s): ${name}`);
  return adapt(given, type);
}

const shownNames: Partial<Record<CelType["kind"], string>> = {
  null: "null_type",
  timestamp: "google.protobuf.Timestamp",
  duration: "google.protobuf.Duration",
  optional: "optional_type",
};

function nameOfType(type: CelType): string {
  const of = type.kind === "type" && type.of ? type.of : type;
  if (of.kind === "opaque" || of.kind === "object") return of.name;
  return shownNames[of.kind] ?? of.kind;
}

function selectStep(expr: Expr & { kind: "select" }, scope: Scope): Step {
  const operand = stepOf(expr.operand, scope);
  const { field } = expr;
  if (expr.test) return (frame) => present(operand(frame), field);
  return (frame) => {
    const target = operand(frame);
    frame.spend(selectCost);
    const value = fieldOf(target, field);
    if (value === undefined) throw new CelError(`no such key: ${field}`);
    return value;
  };
}

function fieldOf(target: Value, field: string): Value | undefined {
  if (target === null || typeof target !== "object" || target instanceof Uint8Array) return undefined;
  if (target.tag === "object" || target.tag === "map") return target.get(field);
  if (target.tag === "optional") return optionalGet(target, field);
  return undefined;
}

function present(target: Value, field: string): boolean {
  if (target !== null && typeof target === "object" && "tag" in target && target.tag === "optional") {
    return target.value !== undefined && present(target.value, field);
  }
  return fieldOf(target, field) !== undefined;
}

function callStep(expr: Expr & { kind: "call" }, scope: Scope): Step {
  const parts = expr.target ? [expr.target, ...expr.args] : expr.args;
  const steps = parts.map((part) => stepOf(part, scope));
  switch (expr.name) {
    case "_&&_":
      return logicStep(steps[0]!, steps[1]!, false);
    case "_||_":
      return logicStep(steps[0]!, steps[1]!, true);
    case "_?_:_":
      return conditionStep(steps[0]!, steps[1]!, steps[2]!);
    case "@not_strictly_false":
      return notFalseStep(steps[0]!);
  }
  const overloads = expr.overloads!;
  const only = overloads.length === 1 && parts.every((part, index) => isSure(part.type!, overloads[0]!.args[index]!));
  const apply = only ? applyOne(overloads[0]!) : applyAny(expr.name, overloads);
  if (steps.length === 1) {
    const [first] = steps as [Step];
    return (frame) => apply(frame, [first(frame)]);
  }
  if (steps.length === 2) {
    const [first, second] = steps as [Step, Step];
    return (frame) => apply(frame, [first(frame), second(frame)]);
  }
  return (frame) =>
    apply(
      frame,
      steps.map((step) => step(frame)),
    );
}

/** Whether values of a type need no look at run time. */
function isSure(type: CelType, wanted: CelType): boolean {
  if (wanted.kind === "param" || wanted.kind === "dyn") return true;
  return type.kind === wanted.kind;
}

type Apply = (frame: Frame, args: Value[]) => Value;

function applyOne(overload: Overload): Apply {
  const { run, cost } = overload;
  return (frame, args) => {
    frame.spend(cost ? cost(args) : 1);
    return run(args, frame);
  };
}

/** Chooses by the values' own types. */
function applyAny(name: string, overloads: readonly Overload[]): Apply {
  return (frame, args) => {
    for (const overload of overloads) {
      if (!overload.args.every((type, index) => fits(args[index]!, type))) continue;
      const given = args.map((arg, index) => (overload.args[index]!.kind === "map" ? asMap(arg as MapValue) : arg));
      frame.spend(overload.cost ? overload.cost(given) : 1);
      return overload.run(given, frame);
    }
    const operator = !/^[a-z]/i.test(name);
    throw new CelError(operator ? "no such overload" : `no such overload: ${name}(${args.map(typeName).join(", ")})`);
  };
}

function fits(value: Value, type: CelType): boolean {
  if (type.kind === "param" || type.kind === "dyn") return true;
  const kind = kindOf(value);
  if (type.kind === "map") return kind === "map" || kind === "object";
  if (type.kind === "opaque") return kind === "opaque" && typeName(value) === type.name;
  if (type.kind === "optional" && kind === "optional") {
    const inner = (value as OptionalValue).value;
    return inner === undefined || fits(inner, type.item);
  }
  return kind === type.kind;
}

/** `&&` and `||`: an error on one side does not matter if the other side decides. */
function logicStep(left: Step, right: Step, decides: boolean): Step {
  return (frame) => {
    let first: Value | undefined;
    let failure: CelError | undefined;
    try {
      first = left(frame);
    } catch (error) {
      failure = ignorable(error);
    }
    if (first === decides) return decides;
    const second = right(frame);
    if (second === decides) return decides;
    if (failure) throw failure;
    if (typeof first !== "boolean" || typeof second !== "boolean") throw new CelError("no such overload");
    return second;
  };
}

/** The error if an expression may go on after it. Throws it otherwise. */
export function ignorable(error: unknown): CelError {
  if (error instanceof CelError && error.kind === "error") return error;
  throw error;
}

function conditionStep(condition: Step, yes: Step, no: Step): Step {
  return (frame) => {
    const value = condition(frame);
    if (typeof value !== "boolean") throw new CelError("no such overload");
    return value ? yes(frame) : no(frame);
  };
}

function notFalseStep(inner: Step): Step {
  return (frame) => {
    let value: Value = true;
    try {
      value = inner(frame);
    } catch (error) {
      ignorable(error);
    }
    frame.spend(1);
    return value !== false;
  };
}

function listStep(expr: Expr & { kind: "list" }, scope: Scope): Step {
  const items = expr.items.map(({ value, optional }) => ({ step: stepOf(value, scope), optional }));
  if (expr.items.every(({ value, optional }) => value.kind === "const" && !optional)) {
    const constant = listValue(expr.items.map(({ value }) => (value as { value: Value }).value));
    return () => constant;
  }
  return (frame) => {
    const values: Value[] = [];
    for (const { step, optional } of items) {
      const value = step(frame);
      if (!optional) values.push(value);
      else if (asOptional(value).value !== undefined) values.push(asOptional(value).value!);
    }
    frame.spend(listCost);
    return listValue(values);
  };
}

function asOptional(value: Value): OptionalValue {
  if (value !== null && typeof value === "object" && "tag" in value && value.tag === "optional") return value;
  throw new CelError(`cannot initialize optional element from non-optional value ${typeName(value)}`);
}

function mapStep(expr: Expr & { kind: "map" }, scope: Scope): Step {
  const entries = expr.entries.map(({ key, value, optional }) => ({
    key: stepOf(key, scope),
    value: stepOf(value, scope),
    optional,
  }));
  return (frame) => {
    const pairs: [Value, Value][] = [];
    for (const { key, value, optional } of entries) {
      const [name, given] = [key(frame), value(frame)];
      if (!optional) pairs.push([name, given]);
      else if (asOptional(given).value !== undefined) pairs.push([name, asOptional(given).value!]);
    }
    frame.spend(mapCost);
    return mapValue(pairs);
  };
}

function structStep(expr: Expr & { kind: "struct" }, scope: Scope): Step {
  const fields = expr.fields.map(({ name, value, optional }) => ({ name, step: stepOf(value, scope), optional }));
  const type = expr.of!;
  return (frame) => {
    const values = new Map<string, Value>();
    for (const { name, step, optional } of fields) {
      const value = step(frame);
      if (!optional) values.set(name, value);
      else if (asOptional(value).value !== undefined) values.set(name, asOptional(value).value!);
    }
    frame.spend(structCost);
    return constructObject(type, values);
  };
}
