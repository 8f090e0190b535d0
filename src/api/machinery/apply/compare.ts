// Which fields an object has, and which differ between two objects.

import { sameJson } from "../../../base/equal.ts";
import { type Fields, fieldNode, noFields } from "./fields.ts";
import { checkCountable, ElementError, elementOf, entryType, type FieldType, typeOfValue } from "./type.ts";

type JsonObject = Record<string, unknown>;

/** The fields that a change touched. */
export interface Comparison {
  added: Fields;
  modified: Fields;
  removed: Fields;
}

function asMap(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

function asList(value: unknown): unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The fields of an applied configuration: what its manager is going to own. */
export function fieldsOf(type: FieldType, value: unknown): Fields {
  return below(type, value) ?? {};
}

/** What is in the set below a value; undefined: the value itself is the field. */
function below(given: FieldType, value: unknown): Fields | undefined {
  const type = typeOfValue(given, value);
  if (type.kind === "scalar" || type.kind === "any") return undefined;
  if (type.atomic) return undefined;
  const result: Record<string, Fields> = {};
  if (type.kind === "list") {
    checkCountable(asList(value)?.length ?? 0);
    for (const item of asList(value) ?? []) {
      const children = below(type.items(), item) ?? {};
      result[elementOf(type, item)] = fieldNode(true, children)!;
    }
    return result;
  }
  const map = asMap(value) ?? {};
  checkCountable(Object.keys(map).length);
  for (const key in map) {
    const entry = map[key];
    const entryKind = entryType(type, key);
    if (!entryKind) continue;
    const children = below(entryKind, entry);
    const isEmptyMap = entry === null || (asMap(entry) && Object.keys(entry as object).length === 0);
    const member = children === undefined || isEmptyMap || !type.fields?.has(key);
    const node = fieldNode(Boolean(member), children ?? {});
    if (node) result[`f:${key}`] = node;
  }
  return result;
}

const absent = Symbol("absent");

/** One node of the three sets at once. */
interface Change {
  added?: Fields;
  modified?: Fields;
  removed?: Fields;
}

const unchanged: Change = {};
const whole = (which: keyof Comparison): Change => ({ [which]: {} });

/** Which fields were added, modified and removed from one object to the next. */
export function compareFields(type: FieldType, before: unknown, after: unknown): Comparison {
  const { added, modified, removed } = compareValues(type, before, after);
  return { added: added ?? {}, modified: modified ?? {}, removed: removed ?? {} };
}

function compareValues(given: FieldType, before: unknown, after: unknown): Change {
  if (before === after) return unchanged;
  if (before === absent) return { added: addedWith(given, after) };
  const known = after === absent || after === null || after === undefined ? before : after;
  const type = typeOfValue(given, known);
  if (given.kind === "any" && before !== absent && after !== absent && typeOfValue(given, before).kind !== type.kind)
    return whole("modified");
  if (type.kind === "list" && typeof known === "string") throw new ElementError("expected list");
  const isLeaf = type.kind === "scalar" || type.kind === "any" || type.atomic || bothEmpty(before, after);
  if (isLeaf) {
    if (after === absent) return whole("removed");
    return sameJson(before, after) ? unchanged : whole("modified");
  }
  const change = type.kind === "list" ? compareLists(type, before, after) : compareMaps(type, before, after);
  if (after === absent) return { ...change, removed: fieldNode(true, change.removed ?? {}) };
  return change;
}

/** What is in the set of those that were added, at and below a value that was not there at all. */
function addedWith(given: FieldType, value: unknown): Fields {
  const type = typeOfValue(given, value);
  if (type.kind === "list" && typeof value === "string") throw new ElementError("expected list");
  if (type.kind === "scalar" || type.kind === "any" || type.atomic || isHollow(value)) return noFields;
  const below: Record<string, Fields> = {};
  if (type.kind === "list") {
    const items = asList(value) ?? [];
    checkCountable(items.length);
    // Of several with one identity nothing is told but that they came.
    for (const [element, same] of byElement(type, items))
      below[element] = same.length === 1 ? addedWith(type.items(), same[0]) : noFields;
    return fieldNode(true, below)!;
  }
  const map = asMap(value) ?? {};
  if (!type.fields?.size) checkCountable(Object.keys(map).length);
  for (const key in map) {
    const entry = entryType(type, key);
    if (entry) below[`f:${key}`] = addedWith(entry, map[key]);
  }
  for (const [key, value] of type.always ?? []) {
    const entry = Object.hasOwn(map, key) ? undefined : entryType(type, key);
    if (entry) below[`f:${key}`] = addedWith(entry, value ?? null);
  }
  return fieldNode(true, below)!;
}

/** Empty and null lists and maps are told apart as a whole. */
function bothEmpty(before: unknown, after: unknown): boolean {
  return isHollow(before) && isHollow(after);
}

function isHollow(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  for (const _ in value) return false;
  return true;
}

/** Gathers what the children of a node come to. */
class Gathered {
  readonly #sets: Partial<Record<keyof Comparison, Record<string, Fields>>> = {};

  add(element: string, change: Change): void {
    for (const which of ["added", "modified", "removed"] as const) {
      const node = change[which];
      if (node === undefined) continue;
      let set = this.#sets[which];
      if (!set) {
        set = {};
        this.#sets[which] = set;
      }
      set[element] = node;
    }
  }

  get change(): Change {
    return this.#sets;
  }
}

function compareMaps(type: Extract<FieldType, { kind: "map" }>, before: unknown, after: unknown): Change {
  const [left, right] = [asMap(before) ?? {}, asMap(after) ?? {}];
  if (!type.fields?.size) checkCountable(Object.keys(right).length);
  const gathered = new Gathered();
  const isGone = after === absent;
  const visit = (key: string): void => {
    const entry = entryType(type, key);
    if (!entry) return;
    const missing = type.always?.get(key) ?? (type.always?.has(key) ? null : absent);
    const change = compareValues(
      entry,
      Object.hasOwn(left, key) ? left[key] : missing,
      Object.hasOwn(right, key) ? right[key] : isGone ? absent : missing,
    );
    if (change !== unchanged) gathered.add(`f:${key}`, change);
  };
  for (const key in left) visit(key);
  for (const key in right) if (!Object.hasOwn(left, key)) visit(key);
  if (isGone)
    for (const key of type.always?.keys() ?? [])
      if (!Object.hasOwn(left, key) && !Object.hasOwn(right, key)) visit(key);
  return gathered.change;
}

function compareLists(type: Extract<FieldType, { kind: "list" }>, before: unknown, after: unknown): Change {
  checkCountable(Math.max(asList(before)?.length ?? 0, asList(after)?.length ?? 0));
  const left = byElement(type, asList(before) ?? []);
  const right = byElement(type, asList(after) ?? []);
  const gathered = new Gathered();
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const [was, is] = [left.get(element) ?? [], right.get(element) ?? []];
    if (was.length <= 1 && is.length <= 1) {
      const change = compareValues(type.items(), was.length ? was[0] : absent, is.length ? is[0] : absent);
      if (change !== unchanged) gathered.add(element, change);
    } else if (was.length === 0) gathered.add(element, whole("added"));
    else if (is.length === 0) gathered.add(element, whole("removed"));
    else if (!sameJson(was, is)) gathered.add(element, whole("modified"));
  }
  return gathered.change;
}

/** A list's items by their identity; of live objects some may have the same. */
export function byElement(
  type: Extract<FieldType, { kind: "list" }>,
  list: readonly unknown[],
): Map<string, unknown[]> {
  const result = new Map<string, unknown[]>();
  for (const item of list) {
    const element = elementOf(type, item);
    const same = result.get(element);
    if (same) same.push(item);
    else result.set(element, [item]);
  }
  return result;
}
