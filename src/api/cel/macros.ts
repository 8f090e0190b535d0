import { accumulatorName, type Expr, type FoldExpr } from "./ast.ts";

/** A macro was used wrongly. */
export class MacroError extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** The loop, or undefined if these arguments are none of the macro's: then it is an ordinary call. */
type Macro = (at: number, target: Expr, args: Expr[]) => Expr | undefined;

const macros: Record<string, Macro> = {
  all: (at, target, args) => quantifier(at, target, args, true),
  exists: (at, target, args) => quantifier(at, target, args, false),
  exists_one: existsOne,
  existsOne,
  map: mapMacro,
  filter: filterMacro,
  transformList,
  transformMap: (at, target, args) => transformMap(at, target, args, false),
  transformMapEntry: (at, target, args) => transformMap(at, target, args, true),
  optMap: (at, target, args) => optionalMap(at, target, args, (value) => call(at, "optional.of", [value])),
  optFlatMap: (at, target, args) => optionalMap(at, target, args, (value) => value),
};

/** Expands `has(a.b)`, `l.all(x, …)` and the like; undefined if this is no macro. Throws MacroErrors. */
export function expandMacro(at: number, name: string, target: Expr | undefined, args: Expr[]): Expr | undefined {
  if (!target) return name === "has" && args.length === 1 ? has(at, args[0]!) : undefined;
  return Object.hasOwn(macros, name) ? macros[name]!(at, target, args) : undefined;
}

function has(at: number, arg: Expr): Expr {
  if (arg.kind !== "select" || arg.test) throw new MacroError(arg.at, "invalid argument to has() macro");
  return { ...arg, at, test: true };
}

function call(at: number, name: string, args: Expr[], target?: Expr): Expr {
  return { kind: "call", at, name, args, ...(target ? { target } : {}) };
}

function constant(at: number, value: boolean | bigint): Expr {
  return { kind: "const", at, value };
}

function ident(at: number, name: string): Expr {
  return { kind: "ident", at, name };
}

function list(at: number, items: Expr[]): Expr {
  return { kind: "list", at, items: items.map((value) => ({ value, optional: false })) };
}

function variableName(arg: Expr): string {
  if (arg.kind !== "ident") throw new MacroError(arg.at, "argument must be a simple name");
  if (arg.name === accumulatorName || arg.name === "__result__")
    throw new MacroError(arg.at, `iteration variable overwrites accumulator variable`);
  return arg.name;
}

function variables(args: Expr[]): { variable: string; variable2?: string } {
  const variable = variableName(args[0]!);
  if (args.length < 2) return { variable };
  const variable2 = variableName(args[1]!);
  if (variable === variable2) throw new MacroError(args[1]!.at, `duplicate variable name: ${variable}`);
  return { variable, variable2 };
}

function fold(
  at: number,
  range: Expr,
  loop: Pick<FoldExpr, "variable" | "variable2" | "init" | "condition" | "step" | "result">,
): Expr {
  return { kind: "fold", at, range, accumulator: accumulatorName, ...loop };
}

function quantifier(at: number, target: Expr, args: Expr[], all: boolean): Expr | undefined {
  if (args.length !== 2 && args.length !== 3) return undefined;
  const predicate = args.at(-1)!;
  const accumulator = () => ident(at, accumulatorName);
  const goOn = all ? accumulator() : call(at, "!_", [accumulator()]);
  return fold(at, target, {
    ...variables(args.slice(0, -1)),
    init: constant(at, all),
    condition: call(at, "@not_strictly_false", [goOn]),
    step: call(at, all ? "_&&_" : "_||_", [accumulator(), predicate]),
    result: accumulator(),
  });
}

function existsOne(at: number, target: Expr, args: Expr[]): Expr | undefined {
  if (args.length !== 2 && args.length !== 3) return undefined;
  const accumulator = () => ident(at, accumulatorName);
  const more = call(at, "_+_", [accumulator(), constant(at, 1n)]);
  return fold(at, target, {
    ...variables(args.slice(0, -1)),
    init: constant(at, 0n),
    condition: constant(at, true),
    step: call(at, "_?_:_", [args.at(-1)!, more, accumulator()]),
    result: call(at, "_==_", [accumulator(), constant(at, 1n)]),
  });
}

/** A loop that makes a list: `step` is added for every element that the filter lets through. */
function listFold(at: number, target: Expr, names: Expr[], filter: Expr | undefined, element: Expr): Expr {
  const accumulator = () => ident(at, accumulatorName);
  const step = call(at, "_+_", [accumulator(), list(at, [element])]);
  return fold(at, target, {
    ...variables(names),
    init: list(at, []),
    condition: constant(at, true),
    step: filter ? call(at, "_?_:_", [filter, step, accumulator()]) : step,
    result: accumulator(),
  });
}

function mapMacro(at: number, target: Expr, args: Expr[]): Expr | undefined {
  if (args.length === 2) return listFold(at, target, [args[0]!], undefined, args[1]!);
  if (args.length === 3) return listFold(at, target, [args[0]!], args[1]!, args[2]!);
  return undefined;
}

function filterMacro(at: number, target: Expr, args: Expr[]): Expr | undefined {
  if (args.length !== 2) return undefined;
  return listFold(at, target, [args[0]!], args[1]!, ident(args[0]!.at, variableName(args[0]!)));
}

function transformList(at: number, target: Expr, args: Expr[]): Expr | undefined {
  if (args.length === 3) return listFold(at, target, args.slice(0, 2), undefined, args[2]!);
  if (args.length === 4) return listFold(at, target, args.slice(0, 2), args[2]!, args[3]!);
  return undefined;
}

function transformMap(at: number, target: Expr, args: Expr[], entries: boolean): Expr | undefined {
  if (args.length !== 3 && args.length !== 4) return undefined;
  const names = variables(args.slice(0, 2));
  const accumulator = () => ident(at, accumulatorName);
  const value = args.at(-1)!;
  const parts = entries ? [accumulator(), value] : [accumulator(), ident(at, names.variable), value];
  const step = call(at, "cel.@mapInsert", parts);
  return fold(at, target, {
    ...names,
    init: { kind: "map", at, entries: [] },
    condition: constant(at, true),
    step: args.length === 4 ? call(at, "_?_:_", [args[2]!, step, accumulator()]) : step,
    result: accumulator(),
  });
}

/** `o.optMap(x, f(x))`: a loop over nothing that names the optional's value. */
function optionalMap(at: number, target: Expr, args: Expr[], wrap: (value: Expr) => Expr): Expr | undefined {
  if (args.length !== 2) return undefined;
  const variable = variableName(args[0]!);
  const bound: Expr = {
    kind: "fold",
    at,
    range: list(at, []),
    variable: "#unused",
    accumulator: variable,
    init: call(at, "value", [], target),
    condition: constant(at, false),
    step: ident(at, variable),
    result: args[1]!,
  };
  const absent = call(at, "optional.none", []);
  return call(at, "_?_:_", [call(at, "hasValue", [], target), wrap(bound), absent]);
}
