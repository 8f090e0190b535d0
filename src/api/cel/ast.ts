import type { Overload } from "./overload.ts";
import type { CelType, ObjectType } from "./types.ts";
import type { Value } from "./values.ts";

/** A node of a parsed expression. `at` is where messages point to; the checker adds types. */
export type Expr = (
  | { kind: "const"; value: Value }
  | { kind: "ident"; name: string }
  /** `a.b`; with `test` it is `has(a.b)`. */
  | { kind: "select"; operand: Expr; field: string; test: boolean }
  | { kind: "call"; name: string; target?: Expr; args: Expr[]; overloads?: Overload[] }
  | { kind: "list"; items: { value: Expr; optional: boolean }[] }
  | { kind: "map"; entries: { at: number; key: Expr; value: Expr; optional: boolean }[] }
  | {
      kind: "struct";
      name: string;
      fields: { at: number; name: string; value: Expr; optional: boolean }[];
      of?: ObjectType;
    }
  | FoldExpr
) & { at: number; type?: CelType };

/** What macros become: a loop over a list's elements or a map's keys that carries one value along. */
export interface FoldExpr {
  kind: "fold";
  variable: string;
  /** With two variables the first is the index or key, the second the element or value. */
  variable2?: string;
  range: Expr;
  accumulator: string;
  init: Expr;
  /** The loop ends when this is false. */
  condition: Expr;
  step: Expr;
  result: Expr;
}

/** The accumulator's name: no expression can write it. */
export const accumulatorName = "@result";
