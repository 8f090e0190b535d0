// Fills in what the real server writes even if it is empty: `status: {}`, `rules: null`, `replicas: 0`.

import type { Definitions, Schema } from "./schema.ts";

type Fill = (value: any) => void;

const compiled = new WeakMap<Definitions, Map<string, Fill | undefined>>();

/**
 * A function that fills a draft of this definition in place. Run it last, after defaults: `??=` must find fields absent.
 */
export function completer(definition: string, definitions: Definitions): (draft: any) => void {
  return fillOf(definition, definitions) ?? (() => {});
}

function fillOf(name: string, definitions: Definitions): Fill | undefined {
  const fills = compiled.get(definitions) ?? new Map<string, Fill | undefined>();
  compiled.set(definitions, fills);
  if (fills.has(name)) return fills.get(name);
  // Definitions may contain themselves: until this one is compiled, it is looked up again.
  fills.set(name, (value) => fills.get(name)?.(value));
  const fill = structFill(definitions(name), definitions);
  fills.set(name, fill);
  return fill;
}

function structFill(schema: Schema, definitions: Definitions): Fill | undefined {
  const constants: [string, unknown][] = [];
  const structs: string[] = [];
  const children: [string, Fill][] = [];
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const always = property["x-typernetes-always"];
    if (always !== undefined && (always === null || typeof always !== "object")) constants.push([name, always]);
    else if (always !== undefined) structs.push(name);
    const fill = childFill(property, definitions);
    if (fill) children.push([name, fill]);
  }
  if (constants.length + structs.length + children.length === 0) return undefined;
  return (object) => {
    for (const name of structs) object[name] ??= {};
    for (const [name, value] of constants) {
      // A list that is written even if it isn't set comes back from storage as not set when it is empty.
      if (object[name] === undefined || (value === null && isEmptyList(object[name]))) object[name] = value;
    }
    for (const [name, fill] of children) if (object[name]) fill(object[name]);
  };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function childFill(schema: Schema, definitions: Definitions): Fill | undefined {
  if (schema.$ref !== undefined) return fillOf(schema.$ref, definitions);
  if (schema.type === "array") {
    const fill = childFill(schema.items!, definitions);
    return fill && ((list) => list.forEach(fill));
  }
  if (typeof schema.additionalProperties === "object") {
    const fill = childFill(schema.additionalProperties, definitions);
    return fill && ((map) => Object.values(map).forEach(fill));
  }
  return undefined;
}
