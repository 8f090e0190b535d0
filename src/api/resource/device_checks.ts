import { compile, type Environment } from "../cel/cel.ts";
import { boolType, dynType, formatType, mapOf, objectOf, stringType } from "../cel/types.ts";
import { checkCsiDriverName } from "../core/podspec/volumesources.ts";
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
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from "../machinery/names.ts";
import { isExtended } from "../parts/resourcenames.ts";

// What is wrong with requests for devices and with what drivers offer (resource.k8s.io/v1).

const selectorsMax = 32;
const requestsMax = 32;
const constraintsMax = 32;
const configsMax = 32;
const alternativesMax = 8;
const parametersBytesMax = 10 * 1024;

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
  if (selectors.length > selectorsMax) {
    yield tooMany(path, selectors.length, selectorsMax);
    return;
  }
  for (const [index, { cel }] of selectors.entries()) {
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
  if (configs.length > configsMax) {
    yield tooMany(path, configs.length, configsMax);
    return;
  }
  for (const [index, { opaque, requests: named = [] }] of configs.entries()) {
    const at = path.index(index);
    if (requests) yield* referenceErrors(named, requests, at.child("requests"));
    yield* opaqueErrors(opaque, at.child("opaque"));
  }
}

/** What a driver is told that nobody else understands. */
export function* opaqueErrors(opaque: any, path: FieldPath): Generator<FieldError> {
  if (!opaque) {
    yield required(path);
    return;
  }
  yield* driverErrors(opaque.driver, path.child("driver"));
  yield* rawErrors(opaque.parameters, parametersBytesMax, path.child("parameters"));
}

/** A driver's name. */
export function driverErrors(driver: string | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  checkCsiDriverName(errors, driver, path);
  return errors;
}

const encoder = new TextEncoder();

/** An object of which only its driver knows what it means. */
export function* rawErrors(value: unknown, bytesMax: number, path: FieldPath): Generator<FieldError> {
  if (value === undefined || value === null) yield required(path);
  else if (encoder.encode(JSON.stringify(value)).length > bytesMax) yield tooLong(path, bytesMax);
  else if (typeof value !== "object" || Array.isArray(value)) {
    yield invalid(path, "<value omitted>", "must be a valid JSON object");
  }
}

const effects = ["NoExecute", "NoSchedule", "None"];

/** Errors in a taint of a device, or in the effect that a toleration tolerates, which may be absent. */
export function* taintErrors({ key = "", value = "", effect }: any, path: FieldPath): Generator<FieldError> {
  for (const why of qualifiedName(key)) yield invalid(path.child("key"), key, why);
  if (value) for (const why of labelValue(value)) yield invalid(path.child("value"), value, why);
  if (!effect) yield required(path.child("effect"));
  else if (!effects.includes(effect)) yield notSupported(path.child("effect"), effect, effects);
}

/** Errors in what is tolerated of a device. */
export function* tolerationErrors({ key, operator, value = "", effect }: any, path: FieldPath): Generator<FieldError> {
  if (key) for (const why of qualifiedName(key)) yield invalid(path.child("key"), key, why);
  if (!operator) yield required(path.child("operator"));
  else if (operator === "Equal") for (const why of labelValue(value)) yield invalid(path.child("value"), value, why);
  else if (operator !== "Exists") yield notSupported(path.child("operator"), operator, ["Equal", "Exists"]);
  else if (value !== "") yield invalid(path.child("value"), value, "must be empty for operator `Exists`");
  if (effect && !effects.includes(effect)) yield notSupported(path.child("effect"), effect, effects);
}

/** The name of a request (`a`) or of one of its alternatives (`a/x`). */
export function* nameErrors(name: string, known: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  const parts = name.split("/");
  const why = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  if (parts.length <= 2)
    for (const part of parts) for (const wrong of dns1123Label(part)) yield invalid(path, part, wrong);
  if (parts.length > 2 || !known.has(name)) yield invalid(path, name, why);
}

/** A list of such names, each said once. */
export function* referenceErrors(
  names: readonly string[],
  known: ReadonlySet<string>,
  path: FieldPath,
): Generator<FieldError> {
  if (names.length > requestsMax) {
    yield tooMany(path, names.length, requestsMax);
    return;
  }
  for (const [index, name] of names.entries()) yield* nameErrors(name, known, path.index(index));
  yield* repeatedErrors(names, path);
}

/** Keys that come again; said after everything else about the items of a list. */
export function* repeatedErrors(keys: readonly string[], path: FieldPath): Generator<FieldError> {
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (seen.has(key)) yield duplicate(path.index(index), key);
    seen.add(key);
  }
}

