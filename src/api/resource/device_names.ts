// Names that devices and what is allocated of them have: pools, shares, conditions.

import { type FieldError, type FieldPath, invalid, required, tooLong, tooMany } from "../machinery/field.ts";
import { dns1123Subdomain, qualifiedName } from "../machinery/names.ts";
import { repeatedErrors } from "./device_checks.ts";

const poolNameMax = 253;
const bindingConditionsMax = 4;

/** Domains with slashes between them. */
export function* poolNameErrors(name: string | undefined, path: FieldPath): Generator<FieldError> {
  if (!name) {
    yield required(path);
    return;
  }
  if (name.length > poolNameMax) yield tooLong(path, poolNameMax);
  for (const part of name.split("/")) for (const why of dns1123Subdomain(part)) yield invalid(path, part, why);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** How long a UUID may be written, by the library that reads it. */
const uuidLengths = [32, 36, 38, 45];

/** The name of a share of a device. */
export function* shareErrors(id: string | undefined, path: FieldPath): Generator<FieldError> {
  if (id === undefined || uuid.test(id)) return;
  const wrong = (why: string) => invalid(path, id, `error validating uid: ${why}`);
  if (!uuidLengths.includes(id.length)) yield wrong(`invalid UUID length: ${id.length}`);
  else if (!uuid.test(id.toLowerCase()) && id.length === 36) yield wrong("invalid UUID format");
  else {
    const form = "`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters";
    yield invalid(path, id, `uid must be in RFC 4122 normalized form, ${form}`);
  }
}

/** The conditions that say whether a device is ready for its pod: each of one of both kinds, and none without the other. */
export function* bindingErrors(device: any, path: FieldPath): Generator<FieldError> {
  const { bindingConditions: ready = [], bindingFailureConditions: failed = [] } = device;
  const [readyPath, failedPath] = [path.child("bindingConditions"), path.child("bindingFailureConditions")];
  yield* conditionNameErrors(ready, readyPath);
  yield* conditionNameErrors(failed, failedPath);
  yield* repeatedErrors(ready, readyPath);
  yield* repeatedErrors(failed, failedPath);
  for (const [index, name] of failed.entries()) {
    if (!ready.includes(name)) continue;
    yield invalid(failedPath.index(index), name, "bindingFailureConditions must not overlap with bindingConditions");
  }
  const needed = (one: string, other: string) => `${one} are required to use ${other}`;
  if (ready.length === 0 && failed.length > 0) {
    const shown = device.bindingConditions ?? null;
    yield invalid(readyPath, shown, needed("bindingConditions", "bindingFailureConditions"));
  }
  if (failed.length === 0 && ready.length > 0) {
    const shown = device.bindingFailureConditions ?? null;
    yield invalid(failedPath, shown, needed("bindingFailureConditions", "bindingConditions"));
  }
}

function* conditionNameErrors(names: readonly string[], path: FieldPath): Generator<FieldError> {
  if (names.length > bindingConditionsMax) {
    yield tooMany(path, names.length, bindingConditionsMax);
    return;
  }
  for (const [index, name] of names.entries()) {
    for (const why of qualifiedName(name)) yield invalid(path.index(index), name, why);
  }
}
