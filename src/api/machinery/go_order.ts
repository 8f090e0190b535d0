// The order in which the real server, a Go program, writes an object's fields: that of its structs, which is that of the
// protobuf numbers almost everywhere. Nobody may depend on it; some of its messages quote whole objects.

import { fieldNumbers } from "./protobuf/numbers.ts";
import type { Definitions, Schema } from "./schema.ts";

type JsonObject = Record<string, unknown>;

/** Fields that Go has somewhere else than their numbers say. */
const outOfTurn: Record<string, number> = {
  envFrom: 6.5,
  resizePolicy: 8.3,
  restartPolicy: 8.5,
  restartPolicyRules: 8.7,
  volumeDevices: 9.5,
  startupProbe: 11.5,
  terminationMessagePolicy: 13.5,
};

const orders = new Map<string, ReadonlyMap<string, number>>();

function orderOf(definition: string): ReadonlyMap<string, number> {
  let order = orders.get(definition);
  if (!order) {
    const fields = fieldNumbers(definition) ?? [];
    const moved = /\.(?:Ephemeral)?Container(?:Common)?$/.test(definition) ? outOfTurn : {};
    order = new Map(
      fields.flatMap((field) => ("name" in field ? [[field.name, moved[field.name] ?? field.number] as const] : [])),
    );
    orders.set(definition, order);
  }
  return order;
}

/** A copy of a value with the keys of structs in Go's order, and those of maps sorted. */
export function inGoOrder(value: unknown, definition: string, definitions: Definitions): unknown {
  return ordered(value, { $ref: definition }, definitions);
}

function ordered(value: unknown, schema: Schema | undefined, definitions: Definitions): unknown {
  const name = schema?.$ref;
  const known = name === undefined ? schema : definitions(name);
  if (Array.isArray(value)) return value.map((item) => ordered(item, known?.items, definitions));
  if (typeof value !== "object" || value === null) return value;
  const order = name === undefined ? undefined : orderOf(name);
  const rank = (key: string): number => order?.get(key) ?? (key === "kind" ? -2 : key === "apiVersion" ? -1 : 1e6);
  const keys = Object.keys(value).toSorted((a, b) => (order ? rank(a) - rank(b) : 0) || (a < b ? -1 : 1));
  const values = typeof known?.additionalProperties === "object" ? known.additionalProperties : undefined;
  const result: JsonObject = {};
  for (const key of keys)
    result[key] = ordered((value as JsonObject)[key], known?.properties?.[key] ?? values, definitions);
  return result;
}
