// What is wrong with what drivers offer (resource.k8s.io/v1, ResourceSlice).

import { nodeSelectorTermShape } from "../core/podspec/goshape.ts";
import { checkNodeSelector } from "../core/podspec/scheduling.ts";
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalid,
  required,
  tooLong,
  tooMany,
} from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";
import { addQuantities, compareQuantities, formatQuantity, quantityValue } from "../machinery/quantity.ts";
import { goValue } from "../parts/goshape.ts";
import { attributeNameErrors, driverErrors, repeatedErrors, taintErrors } from "./device_checks.ts";
import { bindingErrors, poolNameErrors } from "./device_names.ts";

const devicesMax = 128;
const taintedDevicesMax = 64;
const attributesMax = 32;
const taintsMax = 16;
const consumptionsMax = 2;
const counterSetsMax = 8;
const countersMax = 32;
const validValuesMax = 10;
const attributeBytesMax = 64;

const targets = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"];

/** Errors in a ResourceSlice. */
export function* sliceErrors(spec: any, path: FieldPath): Generator<FieldError> {
  const { driver, pool = {}, devices = [] } = spec;
  yield* driverErrors(driver, path.child("driver"));
  yield* poolErrors(pool, path.child("pool"));
  yield* targetErrors(spec, path);
  const set = targets.filter((target) => spec[target]);
  const one = `exactly one of ${targets.map((target) => `\`${target}\``).join(", ")} is required`;
  if (set.length > 1) {
    const shown = `{${set.map((target) => `\`${target}\``).join(", ")}}`;
    yield invalid(path, shown, `${one}, but multiple fields are set`);
  } else if (set.length === 0) yield required(path, one);
  if (spec.sharedCounters?.length && devices.length > 0) {
    yield invalid(path, "", "only one of `sharedCounters` or `devices` is allowed");
  }
  const special = devices.some(({ taints, consumesCounters }: any) => taints?.length || consumesCounters?.length);
  const max = special ? taintedDevicesMax : devicesMax;
  yield* uniqueErrors(
    devices,
    max,
    ({ name }) => name,
    path.child("devices"),
    (device, at) => deviceErrors(device, spec.perDeviceNodeSelection === true, at),
  );
  const at = path.child("sharedCounters");
  yield* uniqueErrors(
    spec.sharedCounters ?? [],
    counterSetsMax,
    ({ name }) => name,
    at,
    (counters, place) => counterErrors(counters.name, counters.counters, "name", place),
  );
}

/** A list of at most `max` items that differ by a key; the items are not looked at if there are more. */
function* uniqueErrors(
  list: readonly any[],
  max: number,
  keyOf: (item: any) => string,
  path: FieldPath,
  errorsOf: (item: any, path: FieldPath) => Iterable<FieldError>,
): Generator<FieldError> {
  if (list.length > max) {
    yield tooMany(path, list.length, max);
    return;
  }
  for (const [index, item] of list.entries()) yield* errorsOf(item, path.index(index));
  yield* repeatedErrors(list.map(keyOf), path);
}

/** Where the devices of a slice, or one of them, are. */
function* targetErrors(
  { nodeName, nodeSelector, allNodes, perDeviceNodeSelection }: any,
  path: FieldPath,
): Generator<FieldError> {
  const unset = "must be either unset or set to";
  const at = path.child("nodeName");
  if (nodeName === "") yield invalid(at, "", `${unset} a non-empty string`);
  else if (nodeName !== undefined) for (const why of dns1123Subdomain(nodeName)) yield invalid(at, nodeName, why);
  if (nodeSelector) {
    const errors: FieldError[] = [];
    checkNodeSelector(errors, nodeSelector, path.child("nodeSelector"));
    yield* errors;
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      const shown = nodeSelector.nodeSelectorTerms ? goValue(terms, nodeSelectorTermShape) : null;
      yield invalid(path.child("nodeSelector", "nodeSelectorTerms"), shown, "must have exactly one node selector term");
    }
  }
  if (allNodes === false) yield invalid(path.child("allNodes"), false, `${unset} true`);
  if (perDeviceNodeSelection === false) yield invalid(path.child("perDeviceNodeSelection"), false, `${unset} true`);
}

/** A set of counters, or what a device takes of one. */
function* counterErrors(
  name: string | undefined,
  counters: any,
  field: string,
  path: FieldPath,
): Generator<FieldError> {
  if (!name) yield required(path.child(field));
  else for (const why of dns1123Label(name)) yield invalid(path.child(field), name, why);
  const at = path.child("counters");
  const keys = Object.keys(counters ?? {});
  if (keys.length === 0) yield required(at);
  else if (keys.length > countersMax) yield tooMany(at, keys.length, countersMax);
  else for (const key of keys) for (const why of dns1123Label(key)) yield invalid(at, key, why);
}

/** Errors in a change of a ResourceSlice: whose it is and where stays. */
export function* sliceChangeErrors(next: any, previous: any, path: FieldPath): Generator<FieldError> {
  const [pool, oldPool] = [next.pool?.name, previous.pool?.name];
  const why = "field is immutable";
  if (pool !== oldPool) yield invalid(path.child("pool", "name"), pool ?? "", why);
  for (const field of ["driver", "nodeName"]) {
    if (next[field] !== previous[field]) yield invalid(path.child(field), next[field] ?? null, why);
  }
}

function* poolErrors({ name, resourceSliceCount, generation }: any, path: FieldPath): Generator<FieldError> {
  yield* poolNameErrors(name, path.child("name"));
  if ((resourceSliceCount ?? 0) <= 0) {
    yield invalid(path.child("resourceSliceCount"), resourceSliceCount ?? 0, "must be greater than zero");
  }
  if ((generation ?? 0) < 0) {
    yield invalid(path.child("generation"), generation, "must be greater than or equal to zero");
  }
}

/** The fields of an attribute's value, as messages call them. */
const valueFields = ["int", "bool", "string", "version", "ints", "bools", "strings", "versions"];

function goName(field: string): string {
  const isList = field.endsWith("s") && field !== "s";
  const base = isList ? field.slice(0, -1) : field;
  return `${base[0]!.toUpperCase()}${base.slice(1)}Value${isList ? "s" : ""}`;
}

function* deviceErrors(device: any, placed: boolean, path: FieldPath): Generator<FieldError> {
  const { name = "", attributes = {}, capacity = {}, taints = [], consumesCounters = [] } = device;
  for (const why of dns1123Label(name)) yield invalid(path.child("name"), name, why);
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > attributesMax) {
    yield invalid(path, count, `the total number of attributes and capacities must not exceed ${attributesMax}`);
  }
  for (const key of Object.keys(attributes).sort()) {
    const at = path.child("attributes").key(key);
    yield* attributeNameErrors(key, path.child("attributes"));
    yield* attributeErrors(attributes[key] ?? {}, at);
  }
  for (const key of Object.keys(capacity).sort()) {
    const at = path.child("capacity").key(key);
    yield* attributeNameErrors(key, path.child("capacity"));
    const { value, requestPolicy } = capacity[key] ?? {};
    if (!requestPolicy) continue;
    if (device.allowMultipleAllocations) yield* requestPolicyErrors(requestPolicy, value, at.child("requestPolicy"));
    else yield forbiddenField(at.child("requestPolicy"), "allowMultipleAllocations must be true");
  }
  if (taints.length > taintsMax) yield tooMany(path.child("taints"), taints.length, taintsMax);
  else for (const [index, taint] of taints.entries()) yield* taintErrors(taint, path.child("taints").index(index));
  const at = path.child("consumesCounters");
  yield* uniqueErrors(
    consumesCounters,
    consumptionsMax,
    ({ counterSet }) => counterSet,
    at,
    (each, place) => counterErrors(each.counterSet, each.counters, "counterSet", place),
  );
  yield* devicePlaceErrors(device, placed, path);
  yield* bindingErrors(device, path);
}

/** Where one device is, which only slices say that leave it to their devices. */
function* devicePlaceErrors(device: any, placed: boolean, path: FieldPath): Generator<FieldError> {
  const places = ["nodeName", "nodeSelector", "allNodes"];
  if (!placed) {
    if (places.every((place) => device[place] === undefined)) return;
    const only = "can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    yield invalid(path, null, `\`nodeName\`, \`nodeSelector\` and \`allNodes\` ${only}`);
    return;
  }
  yield* ownPlaceErrors(device, path);
  const set = places.filter((place) => device[place]).map((place) => `\`${place}\``);
  if (set.length === 1) return;
  const one =
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
  yield set.length === 0 ? required(path, one) : invalid(path, `{${set.join(", ")}}`, one);
}

