// Puts an applied configuration into an object, and takes fields out of one. Neither changes what it is given.

import { byElement } from "./compare.ts";
import { type Fields, fieldNode, isEmptySet, isMember } from "./fields.ts";
import { elementOf, entryType, type FieldType, typeOfValue } from "./type.ts";

type JsonObject = Record<string, unknown>;
type ListType = Extract<FieldType, { kind: "list" }>;

function isHollow(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  for (const _ in value) return false;
  return true;
}

/** The live object with the configuration's fields put in: where both have a leaf, the configuration's counts. */
export function mergeApplied(given: FieldType, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const type = typeOfValue(given, applied ?? live);
  if (type.kind === "scalar" || type.kind === "any" || type.atomic) return applied;
  if (isHollow(live) && isHollow(applied)) return applied;
  if (type.kind === "list") return mergeLists(type, asArray(live), asArray(applied));
  const result: JsonObject = { ...(asObject(live) ?? {}) };
  for (const [key, value] of Object.entries(asObject(applied) ?? {})) {
    const entry = entryType(type, key);
    if (entry) result[key] = mergeApplied(entry, result[key], value);
  }
  return result;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/**
 * The applied items come in the order of the configuration. An item that only the live list has keeps its place among
 * the items that both have, and comes before new ones.
 */
function mergeLists(type: ListType, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const present = byElement(type, live);
  const liveElements = live.map((item) => elementOf(type, item));
  const wanted = applied.map((item) => elementOf(type, item));
  const isWanted = new Set(wanted);
  const shared = wanted.filter((element) => present.has(element));
  const result: unknown[] = [];
  let cursor = 0;
  let nextShared = 0;
  const takeLiveOnly = (): void => {
    for (; cursor < live.length; cursor++) {
      const element = liveElements[cursor]!;
      if (!isWanted.has(element)) result.push(live[cursor]);
      else if (element === shared[nextShared]) return;
    }
  };
  for (const [index, item] of applied.entries()) {
    const element = wanted[index]!;
    takeLiveOnly();
    const same = present.get(element);
    result.push(mergeApplied(type.items(), same?.length === 1 ? same[0] : undefined, item));
    if (element !== shared[nextShared]) continue;
    nextShared++;
    if (liveElements[cursor] === element) cursor++;
  }
  takeLiveOnly();
  return result;
}

/** The value without these fields. What is empty after that is null, as if nobody had written it. */
export function removeFields(given: FieldType, value: unknown, fields: Fields): unknown {
  if (isEmptySet(fields)) return value;
  const type = typeOfValue(given, value);
  if (type.kind === "scalar" || type.kind === "any") return value;
  if (isHollow(value) || type.atomic) return null;
  if (type.kind === "list") {
    const kept: unknown[] = [];
    for (const item of asArray(value)) {
      const node = fields[elementOf(type, item)];
      if (node === undefined) kept.push(item);
      else if (!isMember(node)) kept.push(removeFields(type.items(), item, node));
    }
    return kept.length > 0 ? kept : null;
  }
  const kept: JsonObject = {};
  for (const [key, entry] of Object.entries(asObject(value) ?? {})) {
    const node = fields[`f:${key}`];
    if (node === undefined) kept[key] = entry;
    else if (!isMember(node)) {
      const kind = entryType(type, key);
      kept[key] = kind ? removeFields(kind, entry, node) : entry;
    }
  }
  return Object.keys(kept).length > 0 ? kept : null;
}

/** The set with every declared field on the way to its members: who owns `spec.replicas` also holds `spec`. */
export function withNamedFields(given: FieldType | undefined, fields: Fields): Fields {
  const result: Record<string, Fields> = {};
  const type = given?.kind === "any" ? { kind: "map" as const, atomic: false, values: () => given } : given;
  for (const element in fields) {
    if (element === ".") continue;
    const node = fields[element]!;
    const name = element.slice(2);
    const isField = element.startsWith("f:");
    const child =
      type?.kind === "map" && isField ? entryType(type, name) : type?.kind === "list" ? type.items() : undefined;
    const declared = type?.kind === "map" && isField && type.fields?.has(name) === true;
    result[element] = fieldNode(declared || isMember(node), withNamedFields(child, node)) ?? {};
  }
  return result;
}
