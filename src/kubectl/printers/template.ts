// Running Go templates over JSON values.

import { goPrint, goPrintf, isTrue, templateFunctions } from "./template_functions.ts";
import { type Expression, type Pipeline, parseTemplate, TemplateError, type TemplateNode } from "./template_parse.ts";

interface Scope {
  names: Map<string, unknown>;
  outer?: Scope;
}

class Jump {
  readonly kind: "break" | "continue";
  constructor(kind: "break" | "continue") {
    this.kind = kind;
  }
}

/** Compiles a Go template to a function from data to text. Throws a TemplateError here for syntax, there for misuse. */
export function compileTemplate(source: string, options: { allowMissing: boolean }): (data: unknown) => string {
  const { body, defined } = parseTemplate(source);
  return (data) => {
    let out = "";

    function run(nodes: readonly TemplateNode[], dot: unknown, scope: Scope): void {
      for (const node of nodes) {
        if (node.kind === "text") out += node.text;
        else if (node.kind === "action") {
          const value = pipe(node.pipe, dot, scope);
          if (node.pipe.variables.length === 0)
            out += value === undefined || value === null ? "<no value>" : goPrint(value);
        } else if (node.kind === "break" || node.kind === "continue") throw new Jump(node.kind);
        else if (node.kind === "template") {
          const named = defined.get(node.name);
          if (!named) throw new TemplateError(`template ${JSON.stringify(node.name)} not defined`);
          const given = node.pipe ? pipe(node.pipe, dot, scope) : undefined;
          run(named, given, { names: new Map([["$", given]]) });
        } else if (node.word === "range") runRange(node, dot, scope);
        else {
          const inner: Scope = { names: new Map(), outer: scope };
          const value = pipe(node.pipe, dot, inner);
          const chosen = isTrue(value) ? node.body : node.otherwise;
          run(chosen, node.word === "with" && isTrue(value) ? value : dot, inner);
        }
      }
    }

    function runRange(node: Extract<TemplateNode, { kind: "block" }>, dot: unknown, scope: Scope): void {
      const inner: Scope = { names: new Map(), outer: scope };
      const value = pipe({ ...node.pipe, variables: [] }, dot, inner);
      const items = itemsOf(value);
      if (items.length === 0) run(node.otherwise, dot, inner);
      const [first, second] = node.pipe.variables;
      for (const [key, item] of items) {
        const each: Scope = { names: new Map(), outer: inner };
        if (second) each.names.set(first!, key).set(second, item);
        else if (first) each.names.set(first, item);
        try {
          run(node.body, item, each);
        } catch (jump) {
          if (!(jump instanceof Jump)) throw jump;
          if (jump.kind === "break") break;
        }
      }
    }

    function pipe({ variables, assigns, commands }: Pipeline, dot: unknown, scope: Scope): unknown {
      let value: unknown;
      for (const [index, command] of commands.entries()) {
        value = runCommand(command, dot, scope, index > 0 ? [value] : []);
      }
      for (const name of variables) {
        if (assigns) assign(scope, name, value);
        else scope.names.set(name, value);
      }
      return value;
    }

    function runCommand([first, ...rest]: Expression[], dot: unknown, scope: Scope, piped: unknown[]): unknown {
      const head = first!;
      if (head.kind === "function") {
        const args = rest.map((each) => () => evaluate(each, dot, scope));
        return call(head.name, [...args, ...piped.map((value) => () => value)]);
      }
      if (rest.length + piped.length > 0) {
        throw new TemplateError(`can't give argument to non-function ${head.kind === "field" ? `.${head.name}` : ""}`);
      }
      return evaluate(head, dot, scope);
    }

    function call(name: string, args: (() => unknown)[]): unknown {
      if (name === "and" || name === "or") {
        let value: unknown;
        for (const arg of args) {
          value = arg();
          if (isTrue(value) === (name === "or")) return value;
        }
        return value;
      }
      const values = args.map((arg) => arg());
      if (name === "printf") return goPrintf(String(values[0]), values.slice(1));
      const found = templateFunctions[name];
      if (!found) throw new TemplateError(`function ${JSON.stringify(name)} not defined`);
      return found(...values);
    }

    function evaluate(expression: Expression, dot: unknown, scope: Scope): unknown {
      switch (expression.kind) {
        case "literal":
          return expression.value;
        case "dot":
          return dot;
        case "variable":
          return lookUp(scope, expression.name);
        case "field":
          return fieldOf(evaluate(expression.of, dot, scope), expression.name, options.allowMissing);
        case "function":
          return call(expression.name, []);
        case "pipe":
          return pipe(expression.pipe, dot, { names: new Map(), outer: scope });
      }
    }

    run(body, data, { names: new Map([["$", data]]) });
    return out;
  };
}

function itemsOf(value: unknown): [unknown, unknown][] {
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  if (typeof value === "number") return Array.from({ length: value }, (_, index) => [index, index]);
  if (value !== null && typeof value === "object") {
    return Object.keys(value)
      .sort()
      .map((key) => [key, (value as Record<string, unknown>)[key]]);
  }
  if (value === undefined || value === null) return [];
  throw new TemplateError(`range can't iterate over ${goPrint(value)}`);
}

function fieldOf(value: unknown, name: string, allowMissing: boolean): unknown {
  if (value === undefined || value === null) {
    if (allowMissing) return undefined;
    throw new TemplateError(`nil data; no entry for key ${JSON.stringify(name)}`);
  }
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new TemplateError(
      `can't evaluate field ${name} in type ${Array.isArray(value) ? "[]interface {}" : "interface {}"}`,
    );
  }
  if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name];
  if (allowMissing) return undefined;
  throw new TemplateError(`map has no entry for key ${JSON.stringify(name)}`);
}

function lookUp(scope: Scope | undefined, name: string): unknown {
  for (let each = scope; each; each = each.outer) if (each.names.has(name)) return each.names.get(name);
  throw new TemplateError(`undefined variable ${JSON.stringify(name)}`);
}

function assign(scope: Scope, name: string, value: unknown): void {
  for (let each: Scope | undefined = scope; each; each = each.outer) {
    if (each.names.has(name)) {
      each.names.set(name, value);
      return;
    }
  }
  throw new TemplateError(`undefined variable ${JSON.stringify(name)}`);
}
