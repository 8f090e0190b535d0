import { compile, type Environment } from "../cel/cel.ts";
import { boolType, dynType, formatType, mapOf, objectOf, stringType } from "../cel/types.ts";
import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
} from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, qualifiedName } from "../machinery/names.ts";

// What is wrong with requests for devices and with what drivers offer (resource.k8s.io/v1).

const selectorsMax = 32;
const requestsMax = 32;
const constraintsMax = 32;
const configsMax = 32;
const alternativesMax = 8;
const devicesMax = 128;
const attributesMax = 32;

/** Letters of a selector's expression. */
const expressionMax = 10 * 1024;

/** What a selector may cost at worst. */
const selectorCostMax = 1_000_000;

/** What the expressions of selectors see of a device. */
const deviceEnvironment: Environment = {
  variables: {
    device: objectOf("kubernetes.DRADevice", {
      driver: stringType,
      allowMultipleAllocations: boolType,
      attributes: mapOf(stringType, mapOf(stringType, dynType)),
      capacity: mapOf(stringType, mapOf(stringType, { kind: "opaque", name: "kubernetes.Quantity" })),
    }),
  },
};

function* selectorErrors(selectors: readonly any[], path: FieldPath): Generator<FieldError> {
  if (selectors.length > selectorsMax) yield tooMany(path, selectors.length, selectorsMax);
  for (const [index, { cel }] of selectors.slice(0, selectorsMax).entries()) {
    const at = path.index(index).child("cel");
    if (!cel) yield required(at);
    else yield* expressionErrors(cel.expression ?? "", at.child("expression"));
  }
}

function* expressionErrors(expression: string, path: FieldPath): Generator<FieldError> {
  if (expression.length > expressionMax) {
    yield tooLong(path, expressionMax);
    return;
  }
  const compiled = compile(expression, deviceEnvironment);
  if (!compiled.ok) {
    yield invalid(path, expression, `compilation failed: ${compiled.message}`);
    return;
  }
  const { type, estimate } = compiled.program;
  if (type.kind !== "bool" && type.kind !== "dyn") {
    yield invalid(path, expression, `must evaluate to bool or the unknown type, not ${formatType(type)}`);
  } else if (Number.isFinite(estimate().max) && estimate().max > selectorCostMax) {
    yield {
      type: "FieldValueForbidden",
      field: `${path}`,
      body: "Forbidden: too complex, exceeds cost limit",
    };
  }
}

/** Errors in configuration for drivers; `requests` are those of a claim, absent in a class. */
function* configErrors(
  configs: readonly any[],
  path: FieldPath,
  requests?: ReadonlySet<string>,
): Generator<FieldError> {
  if (configs.length > configsMax) yield tooMany(path, configs.length, configsMax);
  for (const [index, { opaque, requests: named = [] }] of configs.entries()) {
    const at = path.index(index);
    if (requests) yield* nameErrors(named, requests, at.child("requests"));
    if (!opaque) {
      yield required(at.child("opaque"));
      continue;
    }
    const driver = at.child("opaque").child("driver");
    if (!opaque.driver) yield required(driver);
    else for (const why of dns1123Subdomain(opaque.driver)) yield invalid(driver, opaque.driver, why);
    if (opaque.parameters === undefined) yield required(at.child("opaque").child("parameters"));
  }
}

/** Names of requests (`a`) or of one of their alternatives (`a/x`), each said once. */
function* nameErrors(names: readonly string[], known: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  for (const [index, name] of names.entries()) {
    if (!known.has(name)) yield invalid(path.index(index), name, "must be the name of a request in the claim");
    if (names.indexOf(name) < index) yield duplicate(path.index(index), name);
  }
}

function* exactErrors(request: any, path: FieldPath): Generator<FieldError> {
  const { deviceClassName, selectors = [], allocationMode, count } = request;
  const className = path.child("deviceClassName");
  if (!deviceClassName) yield required(className);
  else for (const why of dns1123Subdomain(deviceClassName)) yield invalid(className, deviceClassName, why);
  yield* selectorErrors(selectors, path.child("selectors"));
  const at = path.child("count");
  if (allocationMode === "All") {
    if (count) yield invalid(at, count, "must not be specified when allocationMode is 'All'");
  } else if (allocationMode === "ExactCount") {
    if ((count ?? 0) <= 0) yield invalid(at, count ?? 0, "must be greater than zero");
  } else yield notSupported(path.child("allocationMode"), allocationMode, ["All", "ExactCount"]);
}

