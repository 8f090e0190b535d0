import type { CelType } from "./types.ts";

/** What free type variables stand for. */
export type Bindings = Map<string, CelType>;

/** A type with its variables replaced; those that stand for nothing become dyn if `free` is "dyn". */
export function substitute(type: CelType, bindings: Bindings, free: "keep" | "dyn" = "keep"): CelType {
  switch (type.kind) {
    case "param": {
      const bound = bindings.get(type.name);
      if (bound) return substitute(bound, bindings, free);
      return free === "dyn" ? { kind: "dyn" } : type;
    }
    case "list":
    case "optional": {
      const item = substitute(type.item, bindings, free);
      return item === type.item ? type : { ...type, item };
    }
    case "map": {
      const key = substitute(type.key, bindings, free);
      const value = substitute(type.value, bindings, free);
      return key === type.key && value === type.value ? type : { ...type, key, value };
    }
    case "type":
      return type.of ? { ...type, of: substitute(type.of, bindings, free) } : type;
    default:
      return type;
  }
}

/** A type with its parameters renamed to fresh variables. */
export function instantiate(type: CelType, fresh: ReadonlyMap<string, CelType>): CelType {
  return fresh.size === 0 ? type : substitute(type, fresh as Bindings);
}

function occurs(name: string, type: CelType, bindings: Bindings): boolean {
  const real = substitute(type, bindings);
  switch (real.kind) {
    case "param":
      return real.name === name;
    case "list":
    case "optional":
      return occurs(name, real.item, bindings);
    case "map":
      return occurs(name, real.key, bindings) || occurs(name, real.value, bindings);
    case "type":
      return real.of !== undefined && occurs(name, real.of, bindings);
    default:
      return false;
  }
}

const nullable = new Set<CelType["kind"]>(["object", "timestamp", "duration", "opaque", "optional"]);

/**
 * Whether a value of one type may stand where the other is wanted, given what variables stand for already; binds
 * further ones in `bindings` if so, and may leave it changed if not (the caller works on a copy).
 */
export function assignable(from: CelType, to: CelType, bindings: Bindings): boolean {
  const left = follow(from, bindings);
  const right = follow(to, bindings);
  if (left.kind === "param" && right.kind === "param" && left.name === right.name) return true;
  if (right.kind === "param") return bind(right.name, left, bindings);
  if (left.kind === "param") return bind(left.name, right, bindings);
  if (isAny(left) || isAny(right)) return true;
  if (left.kind === "null" && nullable.has(right.kind)) return true;
  if (right.kind === "null" && nullable.has(left.kind)) return true;
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case "list":
    case "optional":
      return assignable(left.item, (right as typeof left).item, bindings);
    case "map": {
      const other = right as typeof left;
      return assignable(left.key, other.key, bindings) && assignable(left.value, other.value, bindings);
    }
    case "object":
    case "opaque":
      return left.name === (right as typeof left).name;
    default:
      return true;
  }
}

function isAny(type: CelType): boolean {
  return type.kind === "dyn" || type.kind === "error";
}

function follow(type: CelType, bindings: Bindings): CelType {
  let current = type;
  while (current.kind === "param") {
    const next = bindings.get(current.name);
    if (!next) return current;
    current = next;
  }
  return current;
}

function bind(name: string, type: CelType, bindings: Bindings): boolean {
  if (occurs(name, type, bindings)) return false;
  bindings.set(name, type);
  return true;
}

/** Of two types that may stand for each other, the one that takes more in. */
export function mostGeneral(left: CelType, right: CelType): CelType {
  if (isAny(left)) return left;
  if (isAny(right)) return right;
  if (left.kind === "param") return right.kind === "param" ? left : right;
  if (left.kind === "null") return right;
  if (left.kind === "list" && right.kind === "list") return { ...left, item: mostGeneral(left.item, right.item) };
  if (left.kind === "map" && right.kind === "map") {
    return { ...left, key: mostGeneral(left.key, right.key), value: mostGeneral(left.value, right.value) };
  }
  return left;
}
