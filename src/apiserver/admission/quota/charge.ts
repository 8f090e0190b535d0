// What a write does to the quotas of its namespace: pure, on their present state.

import { type Amounts, type Evaluator, isInScope } from "../../../api/core/quotausage.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  subtractQuantities,
} from "../../../api/machinery/quantity.ts";

export interface Write {
  evaluator: Evaluator;
  object: KubeObject;
  /** The object before an update. */
  previous?: KubeObject;
  now: number;
}

/** New `status.used` by the quotas' names; those that don't change are left out. Or why the write is refused. */
export type Charged = { used: Map<string, Amounts> } | { refused: string };

function matches(quota: KubeObject, { evaluator, object }: Write): boolean {
  const hard: Amounts = quota.status?.hard ?? {};
  if (!Object.keys(hard).some((name) => evaluator.covers(name))) return false;
  return isInScope(quota, evaluator, object);
}

/** What a write takes: of an update only what it adds. */
function taken({ evaluator, object, previous, now }: Write): Amounts {
  const usage = evaluator.usage(object, now);
  const before = previous ? evaluator.usage(previous, now) : {};
  const delta: Amounts = {};
  for (const [name, amount] of Object.entries(usage)) {
    const rest = before[name] === undefined ? amount : formatQuantity(subtractQuantities(amount, before[name]));
    const sign = compareQuantities(rest, "0");
    if (sign > 0 || (sign < 0 && !previous)) delta[name] = rest;
  }
  return delta;
}

function shown(names: readonly string[], amounts: Amounts): string {
  return [...names]
    .sort()
    .map((name) => `${name}=${amounts[name] ?? 0}`)
    .join(",");
}

/** Charges a write to all quotas that count it, or says which one forbids it. Pure. */
export function charge(quotas: readonly KubeObject[], write: Write): Charged {
  const used = new Map<string, Amounts>();
  const pertinent = quotas.filter((quota) => matches(quota, write));
  for (const { metadata, status } of pertinent) {
    const names = Object.keys(status.hard).filter((name) => write.evaluator.covers(name));
    const problem = write.evaluator.problem?.(write.object, names);
    if (problem !== undefined) return { refused: `failed quota: ${metadata.name}: ${problem}` };
    if (names.some((name) => status.used?.[name] === undefined))
      return { refused: `status unknown for quota: ${metadata.name}, resources: ${names.sort().join(",")}` };
  }
  if (pertinent.length === 0) return { used };
  const delta = taken(write);
  const negative = Object.keys(delta).filter((name) => compareQuantities(delta[name]!, "0") < 0);
  if (negative.length > 0) return { refused: `quota usage is negative for resource(s): ${negative.sort().join(",")}` };
  for (const { metadata, status } of pertinent) {
    const { hard } = status;
    const names = Object.keys(delta).filter((name) => hard[name] !== undefined);
    if (names.length === 0) continue;
    const next: Amounts = { ...status.used };
    for (const name of names) next[name] = formatQuantity(addQuantities(next[name] ?? "0", delta[name]!));
    const exceeded = names.filter((name) => compareQuantities(next[name]!, hard[name]) > 0);
    if (exceeded.length > 0) {
      const [wanted, present, limit] = [shown(exceeded, delta), shown(exceeded, status.used), shown(exceeded, hard)];
      return { refused: `exceeded quota: ${metadata.name}, requested: ${wanted}, used: ${present}, limited: ${limit}` };
    }
    used.set(metadata.name, next);
  }
  return { used };
}
