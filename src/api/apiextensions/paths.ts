// Paths to fields of a schema, as rules and selectable fields name them (KEP-2876, "fieldPath").

import { FieldPath } from "../machinery/field.ts";
import { type JsonSchema, own, valuesOf } from "./types.ts";

export interface FieldPathOptions {
  /** Whether `['name']` may stand for `.name`. */
  lists: boolean;
}

export type FoundField =
  /** `text` is the path in the usual form: `spec.map[key].field`. */
  { steps: string[]; text: string; schema: JsonSchema } | { error: string };

/** Follows a path such as `.spec.map['a.b'].field` through a schema. */
export function findField(path: string, root: JsonSchema, { lists }: FieldPathOptions): FoundField {
  const steps: string[] = [];
  let schema: JsonSchema | undefined = root;
  let text = new FieldPath("");
  const tokens = tokensOf(path);
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    let name: string | undefined;
    if (token === ".") {
      name = tokens[++at];
      if (name === undefined) return { error: "unexpected end of JSON path" };
      if ([".", "[", "]"].includes(name)) return { error: `expected named field but got ${name}` };
    } else if (token === "[") {
      if (!lists) return { error: "array notation is not allowed" };
      const quoted = tokens[++at];
      if (quoted === undefined) return { error: "unexpected end of JSON path" };
      if (!/^'.*'$/s.test(quoted)) return { error: `expected single quoted string but got ${quoted}` };
      name = unquoted(quoted.slice(1, -1));
      if (name === undefined) return { error: `invalid string literal: ${quoted}` };
      if (tokens[++at] !== "]") return { error: `expected ] but got ${tokens[at] ?? "end of path"}` };
    } else return { error: `expected [ or . but got: ${token}` };
    const property: JsonSchema | undefined = own(schema.properties, name);
    const values: JsonSchema | undefined = valuesOf(schema);
    const next: JsonSchema | undefined = schema.properties ? property : values;
    if (!next) return { error: "does not refer to a valid field" };
    text = schema.properties ? text.child(name) : text.key(name);
    steps.push(name);
    schema = next;
  }
  return steps.length === 0 ? { error: "does not refer to a valid field" } : { steps, text: `${text}`, schema };
}

/** Delimiters, quoted texts and what is between them. */
function tokensOf(path: string): string[] {
  return path.match(/'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]]+/gs) ?? [];
}

function unquoted(text: string): string | undefined {
  let valid = true;
  const plain = text.replace(/\\(.)/gs, (_, letter: string) => {
    if (!"'\\".includes(letter)) valid = false;
    return letter;
  });
  return valid ? plain : undefined;
}