function* exactErrors(request: any, path: FieldPath): Generator<FieldError> {
  const { deviceClassName, selectors = [], allocationMode, count, tolerations = [] } = request;
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
  for (const [index, each] of tolerations.entries())
    yield* tolerationErrors(each, path.child("tolerations").index(index));
}

function* requestErrors(request: any, path: FieldPath): Generator<FieldError> {
  const { name = "", exactly, firstAvailable } = request;
  for (const why of dns1123Label(name)) yield invalid(path.child("name"), name, why);
  const one = "exactly one of `exactly` or `firstAvailable` is required";
  const several = firstAvailable !== undefined && firstAvailable.length > 0;
  if (exactly && several) yield invalid(path, null, `${one}, but multiple fields are set`);
  else if (!exactly && !several) yield required(path, one);
  if (exactly && !several) yield* exactErrors(exactly, path.child("exactly"));
  if (!several || exactly) return;
  const at = path.child("firstAvailable");
  if (firstAvailable.length > alternativesMax) {
    yield tooMany(at, firstAvailable.length, alternativesMax);
    return;
  }
  for (const [index, each] of firstAvailable.entries()) {
    const own: string = each.name ?? "";
    for (const why of dns1123Label(own)) yield invalid(at.index(index).child("name"), own, why);
    yield* exactErrors(each, at.index(index));
  }
  yield* repeatedErrors(
    firstAvailable.map((each: any) => each.name ?? ""),
    at,
  );
}

/** Names by which a claim's parts may speak of its requests: `a`, and `a/x` for an alternative. */
export function requestNames(spec: any): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name, firstAvailable } of spec?.devices?.requests ?? []) {
    names.add(name);
    for (const each of firstAvailable ?? []) names.add(`${name}/${each.name}`);
  }
  return names;
}

/** Errors in the spec of a claim or of a template's claim. */
export function* claimErrors(spec: any, path: FieldPath): Generator<FieldError> {
  const { requests = [], constraints = [], config = [] } = spec?.devices ?? {};
  const devices = path.child("devices");
  const names = requestNames(spec);
  if (requests.length > requestsMax) yield tooMany(devices.child("requests"), requests.length, requestsMax);
  else yield* requestListErrors(requests, devices.child("requests"));
  const at = devices.child("constraints");
  if (constraints.length > constraintsMax) yield tooMany(at, constraints.length, constraintsMax);
  else for (const [index, each] of constraints.entries()) yield* constraintErrors(each, names, at.index(index));
  yield* configErrors(config, devices.child("config"), names);
}

function* requestListErrors(requests: readonly any[], path: FieldPath): Generator<FieldError> {
  for (const [index, request] of requests.entries()) yield* requestErrors(request, path.index(index));
  yield* repeatedErrors(
    requests.map(({ name = "" }) => name),
    path,
  );
}

function* constraintErrors(constraint: any, known: ReadonlySet<string>, path: FieldPath): Generator<FieldError> {
  const { requests = [], matchAttribute, distinctAttribute } = constraint;
  yield* referenceErrors(requests, known, path.child("requests"));
  const field = matchAttribute === undefined ? "distinctAttribute" : "matchAttribute";
  const name = matchAttribute ?? distinctAttribute;
  if (name === undefined) {
    const why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    yield required(path, why);
    return;
  }
  yield* attributeNameErrors(name, path.child(field));
  if (!name.includes("/")) {
    const why = "a fully qualified name must be a domain and a name separated by a slash";
    yield invalid(path.child(field), name, why);
  }
}

const identifierMax = 32;
const identifierRule =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";

function* identifierErrors(name: string, path: FieldPath): Generator<FieldError> {
  if (name.length > identifierMax) yield tooLong(path, identifierMax);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) yield invalid(path, name, identifierRule);
}

/** `model`, or `driver.example.com/model`. */
export function* attributeNameErrors(name: string, path: FieldPath): Generator<FieldError> {
  const [domain = "", rest, ...more] = name.split("/");
  if (rest === undefined) yield* identifierErrors(domain, path);
  if (rest === undefined || more.length > 0) return;
  if (domain === "") yield invalid(path, "", "the domain must not be empty");
  else yield* driverErrors(domain, path);
  if (rest === "") yield invalid(path, "", "the name must not be empty");
  else yield* identifierErrors(rest, path);
}

/** Errors in a DeviceClass. */
export function* classErrors(spec: any, path: FieldPath): Generator<FieldError> {
  yield* selectorErrors(spec?.selectors ?? [], path.child("selectors"));
  yield* configErrors(spec?.config ?? [], path.child("config"));
  const name: string | undefined = spec?.extendedResourceName;
  if (name !== undefined && !isExtended(name)) {
    yield invalid(path.child("extendedResourceName"), name, "must be a valid extended resource name");
  }
}
