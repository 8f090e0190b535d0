import type { Expr } from "./ast.ts";
import { check } from "./check.ts";
import { CelError, showMistakes } from "./errors.ts";
import { estimateCost } from "./estimate.ts";
import { build, type Frame, type Step } from "./interpret.ts";
import { standardLibrary } from "./library/library.ts";
import { parse } from "./parser.ts";
import type { CelType } from "./types.ts";
import type { Value } from "./values.ts";

// Kubernetes' limits, in units of cost (KEP-2876, "Resource constraints").

/** Runtime cost of one evaluation of one expression. */
export const callCostMax = 1_000_000;
/** Runtime cost of all expressions over one object of a custom resource, or of one policy's. */
export const objectCostMax = 10_000_000;
/** Runtime cost of all match conditions of one webhook. */
export const matchConditionsCostMax = 2_500_000;
/** Estimated cost of one rule of a custom resource definition, times how often it runs over the largest object. */
export const estimatedRuleCostMax = 10_000_000;
/** Estimated cost of all rules of one version of a custom resource definition. */
export const estimatedSchemaCostMax = 100_000_000;

/** What an expression may refer to. Made once, used for many expressions. */
export interface Environment {
  /** Variables and their types: from `schemaType()`, or `dynType` for what has no schema. */
  variables: Readonly<Record<string, CelType>>;
  /** Object types by name that expressions may build: `Object`, `JSONPatch`. */
  construct?(name: string): Extract<CelType, { kind: "object" }> | undefined;
}

/** An expression that was found sound. Keep it: compiling is dear, evaluating is not. */
export interface Program {
  expression: string;
  /** Of the result. `dyn` if it is only known when it is evaluated. */
  type: CelType;
  /** Whether the expression mentions this variable (`oldSelf`: it's a transition rule). */
  uses(variable: string): boolean;
  /** What evaluating it costs at worst, by the sizes in the variables' types. Infinity if nobody can say. */
  estimate(): { min: number; max: number };
  /**
   * Evaluates. Variables are JSON values (or `Value`s): they are read by the variables' types, as far as the expression
   * looks at them. A function as a variable is called when it is first needed and gives a `Value`.
   * Never throws for what the expression or the values do: that is in the result.
   */
  evaluate(variables: Readonly<Record<string, unknown>>, budget: Budget): Evaluation;
}

/** Shared by the expressions over one object. `evaluate` takes from it what it used. */
export interface Budget {
  /** In units of cost. Below 0: exceeded, by an expression that was refused for it. */
  remaining: number;
  /** For one expression; `callCostMax` if absent. */
  perCall?: number;
  /** Milliseconds since the epoch, for `deadline`; without it time does not end an expression. */
  now?(): number;
  deadline?: number;
}

export type Evaluation =
  | { ok: true; value: Value }
  /** `message` is cel-go's text: `no such key: b`, `division by zero`, `operation cancelled: actual cost limit exceeded`. */
  | { ok: false; kind: "error" | "cost" | "budget" | "time"; message: string };

export type Compilation =
  | { ok: true; program: Program }
  /** cel-go's text, one paragraph a mistake: `ERROR: <input>:1:5: undefined field 'y'\n | self.y > 1\n | ....^`. */
  | { ok: false; kind: "syntax" | "type"; message: string };

/** Reads, checks and prepares an expression. Never throws for what the expression is. */
export function compile(expression: string, environment: Environment): Compilation {
  try {
    return compileUnbounded(expression, environment);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // A long chain of operators nests as deep as it is long.
    const mistake = { at: 0, message: "expression recursion limit exceeded: 250" };
    return { ok: false, kind: "syntax", message: showMistakes(expression, [mistake]) };
  }
}

function compileUnbounded(expression: string, environment: Environment): Compilation {
  const parsed = parse(expression);
  if ("mistakes" in parsed) return { ok: false, kind: "syntax", message: showMistakes(expression, parsed.mistakes) };
  const { expr } = parsed;
  const checked = check(expr, environment, standardLibrary());
  if ("mistakes" in checked) return { ok: false, kind: "type", message: showMistakes(expression, checked.mistakes) };
  const { step, slots } = build(expr, environment.variables);
  return {
    ok: true,
    program: {
      expression,
      type: checked.type,
      uses: (variable) => checked.used.has(variable),
      estimate: () => estimated(expr, environment),
      evaluate: (variables, budget) => evaluate(step, slots, variables, budget),
    },
  };
}

function estimated(expr: Expr, { variables }: Environment): { min: number; max: number } {
  try {
    return estimateCost(expr, variables);
  } catch (error) {
    if (error instanceof RangeError) return { min: 0, max: Number.POSITIVE_INFINITY };
    throw error;
  }
}

/** Elements and letters that one evaluation may copy or compare beyond what CEL's cost counts. */
const workMax = 20_000_000;

/** How often the clock is looked at, in steps. */
const stepsPerLook = 1_000;

function evaluate(step: Step, slots: number, variables: Readonly<Record<string, unknown>>, budget: Budget): Evaluation {
  const perCall = budget.perCall ?? callCostMax;
  const limit = Math.min(perCall, Math.max(0, budget.remaining));
  let cost = 0;
  let work = 0;
  let look = stepsPerLook;
  const frame: Frame = {
    variables,
    slots: new Array(slots),
    spend(amount) {
      cost += amount;
      if (cost > limit)
        throw new CelError("operation cancelled: actual cost limit exceeded", cost > perCall ? "cost" : "budget");
      if (--look < 0) {
        look = stepsPerLook;
        if (budget.deadline !== undefined && budget.now!() > budget.deadline)
          throw new CelError("operation interrupted", "time");
      }
    },
    work(steps) {
      work += steps;
      if (work > workMax) throw new CelError("operation cancelled: actual cost limit exceeded", "cost");
    },
  };
  try {
    return { ok: true, value: step(frame) };
  } catch (error) {
    if (error instanceof CelError) return { ok: false, kind: error.kind, message: error.message };
    if (error instanceof RangeError) return { ok: false, kind: "error", message: "expression is too deep" };
    throw error;
  } finally {
    budget.remaining -= cost;
  }
}

/** A fresh budget for the expressions over one object. */
export function newBudget(remaining: number = objectCostMax): Budget {
  return { remaining };
}
