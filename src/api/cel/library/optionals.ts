import { CelError } from "../errors.ts";
import { define, type Library, method } from "../overload.ts";
import {
  kindOf,
  type ListValue,
  listValue,
  type MapValue,
  none,
  type OptionalValue,
  sizeOf,
  some,
  type Value,
} from "../values.ts";

/** Optional values. `a.?b` and `a[?b]` are here too. */
export function addOptionals(library: Library): void {
  define(library, "optional.of", "(A): optional<A>", ([value]) => some(value!));
  define(library, "optional.none", "(): optional<A>", () => none);
  define(library, "optional.ofNonZeroValue", "(A): optional<A>", ([value]) => (isZero(value!) ? none : some(value!)));
  define(library, "optional.unwrap", "(list<optional<A>>): list<A>", ([list]) => unwrapAll(list as ListValue));
  method(library, "unwrapOpt", "list<optional<A>> (): list<A>", ([list]) => unwrapAll(list as ListValue));
  method(library, "hasValue", "optional<A> (): bool", ([value]) => (value as OptionalValue).value !== undefined);
  method(library, "value", "optional<A> (): A", ([value]) => {
    const inner = (value as OptionalValue).value;
    if (inner === undefined) throw new CelError("optional.none() dereference");
    return inner;
  });
  method(library, "or", "optional<A> (optional<A>): optional<A>", ([a, b]) =>
    (a as OptionalValue).value === undefined ? b! : a!,
  );
  method(library, "orValue", "optional<A> (A): A", ([a, b]) => (a as OptionalValue).value ?? otherwise(a!, b!));
  const select = ([target, key]: readonly Value[]) => optionalGet(target!, key!);
  define(library, "_?._", "(dyn, string): optional<dyn>", select);
  for (const name of ["_[?_]", "_[_]"]) {
    define(library, name, "(optional<list<A>>, int): optional<A>", select);
    define(library, name, "(optional<map<A, B>>, A): optional<B>", select);
  }
  define(library, "_[?_]", "(list<A>, int): optional<A>", select);
  define(library, "_[?_]", "(map<A, B>, A): optional<B>", select);
}

function otherwise(optional: Value, fallback: Value): Value {
  const { value } = optional as OptionalValue;
  return value === undefined ? fallback : value;
}

function unwrapAll(list: ListValue): ListValue {
  return listValue(
    list.items.flatMap((item) => ((item as OptionalValue).value === undefined ? [] : [(item as OptionalValue).value!])),
  );
}

/** `target.?key`: none where there is nothing. */
export function optionalGet(target: Value, key: Value): OptionalValue {
  if (target === null || typeof target !== "object" || target instanceof Uint8Array)
    throw new CelError("no such overload");
  if (target.tag === "optional") return target.value === undefined ? none : optionalGet(target.value, key);
  let value: Value | undefined;
  if (target.tag === "map") value = (target as MapValue).get(key);
  else if (target.tag === "object" && typeof key === "string") value = target.get(key);
  else if (target.tag === "list") {
    if (kindOf(key) !== "int" && kindOf(key) !== "uint") throw new CelError("no such overload");
    value = target.items[Number(typeof key === "bigint" ? key : (key as { value: bigint }).value)];
  } else throw new CelError("no such overload");
  return value === undefined ? none : some(value);
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === "" || value === 0 || value === 0n) return true;
  if (typeof value !== "object") return false;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value.tag === "list" || value.tag === "map") return sizeOf(value) === 0;
  if (value.tag === "uint") return value.value === 0n;
  if (value.tag === "duration") return value.ns === 0n;
  if (value.tag === "optional") return value.value === undefined;
  if (value.tag === "object") return [...value.fields()].length === 0;
  return false;
}
