import type { CelType } from "./types.ts";

/** What free type variables stand for. A variable that stands for something keeps doing so. */
export type Bindings = Map<string, CelType>;

/** Tries something that may bind variables; if it fails, they are free again. */
export function attempt(bindings: Bindings, trail: string[], holds: (bind: Bind) => boolean): boolean {
  const before = trail.length;
  const bind: Bind = (name, type) => {
    bindings.set(name, type);
    trail.push(name);
  };
  if (holds(bind)) return true;
  while (trail.length > before) bindings.delete(trail.pop()!);
  return false;
}

type Bind = (name: string, type: CelType) => void;

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
 * further ones, even if it fails in the end: see `attempt`.
 */
export function assignable(from: CelType, to: CelType, bindings: Bindings, bind: Bind): boolean {
  const left = follow(from, bindings);
  const right = follow(to, bindings);
  if (left.kind === "param" && right.kind === "param") {
    // The newer one follows the older one: chains stay short, however often a variable is used.
    if (left.name !== right.name) {
      if (isNewer(left.name, right.name)) bind(left.name, right);
      else bind(right.name, left);
    }
    return true;
  }
  if (right.kind === "param") return bindFree(right.name, left, bindings, bind);
  if (left.kind === "param") return bindFree(left.name, right, bindings, bind);
  if (isAny(left) || isAny(right)) return true;
  if (left.kind === "null" && nullable.has(right.kind)) return true;
  if (right.kind === "null" && nullable.has(left.kind)) return true;
  if (left.kind !== right.kind) return false;
  switch (left.kind) {
    case "list":
    case "optional":
      return assignable(left.item, (right as typeof left).item, bindings, bind);
    case "map": {
      const other = right as typeof left;
      return assignable(left.key, other.key, bindings, bind) && assignable(left.value, other.value, bindings, bind);
    }
    case "object":
    case "opaque":
      return left.name === (right as typeof left).name;
    default:
      return true;
  }
}

/** Variables are numbered in the order in which they are made. */
function isNewer(name: string, other: string): boolean {
  return name.length === other.length ? name > other : name.length > other.length;
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

function bindFree(name: string, type: CelType, bindings: Bindings, bind: Bind): boolean {
  if (occurs(name, type, bindings)) return false;
  bind(name, type);
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