function* requestErrors(request: any, path: FieldPath): Generator<FieldError> {
  const { name, exactly, firstAvailable } = request;
  if (!name) yield required(path.child("name"));
  else for (const why of dns1123Label(name)) yield invalid(path.child("name"), name, why);
  const one = "exactly one of `exactly` or `firstAvailable` is required";
  const several = firstAvailable !== undefined && firstAvailable.length > 0;
  if (exactly && several) yield invalid(path, null, `${one}, but multiple fields are set`);
  else if (!exactly && !several) yield required(path, one);
  if (exactly && !several) yield* exactErrors(exactly, path.child("exactly"));
  if (!several || exactly) return;
  const at = path.child("firstAvailable");
  if (firstAvailable.length > alternativesMax) yield tooMany(at, firstAvailable.length, alternativesMax);
  const names = new Set<string>();
  for (const [index, each] of firstAvailable.entries()) {
    if (!each.name) yield required(at.index(index).child("name"));
    else for (const why of dns1123Label(each.name)) yield invalid(at.index(index).child("name"), each.name, why);
    if (names.has(each.name)) yield duplicate(at.index(index), each.name);
    names.add(each.name);
    yield* exactErrors(each, at.index(index));
  }
}

/** Errors in the spec of a claim or of a template's claim. */
export function* claimErrors(spec: any, path: FieldPath): Generator<FieldError> {
  const { requests = [], constraints = [], config = [] } = spec?.devices ?? {};
  const devices = path.child("devices");
  if (requests.length > requestsMax) yield tooMany(devices.child("requests"), requests.length, requestsMax);
  const names = new Set<string>();
  for (const [index, request] of requests.entries()) {
    const at = devices.child("requests").index(index);
    yield* requestErrors(request, at);
    if (names.has(request.name)) yield duplicate(at, request.name);
    names.add(request.name);
    for (const each of request.firstAvailable ?? []) names.add(`${request.name}/${each.name}`);
  }
  const at = devices.child("constraints");
  if (constraints.length > constraintsMax) yield tooMany(at, constraints.length, constraintsMax);
  for (const [index, { requests: named = [], matchAttribute, distinctAttribute }] of constraints.entries()) {
    yield* nameErrors(named, names, at.index(index).child("requests"));
    if (!matchAttribute && !distinctAttribute) yield required(at.index(index).child("matchAttribute"));
    else if (matchAttribute) yield* attributeNameErrors(matchAttribute, at.index(index).child("matchAttribute"), true);
  }
  yield* configErrors(config, devices.child("config"), names);
}

/** `model`, or `driver.example.com/model`. */
function* attributeNameErrors(name: string, path: FieldPath, qualified: boolean): Generator<FieldError> {
  if (qualified && !name.includes("/")) yield invalid(path, name, "must include a domain");
  else if (qualified) for (const why of qualifiedName(name)) yield invalid(path, name, why);
}

/** Errors in a DeviceClass. */
export function* classErrors(spec: any, path: FieldPath): Generator<FieldError> {
  yield* selectorErrors(spec?.selectors ?? [], path.child("selectors"));
  yield* configErrors(spec?.config ?? [], path.child("config"));
}

const targets = ["nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection"];

/** Errors in a ResourceSlice. */
export function* sliceErrors(spec: any, path: FieldPath): Generator<FieldError> {
  const { driver, pool = {}, devices = [] } = spec;
  if (!driver) yield required(path.child("driver"));
  else for (const why of dns1123Subdomain(driver)) yield invalid(path.child("driver"), driver, why);
  yield* poolErrors(pool, path.child("pool"));
  const set = targets.filter((target) => spec[target]);
  const one = `exactly one of ${targets.map((target) => `\`${target}\``).join(", ")} is required`;
  if (set.length > 1) {
    const shown = `{${set.map((target) => `\`${target}\``).join(", ")}}`;
    yield invalid(path, shown, `${one}, but multiple fields are set`);
  } else if (set.length === 0 && devices.length > 0) yield required(path, one);
  if (devices.length > devicesMax) yield tooMany(path.child("devices"), devices.length, devicesMax);
  const names = new Set<string>();
  for (const [index, device] of devices.entries()) {
    const at = path.child("devices").index(index);
    yield* deviceErrors(device, at);
    if (names.has(device.name)) yield duplicate(at, device.name);
    names.add(device.name);
  }
}

function* poolErrors({ name, resourceSliceCount, generation }: any, path: FieldPath): Generator<FieldError> {
  if (!name) yield required(path.child("name"));
  else {
    const errors = name.split("/").flatMap((part: string) => dns1123Subdomain(part));
    for (const why of errors) yield invalid(path.child("name"), name, why);
  }
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

function* deviceErrors({ name, attributes = {}, capacity = {} }: any, path: FieldPath): Generator<FieldError> {
  if (!name) yield required(path.child("name"));
  else for (const why of dns1123Label(name)) yield invalid(path.child("name"), name, why);
  const count = Object.keys(attributes).length + Object.keys(capacity).length;
  if (count > attributesMax) {
    yield invalid(path, count, `the total number of attributes and capacities must not exceed ${attributesMax}`);
  }
  for (const [key, value] of Object.entries<any>(attributes)) {
    const at = path.child("attributes").key(key);
    const set = valueFields.filter((field) => value?.[field] !== undefined);
    if (set.length === 1) continue;
    if (set.length === 0) yield required(at, "exactly one value must be specified");
    else {
      const shown = Object.fromEntries(valueFields.map((field) => [goName(field), value[field] ?? null]));
      yield invalid(at, shown, "exactly one value must be specified");
    }
  }
}
