import { base64 } from "../../base/bytes.ts";
import { asMap } from "./equal.ts";
import { CelError } from "./errors.ts";
import { formatDuration, formatTimestamp } from "./time.ts";
import { showKey, typeName, type Value } from "./values.ts";

/** How many parts a value may have as JSON: values share theirs, and a small one may be huge when written out. */
const partsMax = 2_000_000;

/** A value as JSON: ints and doubles are numbers, bytes base64, times and durations texts. Fails where JSON has nothing for it. */
export function toJson(value: Value): unknown {
  return convert(value, { left: partsMax });
}

function convert(value: Value, parts: { left: number }): unknown {
  if (--parts.left < 0) throw new CelError("operation cancelled: actual cost limit exceeded", "cost");
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return base64(value);
  switch (value.tag) {
    case "uint":
      return Number(value.value);
    case "list":
      return value.items.map((item) => convert(item, parts));
    case "map": {
      const json: Record<string, unknown> = {};
      for (const key of value.keys()) define(json, showKey(key), convert(value.get(key)!, parts));
      return json;
    }
    case "object": {
      const json: Record<string, unknown> = {};
      const map = asMap(value);
      for (const key of map.keys())
        define(json, value.type.field(String(key))?.key ?? String(key), convert(map.get(key)!, parts));
      return json;
    }
    case "timestamp":
      return formatTimestamp(value);
    case "duration":
      return formatDuration(value);
    case "optional":
      return value.value === undefined ? null : convert(value.value, parts);
  }
  throw new CelError(`unsupported conversion of ${typeName(value)} to JSON`);
}

/** Defines rather than assigns: a key `__proto__` is a key like others. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