function* ownPlaceErrors({ nodeName, nodeSelector, allNodes }: any, path: FieldPath): Generator<FieldError> {
  const at = path.child("nodeName");
  if (nodeName === "") yield invalid(at, "", "must not be empty");
  else if (nodeName !== undefined) for (const why of dns1123Subdomain(nodeName)) yield invalid(at, nodeName, why);
  const errors: FieldError[] = [];
  if (nodeSelector) checkNodeSelector(errors, nodeSelector, path.child("nodeSelector"));
  yield* errors;
  if (allNodes === false) yield invalid(path.child("allNodes"), false, "must be either unset or set to true");
}

/** Semantic Versioning 2.0.0. */
const versionPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

function* attributeErrors(value: any, path: FieldPath): Generator<FieldError> {
  if (value.string?.length > attributeBytesMax) yield tooLong(path.child("string"), attributeBytesMax);
  if (value.version !== undefined && !versionPattern.test(value.version)) {
    yield invalid(path.child("version"), value.version, "must be a string compatible with semver.org spec 2.0.0");
  }
  if (value.version?.length > attributeBytesMax) yield tooLong(path.child("version"), attributeBytesMax);
  const set = valueFields.filter((field) => value[field] !== undefined);
  if (set.length === 1) return;
  const shown = Object.fromEntries(valueFields.map((field) => [goName(field), value[field] ?? null]));
  yield invalid(path, set.length === 0 ? "" : shown, "exactly one value must be specified");
}

