import type { KubeObject } from "../../api/machinery/object.ts";

const utf8 = new TextEncoder();

/** What a value was made of: the object, and its JSON as it was before anything was done to it. */
export interface Written {
  object: KubeObject;
  json: Uint8Array;
}

/**
 * Values on their way through the store, with what they were made of. Within one process a write is never parsed again, nor
 * turned into JSON once more. The cache takes out what it has seen: a value may be kept much longer than its object.
 */
export const writtenValues = new WeakMap<Uint8Array, Written>();

/** An object's JSON for the store. */
export function encodeValue(object: KubeObject): Uint8Array {
  const { resourceVersion: _, ...metadata } = object.metadata;
  const stored = { ...object, metadata };
  const value = utf8.encode(JSON.stringify(stored));
  writtenValues.set(value, { object, json: value });
  return value;
}
