import { duplicate, type FieldError, type FieldPath, invalid, notSupported, required } from "../machinery/field.ts";
import { pathSegment } from "../machinery/names.ts";

// What webhooks and policies say of the requests that they are for.

const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const scopes = ["*", "Cluster", "Namespaced"];

/** Errors in a rule of a webhook (`rules[0]`) or a policy (`resourceRules[0]`). */
export function* ruleErrors(rule: any, path: FieldPath): Generator<FieldError> {
  yield* nameErrors(rule.resourceNames ?? [], path.child("resourceNames"));
  const { operations: given = [], apiGroups = [], apiVersions = [] } = rule;
  const at = path.child("operations");
  if (given.length === 0) yield required(at);
  yield* wildcardErrors(given, at, "operations");
  for (const [index, operation] of given.entries()) {
    if (!operations.includes(operation)) yield notSupported(at.index(index), operation, operations);
  }
  if (apiGroups.length === 0) yield required(path.child("apiGroups"));
  yield* wildcardErrors(apiGroups, path.child("apiGroups"), "API groups");
  if (apiVersions.length === 0) yield required(path.child("apiVersions"));
  yield* wildcardErrors(apiVersions, path.child("apiVersions"), "API versions");
  for (const [index, version] of apiVersions.entries()) {
    if (version === "") yield required(path.child("apiVersions").index(index));
  }
  yield* resourceErrors(rule.resources ?? [], path.child("resources"));
  if (rule.scope !== undefined && !scopes.includes(rule.scope))
    yield notSupported(path.child("scope"), rule.scope, scopes);
}

function* nameErrors(names: readonly string[], path: FieldPath): Generator<FieldError> {
  for (const [index, name] of names.entries()) {
    for (const why of pathSegment(name)) yield invalid(path.index(index), name, why);
    if (names.indexOf(name) < index) yield duplicate(path.index(index), name);
  }
}

function* wildcardErrors(values: readonly string[], path: FieldPath, what: string): Generator<FieldError> {
  if (values.length > 1 && values.includes("*"))
    yield invalid(path, values, `if '*' is present, must not specify other ${what}`);
}

function* resourceErrors(resources: readonly string[], path: FieldPath): Generator<FieldError> {
  if (resources.length === 0) yield required(path);
  const wholes = new Set<string>();
  const parts = new Set<string>();
  for (const [index, resource] of resources.entries()) {
    const at = path.index(index);
    if (resource === "") yield required(at);
    const slash = resource.indexOf("/");
    if (slash < 0) continue;
    const [name, part] = [resource.slice(0, slash), resource.slice(slash + 1)];
    if (wholes.has(name)) yield invalid(at, resource, `if '${name}/*' is present, must not specify ${resource}`);
    if (parts.has(part)) yield invalid(at, resource, `if '*/${part}' is present, must not specify ${resource}`);
    if (part === "*") wholes.add(name);
    if (name === "*") parts.add(part);
  }
  if (resources.length > 1 && resources.includes("*/*")) {
    yield invalid(path, resources, "if '*/*' is present, must not specify other resources");
  }
  // As in the real server, the last resource without a part counts.
  const plain = resources.findLast((resource) => resource !== "" && !resource.includes("/"));
  if (resources.includes("*") && plain !== "*") {
    yield invalid(path, resources, "if '*' is present, must not specify other resources without subresources");
  }
}
