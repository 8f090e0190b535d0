// What is wrong with what became of a claim: the devices that were allocated for it, and for whom.

import { sameJson } from "../../base/equal.ts";
import { checkNodeSelector } from "../core/podspec/scheduling.ts";
import { conditionErrors } from "../machinery/conditions.ts";
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";
import { driverErrors, nameErrors, rawErrors, requestNames } from "./device_checks.ts";

const consumersMax = 256;
const resultsMax = 32;
const conditionsMax = 8;
const dataBytesMax = 10 * 1024;
const interfaceNameMax = 256;
const hardwareAddressMax = 128;

const statusPath = new FieldPath("status");
const nameOf = ({ driver, pool, device, shareID }: any): string =>
  [driver ?? "", pool ?? "", device ?? "", ...(shareID ? [shareID] : [])].join("/");

/** Errors in a change of a claim's status. */
export function* claimStatusErrors(next: any, previous: any): Generator<FieldError> {
  const { allocation, reservedFor = [], devices = [] } = next.status ?? {};
  const before = previous.status ?? {};
  yield* consumerErrors(reservedFor, statusPath.child("reservedFor"));
  const allocated = new Set<string>((allocation?.devices?.results ?? []).map(nameOf));
  for (const [index, device] of devices.entries()) {
    yield* deviceErrors(device, allocated, statusPath.child("devices").index(index));
  }
  for (const [index, device] of devices.entries()) {
    const isFirst = devices.findIndex((each: any) => nameOf(each) === nameOf(device)) === index;
    if (!isFirst) yield duplicate(statusPath.child("devices").index(index), nameOf(device));
  }
  const path = statusPath.child("reservedFor");
  if (reservedFor.length > 0 && !allocation) {
    yield forbiddenField(path, "may not be specified when `allocated` is not set");
  } else if (next.metadata.deletionTimestamp) {
    const known = before.reservedFor ?? [];
    const isNew = (each: any) => !known.some((other: any) => sameJson(each, other));
    const why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set";
    if (reservedFor.some(isNew)) yield forbiddenField(path, why);
  }
  const at = statusPath.child("allocation");
  if (!allocation) return;
  if (!before.allocation) yield* allocationErrors(allocation, requestNames(next.spec), at);
  else if (!sameJson(allocation, before.allocation)) yield invalid(at, allocation, "field is immutable");
}

function* consumerErrors(consumers: readonly any[], path: FieldPath): Generator<FieldError> {
  if (consumers.length > consumersMax) {
    yield tooMany(path, consumers.length, consumersMax);
    return;
  }
  for (const [index, consumer] of consumers.entries()) {
    for (const field of ["resource", "name", "uid"]) {
      if (!consumer[field]) yield required(path.index(index).child(field));
    }
  }
  const seen = new Set<string>();
  for (const [index, { uid = "" }] of consumers.entries()) {
    if (seen.has(uid)) yield duplicate(path.index(index), uid);
    seen.add(uid);
  }
}

/** The device's three names, which together are unique in a cluster. */
function* placeErrors({ driver, pool, device = "" }: any, path: FieldPath): Generator<FieldError> {
  yield* driverErrors(driver, path.child("driver"));
  if (!pool) yield required(path.child("pool"));
  else {
    for (const part of pool.split("/")) {
      for (const why of dns1123Subdomain(part)) yield invalid(path.child("pool"), part, why);
    }
  }
  for (const why of dns1123Label(device)) yield invalid(path.child("device"), device, why);
}

function* deviceErrors(device: any, allocated: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  yield* placeErrors(device, path);
  const { conditions = [], data, networkData } = device;
  if (!allocated.has(nameOf(device))) yield invalid(path, nameOf(device), "must be an allocated device in the claim");
  const at = path.child("conditions");
  if (conditions.length > conditionsMax) yield tooMany(at, conditions.length, conditionsMax);
  yield* conditionErrors(conditions, at);
  if (data !== undefined && data !== null) yield* rawErrors(data, dataBytesMax, path.child("data"));
  const { interfaceName = "", hardwareAddress = "" } = networkData ?? {};
  const network = path.child("networkData");
  if (interfaceName.length > interfaceNameMax) yield tooLong(network.child("interfaceName"), interfaceNameMax);
  if (hardwareAddress.length > hardwareAddressMax) yield tooLong(network.child("hardwareAddress"), hardwareAddressMax);
}

function* allocationErrors(allocation: any, names: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  const { results = [], config = [] } = allocation.devices ?? {};
  const at = path.child("devices", "results");
  if (results.length > resultsMax) yield tooMany(at, results.length, resultsMax);
  else {
    for (const [index, result] of results.entries()) {
      yield* nameErrors([result.request ?? ""], names, () => at.index(index).child("request"));
      yield* placeErrors(result, at.index(index));
    }
  }
  for (const [index, { source }] of config.entries()) {
    const place = path.child("devices", "config").index(index).child("source");
    const sources = ["FromClaim", "FromClass"];
    if (!source) yield required(place);
    else if (!sources.includes(source)) yield notSupported(place, source, sources);
  }
  if (!allocation.nodeSelector) return;
  const errors: FieldError[] = [];
  checkNodeSelector(errors, allocation.nodeSelector, path.child("nodeSelector"));
  yield* errors;
}
