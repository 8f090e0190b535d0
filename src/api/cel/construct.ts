import type { ObjectType } from "./types.ts";
import type { ObjectValue, Value } from "./values.ts";

/** A value that an expression built: `Object.spec{replicas: 3}`. */
export function constructObject(type: ObjectType, values: ReadonlyMap<string, Value>): ObjectValue {
  return { tag: "object", type, get: (field) => values.get(field), fields: () => values.keys() };
}
