import { asMap } from "./equal.ts";
import { CelError } from "./errors.ts";
import { formatDuration, formatTimestamp } from "./time.ts";
import { showKey, typeName, type Value } from "./values.ts";

/** A value as JSON: ints and doubles are numbers, bytes base64, times and durations texts. Fails where JSON has nothing for it. */
export function toJson(value: Value): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return toBase64(value);
  switch (value.tag) {
    case "uint":
      return Number(value.value);
    case "list":
      return value.items.map(toJson);
    case "map": {
      const json: Record<string, unknown> = {};
      for (const key of value.keys()) define(json, showKey(key), toJson(value.get(key)!));
      return json;
    }
    case "object": {
      const json: Record<string, unknown> = {};
      const map = asMap(value);
      for (const key of map.keys())
        define(json, value.type.field(String(key))?.key ?? String(key), toJson(map.get(key)!));
      return json;
    }
    case "timestamp":
      return formatTimestamp(value);
    case "duration":
      return formatDuration(value);
    case "optional":
      return value.value === undefined ? null : toJson(value.value);
  }
  throw new CelError(`unsupported conversion of ${typeName(value)} to JSON`);
}

/** Defines rather than assigns: a key `__proto__` is a key like others. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

/** Bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
