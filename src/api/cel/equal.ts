import { CelError } from "./errors.ts";
import type { Meter } from "./overload.ts";
import {
  keyText,
  kindOf,
  type ListValue,
  type MapValue,
  type ObjectValue,
  type UintValue,
  type Value,
} from "./values.ts";

type Numeric = bigint | number | UintValue;

function isNumeric(value: Value): value is Numeric {
  return typeof value === "bigint" || typeof value === "number" || kindOf(value) === "uint";
}

function plain(value: Numeric): bigint | number {
  return typeof value === "object" ? value.value : value;
}

/** JavaScript orders bigints and numbers by their mathematical values, as CEL wants it; NaN is not equal to itself. */
function sameNumber(left: bigint | number, right: bigint | number): boolean {
  return left <= right && left >= right;
}

/** Whether two values are equal: values of different types are not. Fails only where the meter says that it's too much. */
export function equal(left: Value, right: Value, meter?: Meter): boolean {
  meter?.work(1);
  if (left === right) return true;
  if (left === null || right === null) return false;
  if (isNumeric(left)) return isNumeric(right) && sameNumber(plain(left), plain(right));
  if (typeof left !== "object" || typeof right !== "object") return false;
  if (left instanceof Uint8Array) return right instanceof Uint8Array && compareBytes(left, right) === 0;
  if (right instanceof Uint8Array) return false;
  if (left.tag === "list") return right.tag === "list" && equalLists(left, right, meter);
  if (left.tag === "map" || left.tag === "object") {
    return (right.tag === "map" || right.tag === "object") && equalFields(asMap(left), asMap(right), meter);
  }
  if (left.tag === "timestamp") return right.tag === "timestamp" && left.ns === right.ns;
  if (left.tag === "duration") return right.tag === "duration" && left.ns === right.ns;
  if (left.tag === "type") return right.tag === "type" && left.name === right.name;
  if (left.tag === "optional") {
    if (right.tag !== "optional") return false;
    if (left.value === undefined || right.value === undefined) return left.value === right.value;
    return equal(left.value, right.value, meter);
  }
  if (left.tag === "opaque" && right.tag === "opaque" && left.name === right.name) {
    return equalOpaque(left.value, right.value);
  }
  return false;
}

function equalOpaque(left: unknown, right: unknown): boolean {
  if (left instanceof Object && "equals" in left && typeof left.equals === "function") return left.equals(right);
  return left === right;
}

/** An object's set fields as a map. */
export function asMap(value: MapValue | ObjectValue): MapValue {
  if (value.tag === "map") return value;
  const names = [...value.fields()];
  return {
    tag: "map",
    size: names.length,
    get: (key) => (typeof key === "string" ? value.get(key) : undefined),
    keys: () => names,
  };
}

function equalFields(left: MapValue, right: MapValue, meter?: Meter): boolean {
  if (left.size !== right.size) return false;
  for (const key of left.keys()) {
    const other = right.get(key);
    if (other === undefined || !equal(left.get(key)!, other, meter)) return false;
  }
  return true;
}

/** The text that identifies an element of a list by its merge keys. */
export function mergeKey(element: Value, keys: readonly string[]): string {
  if (element === null || typeof element !== "object" || !("tag" in element)) return "";
  if (element.tag !== "object" && element.tag !== "map") return "";
  const map = asMap(element);
  return JSON.stringify(
    keys.map((key) => {
      const value = map.get(key);
      return value === undefined || typeof value === "object" ? null : keyText(value);
    }),
  );
}

function equalLists(left: ListValue, right: ListValue, meter?: Meter): boolean {
  if (left.items.length !== right.items.length) return false;
  const merge = left.merge ?? right.merge;
  if (merge === undefined) return left.items.every((item, index) => equal(item, right.items[index]!, meter));
  if (merge.type === "set") {
    const known = new Set(right.items.map(identity));
    return left.items.every((item) => known.has(identity(item)));
  }
  const byKey = new Map(right.items.map((item) => [mergeKey(item, merge.keys), item]));
  return left.items.every((item) => {
    const other = byKey.get(mergeKey(item, merge.keys));
    return other !== undefined && equal(item, other, meter);
  });
}

/** Longer identities are not made: values share their parts, and a small one may be huge when written out. */
const identityMax = 10_000_000;

/** A text that is the same for equal values and different for others. Fails for values that are too large. */
export function identity(value: Value): string {
  const text = identityText(value);
  if (text.length <= identityMax) return text;
  throw new CelError("operation cancelled: actual cost limit exceeded", "cost");
}

function identityText(value: Value): string {
  if (value === null) return "null";
  if (typeof value !== "object" || (!(value instanceof Uint8Array) && value.tag === "uint")) return keyText(value);
  if (value instanceof Uint8Array) return `x${value.join(",")}`;
  if (value.tag === "list")
    return `[${value.items
      .map(identity)
      .map((each) => JSON.stringify(each))
      .join()}]`;
  if (value.tag === "map" || value.tag === "object") {
    const map = asMap(value);
    const entries = [...map.keys()].map((key) => JSON.stringify([keyText(key), identity(map.get(key)!)]));
    return `{${entries.toSorted().join()}}`;
  }
  if (value.tag === "timestamp" || value.tag === "duration") return `${value.tag}${value.ns}`;
  if (value.tag === "optional") return value.value === undefined ? "none" : `some${identity(value.value)}`;
  return value.tag === "type" ? `type${value.name}` : `${value.name}${JSON.stringify(value.value, bigintAsText)}`;
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** Below 0, 0 or above 0, for values that have an order; fails for all others. */
export function compare(left: Value, right: Value): number {
  if (isNumeric(left) && isNumeric(right)) {
    const [a, b] = [plain(left), plain(right)];
    if (Number.isNaN(a) || Number.isNaN(b)) throw new CelError("NaN values cannot be ordered");
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (typeof left === "string" && typeof right === "string") return compareTexts(left, right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right);
  if (typeof left === "object" && typeof right === "object" && left && right && "tag" in left && "tag" in right) {
    const times = left.tag === "timestamp" || left.tag === "duration";
    if (times && left.tag === right.tag)
      return left.ns < (right as typeof left).ns ? -1 : Number(left.ns > (right as typeof left).ns);
    const order = left.tag === "opaque" ? (left.value as { compare?(other: unknown): number }).compare : undefined;
    if (order && left.tag === "opaque" && right.tag === "opaque" && left.name === right.name)
      return order.call(left.value, right.value);
  }
  throw new CelError("no such overload");
}

/** By code points, as Go compares bytes of UTF-8. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a === b) continue;
    // Halves of pairs stand for code points above all that are not.
    const [x, y] = [a >= 0xd800 && a <= 0xdfff, b >= 0xd800 && b <= 0xdfff];
    return x === y ? a - b : x ? 1 : -1;
  }
  return left.length - right.length;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) if (left[at] !== right[at]) return left[at]! - right[at]!;
  return left.length - right.length;
}
