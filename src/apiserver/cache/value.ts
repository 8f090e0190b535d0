import type { KubeObject } from "../../api/machinery/object.ts";

const utf8 = new TextEncoder();

/**
 * Values on their way through the store, with the object they are the JSON of. Within one process a write is never parsed
 * again. The cache takes out what it has seen: a value may be kept much longer than its object.
 */
export const decodedValues = new WeakMap<Uint8Array, KubeObject>();

/** An object's JSON for the store. */
export function encodeValue(object: KubeObject): Uint8Array {
  const { resourceVersion: _, ...metadata } = object.metadata;
  const stored = { ...object, metadata };
  const value = utf8.encode(JSON.stringify(stored));
  decodedValues.set(value, object);
  return value;
}
