// What is wrong with what became of a claim: the devices that were allocated for it, and for whom.

import { sameJson } from "../../base/equal.ts";
import { nodeSelectorTermShape } from "../core/podspec/goshape.ts";
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
import { formatIp, parseCidr } from "../machinery/ip.ts";
import { dns1123Label } from "../machinery/names.ts";
import { fields, type GoShape, goValue } from "../parts/goshape.ts";
import {
  driverErrors,
  nameErrors,
  opaqueErrors,
  rawErrors,
  referenceErrors,
  repeatedErrors,
  requestNames,
  tolerationErrors,
} from "./device_checks.ts";
import { bindingErrors, poolNameErrors, shareErrors } from "./device_names.ts";

const consumersMax = 256;
const resultsMax = 32;
/** Those of the class and of the claim. */
const configsMax = 64;
const addressesMax = 16;
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
  else if (!sameJson(allocation, before.allocation))
    yield invalid(at, goValue(allocation, allocationShape), "field is immutable");
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

/** The device's names, which together are unique in a cluster. */
function* placeErrors({ driver, pool, device = "" }: any, path: FieldPath): Generator<FieldError> {
  yield* driverErrors(driver, path.child("driver"));
  yield* poolNameErrors(pool, path.child("pool"));
  for (const why of dns1123Label(device)) yield invalid(path.child("device"), device, why);
}

function* deviceErrors(device: any, allocated: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  yield* placeErrors(device, path);
  yield* shareErrors(device.shareID, path.child("shareID"));
  const { conditions = [], data, networkData } = device;
  if (!allocated.has(nameOf(device))) yield invalid(path, nameOf(device), "must be an allocated device in the claim");
  const at = path.child("conditions");
  if (conditions.length > conditionsMax) yield tooMany(at, conditions.length, conditionsMax);
  yield* conditionErrors(conditions, at);
  if (data !== undefined && data !== null) yield* rawErrors(data, dataBytesMax, path.child("data"));
  const { interfaceName = "", hardwareAddress = "", ips = [] } = networkData ?? {};
  const network = path.child("networkData");
  if (interfaceName.length > interfaceNameMax) yield tooLong(network.child("interfaceName"), interfaceNameMax);
  if (hardwareAddress.length > hardwareAddressMax) yield tooLong(network.child("hardwareAddress"), hardwareAddressMax);
  yield* interfaceErrors(ips, network.child("ips"));
}

/** Addresses of an interface, each with how much of it is the network's. */
function* interfaceErrors(addresses: readonly string[], path: FieldPath): Generator<FieldError> {
  if (addresses.length > addressesMax) {
    yield tooMany(path, addresses.length, addressesMax);
    return;
  }
  for (const [index, address] of addresses.entries()) {
    const range = parseCidr(address);
    const wanted = "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)";
    if (!range) {
      yield invalid(path.index(index), address, wanted);
      continue;
    }
    const { ip, prefix } = range;
    const text = ip.mapped
      ? `${formatIp(4, ip.value & 0xffffffffn)}/${prefix - 96}`
      : `${formatIp(ip.family, ip.value)}/${prefix}`;
    if (text !== address) {
      yield invalid(path.index(index), address, `must be in canonical form (${JSON.stringify(text)})`);
    }
  }
  yield* repeatedErrors(addresses, path);
}

function* resultErrors(result: any, names: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  yield* nameErrors(result.request ?? "", names, path.child("request"));
  yield* placeErrors(result, path);
  yield* bindingErrors(result, path);
  for (const [index, each] of (result.tolerations ?? []).entries()) {
    yield* tolerationErrors(each, path.child("tolerations").index(index));
  }
  yield* shareErrors(result.shareID, path.child("shareID"));
}

const sources = ["FromClaim", "FromClass"];

function* configErrors(config: any, names: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  const { source, requests = [], opaque } = config;
  const place = path.child("source");
  if (!source) yield required(place);
  else if (!sources.includes(source)) yield notSupported(place, source, sources);
  yield* referenceErrors(requests, names, path.child("requests"));
  yield* opaqueErrors(opaque, path.child("opaque"));
}

function* allocationErrors(allocation: any, names: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  const { results = [], config = [] } = allocation.devices ?? {};
  const at = path.child("devices", "results");
  if (results.length > resultsMax) yield tooMany(at, results.length, resultsMax);
  else for (const [index, result] of results.entries()) yield* resultErrors(result, names, at.index(index));
  const place = path.child("devices", "config");
  if (config.length > configsMax) yield tooMany(place, config.length, configsMax);
  else for (const [index, each] of config.entries()) yield* configErrors(each, names, place.index(index));
  if (!allocation.nodeSelector) return;
  const errors: FieldError[] = [];
  checkNodeSelector(errors, allocation.nodeSelector, path.child("nodeSelector"));
  yield* errors;
}

const opaqueShape: GoShape = { ...fields("Driver", ""), Parameters: ["parameters", null] };

const allocationShape: GoShape = {
  Devices: [
    "devices",
    "struct",
    () => ({
      Results: [
        "results",
        null,
        () => ({
          ...fields("Request Driver Pool Device", ""),
          ...fields("AdminAccess Tolerations BindingConditions BindingFailureConditions", null),
          ShareID: ["shareID", null],
          ConsumedCapacity: ["consumedCapacity", null],
        }),
      ],
      Config: [
        "config",
        null,
        () => ({ ...fields("Source", ""), Requests: ["requests", null], Opaque: ["opaque", null, () => opaqueShape] }),
      ],
    }),
  ],
  NodeSelector: [
    "nodeSelector",
    null,
    () => ({ NodeSelectorTerms: ["nodeSelectorTerms", null, () => nodeSelectorTermShape] }),
  ],
  AllocationTimestamp: ["allocationTimestamp", null],
};