/** Of which sizes parts of a device's capacity may be. */
function* requestPolicyErrors(policy: any, capacity: string, path: FieldPath): Generator<FieldError> {
  const { validValues = [], validRange } = policy;
  if (validValues.length > 0 && validRange) {
    const why = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    yield forbiddenField(path, why);
    return;
  }
  const field = validRange ? "validRange" : "validValues";
  if (validValues.length === 0 && !validRange) return;
  if (policy.default === undefined) {
    yield required(path.child("default"), `required when ${field} is defined`);
    return;
  }
  const at = path.child(field);
  if (validRange) yield* rangeErrors(validRange, policy.default, capacity, at);
  else yield* valuesErrors(validValues, policy.default, capacity, at);
}

const isMore = (one: string, other: string) => compareQuantities(one, other) > 0;

function* valuesErrors(
  values: readonly string[],
  usual: string,
  capacity: string,
  path: FieldPath,
): Generator<FieldError> {
  for (const [index, value] of values.entries()) {
    if (index > 0 && isMore(values[index - 1]!, value)) {
      yield invalid(path.index(index), value, "values must be sorted in ascending order");
    }
  }
  if (values.length > validValuesMax) yield tooMany(path, values.length, validValuesMax);
  else {
    for (const [index, value] of values.entries()) {
      if (!isMore(value, capacity)) continue;
      yield invalid(path.index(index), value, `option is larger than capacity value: ${capacity}`);
    }
    yield* repeatedErrors(
      values.map((value) => `${quantityValue(value)}`),
      path,
    );
  }
  if (!values.some((value) => compareQuantities(value, usual) === 0)) {
    yield invalid(path, usual, "default value is not valid according to the requestPolicy");
  }
}

function* rangeErrors(range: any, usual: string, capacity: string, path: FieldPath): Generator<FieldError> {
  const { min, max } = range;
  if (min === undefined) {
    yield required(path.child("min"), "required when validRange is defined");
    return;
  }
  if (isMore(min, capacity)) yield invalid(path.child("min"), min, `min is larger than capacity value: ${capacity}`);
  if (isMore(min, usual)) yield invalid(path.child("default"), usual, `default is less than min: ${min}`);
  if (max !== undefined) {
    if (isMore(min, max)) yield invalid(path.child("max"), min, `min is larger than max: ${max}`);
    if (isMore(max, capacity)) yield invalid(path.child("max"), max, `max is larger than capacity value: ${capacity}`);
    if (isMore(usual, max)) yield invalid(path.child("default"), usual, `default is more than max: ${max}`);
  }
  if (range.step !== undefined) yield* stepErrors(range, usual, capacity, path.child("step"));
}

/** From the least on, sizes grow in steps. */
function* stepErrors({ min, max, step }: any, usual: string, capacity: string, path: FieldPath): Generator<FieldError> {
  if (!isMore(step, "0")) {
    yield invalid(path, step, "must be greater than zero");
    return;
  }
  const one = formatQuantity(addQuantities(min, step));
  if (isMore(one, capacity)) yield invalid(path, step, `one step ${one} is larger than capacity value: ${capacity}`);
  const isOff = (size: string) => (quantityValue(size) - quantityValue(min)) % quantityValue(step) !== 0;
  for (const size of max === undefined ? [usual] : [usual, max]) {
    if (isOff(size)) yield invalid(path, size, `value is not a multiple of a given step (${step}) from (${min})`);
  }
}
