// `kubectl explain`: a schema of OpenAPI v3 as text.

import { CommandError } from "./errors.ts";

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

const widthMax = 76;

/** The text about a kind or the field at `path` of it. Throws a CommandError for a field that isn't there. */
export function explainText(
  document: { components?: { schemas?: Record<string, Schema> } },
  { group, version, kind }: { group: string; version: string; kind: string },
  path: readonly string[],
  recursive: boolean,
): string {
  const schemas = document.components?.schemas ?? {};
  const root = Object.values(schemas).find((schema) =>
    schema["x-kubernetes-group-version-kind"]?.some(
      (each) => each.group === group && each.version === version && each.kind === kind,
    ),
  );
  if (!root) throw new CommandError(`couldn't find resource for "${group ? `${group}/` : ""}${version}, Kind=${kind}"`);
  const reader = openReader(schemas);
  let head = `${group ? `GROUP:      ${group}\n` : ""}KIND:       ${kind}\nVERSION:    ${version}\n\n`;
  let schema: Schema = root;
  for (const [at, name] of path.entries()) {
    const owner = reader.fieldsOf(schema);
    const found = owner.properties?.[name];
    if (!found) throw new FieldMissing(head, name);
    if (at === path.length - 1) {
      head += `FIELD: ${name} <${reader.typeName(found)}>\n`;
      const values = reader.enumOf(found);
      head += values.length > 0 ? `ENUM:\n${values.map((value) => `    ${value}\n`).join("")}` : "\n";
      head += "\n";
    }
    schema = found;
  }
  const description = reader
    .descriptions(schema)
    .map((text) => `${text}\n`)
    .join("");
  let text = `${head}DESCRIPTION:\n${indent(wrap(description === "" ? "<empty>\n" : description), 4)}\n`;
  const owner = reader.fieldsOf(schema);
  if (owner.properties) text += `FIELDS:\n${fieldLines(reader, schema, 2, recursive, [])}`;
  return `${text}\n`;
}

/** A path that ends nowhere: what was found so far is printed all the same. */
export class FieldMissing extends CommandError {
  readonly head: string;
  constructor(head: string, name: string) {
    super(`field ${JSON.stringify(name)} does not exist`);
    this.head = head;
  }
}

type Reader = ReturnType<typeof openReader>;

function openReader(schemas: Record<string, Schema>) {
  const target = (ref: string): Schema => schemas[ref.slice(ref.lastIndexOf("/") + 1)] ?? {};
  const refOf = (schema: Schema): string | undefined =>
    schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]!.$ref : undefined);
  const resolve = (schema: Schema): Schema => {
    const ref = refOf(schema);
    return ref ? target(ref) : schema;
  };

  /** The struct whose fields a field has: itself, its items or its values. */
  function fieldsOf(schema: Schema): Schema {
    const own = resolve(schema);
    if (own.items) return fieldsOf(own.items);
    if (own.additionalProperties && typeof own.additionalProperties === "object")
      return fieldsOf(own.additionalProperties);
    return own;
  }

  function typeName(schema: Schema): string {
    const ref = refOf(schema);
    if (ref) {
      const { type, properties } = target(ref);
      return type && type !== "object" && !properties ? type : ref.slice(ref.lastIndexOf(".") + 1);
    }
    if (schema.items) return `[]${typeName(schema.items)}`;
    if (schema.additionalProperties && typeof schema.additionalProperties === "object")
      return `map[string]${typeName(schema.additionalProperties)}`;
    return schema.type && schema.type !== "object" ? schema.type : "Object";
  }

  /** A field's own text, and that of the type behind it. */
  function descriptions(schema: Schema): string[] {
    const own = schema.description ? [schema.description] : [];
    const ref = refOf(schema);
    const behind = ref ? target(ref) : undefined;
    const further = behind ? descriptions(behind) : [];
    const items = schema.items ? descriptions(schema.items) : [];
    const values =
      schema.additionalProperties && typeof schema.additionalProperties === "object"
        ? descriptions(schema.additionalProperties)
        : [];
    return [...own, ...further, ...items, ...values];
  }

  const enumOf = (schema: Schema): string[] =>
    (resolve(schema).enum ?? []).map((value) => (value === "" ? '""' : String(value)));
  return { fieldsOf, typeName, descriptions, enumOf };
}

function fieldLines(
  reader: Reader,
  schema: Schema,
  depth: number,
  recursive: boolean,
  above: readonly Schema[],
): string {
  const owner = reader.fieldsOf(schema);
  const within = [...above, owner];
  const space = " ".repeat(depth);
  let text = "";
  for (const name of Object.keys(owner.properties ?? {}).sort()) {
    const field = owner.properties![name]!;
    const type = reader.typeName(field);
    text += `${space}${name}\t<${type}>${owner.required?.includes(name) ? " -required-" : ""}\n`;
    const values = reader.enumOf(field);
    if (values.length > 0)
      text += `${space}enum: ${values.slice(0, 4).join(", ")}${values.length > 4 ? ", ...." : ""}\n`;
    if (!recursive) {
      const own = field.description;
      text += `${indent(wrap(own ? own : "<no description>"), depth + 2)}\n\n`;
    } else if (reader.fieldsOf(field).properties && !within.includes(reader.fieldsOf(field))) {
      text += fieldLines(reader, field, depth + 2, true, within);
    }
  }
  return text;
}

function indent(text: string, depth: number): string {
  return text
    .split("\n")
    .map((line) => " ".repeat(depth) + line)
    .join("\n");
}

/** Breaks lines at spaces where they get longer than the width; other spaces and line ends stay as they are. */
function wrap(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      let out = "";
      let length = 0;
      for (const [, space = "", word = ""] of line.matchAll(/(\s*)(\S*)/g)) {
        if (word === "") continue;
        if (length + space.length + word.length > widthMax && out !== "") {
          out += `\n${word}`;
          length = word.length;
        } else {
          out += space + word;
          length += space.length + word.length;
        }
      }
      return out;
    })
    .join("\n");
}
