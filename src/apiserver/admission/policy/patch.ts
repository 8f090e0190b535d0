import { CelError } from "../../../api/cel/errors.ts";
import { toJson } from "../../../api/cel/to_json.ts";
import type { ListValue, ObjectValue, Value } from "../../../api/cel/values.ts";
import { typeErrors } from "../../../api/machinery/apply/check.ts";
import { mergeApplied } from "../../../api/machinery/apply/merge.ts";
import { entryType, type FieldType, objectType, typeOfValue } from "../../../api/machinery/apply/type.ts";
import { definitions } from "../../../api/machinery/definitions.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { applyJsonPatch, type JsonPatchOperation, JsonPatchTestError } from "../../../api/machinery/patch_json.ts";
import type { Resource } from "../../../api/machinery/resource.ts";

/** A policy's patch cannot be made or applied. */
export class MutationError extends Error {}

/** The object as a mutation's result wants it. Pure. Throws MutationErrors. */
export function applyMutation(patchType: string, resource: Resource, object: KubeObject, result: Value): KubeObject {
  try {
    return patchType === "JSONPatch" ? jsonPatched(object, result) : configured(resource, object, result);
  } catch (error) {
    if (error instanceof CelError) throw new MutationError(error.message);
    throw error;
  }
}

function isObject(value: Value | undefined): value is ObjectValue {
  return value !== null && typeof value === "object" && "tag" in value && value.tag === "object";
}

/** Objects are named by where they are: `Object.spec` is good for the field `spec` of `Object` only. */
function checkNames(value: Value, path: string): void {
  if (!isObject(value) && !isList(value)) return;
  if (isList(value)) {
    for (const item of value.items) checkNames(item, path);
    return;
  }
  if (value.type.name !== path) {
    const wanted = `expected ${JSON.stringify(path)}, which matches field name path from root Object type`;
    throw new MutationError(`type mismatch: unexpected type name ${JSON.stringify(value.type.name)}, ${wanted}`);
  }
  for (const field of value.fields()) checkNames(value.get(field)!, `${path}.${field}`);
}

function isList(value: Value): value is ListValue {
  return value !== null && typeof value === "object" && "tag" in value && value.tag === "list";
}

function configured(resource: Resource, object: KubeObject, result: Value): KubeObject {
  if (!isObject(result)) throw new MutationError("unsupported return type from ApplyConfiguration expression");
  checkNames(result, "Object");
  const { apiVersion, kind } = object;
  const patch = { ...(toJson(result) as Record<string, unknown>), apiVersion, kind };
  const type = objectType(resource.schema, resource.definitions ?? definitions, definitions);
  const wrong = typeErrors(type, patch);
  if (wrong.length > 0) {
    const list = wrong.length === 1 ? wrong[0]! : wrong.map((each) => `\n  ${each}`).join("");
    throw new MutationError(`error applying patch: failed to convert patch object to typed object: ${list}`);
  }
  const atomics = atomicPaths(type, patch, "");
  if (atomics.length > 0) {
    const list = atomics.join(", ");
    throw new MutationError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${list}`,
    );
  }
  return mergeApplied(type, object, patch) as KubeObject;
}

/** What a configuration would replace as a whole, though it may have meant a part of it. */
function atomicPaths(given: FieldType, value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  const type = typeOfValue(given, value);
  const own = (type.kind === "list" || type.kind === "map") && type.atomic ? [path] : [];
  if (type.kind === "list" && Array.isArray(value)) {
    return [...own, ...value.flatMap((item, index) => atomicPaths(type.items(), item, `${path}[${index}]`))];
  }
  if (type.kind !== "map") return own;
  const inner = Object.entries(value).flatMap(([key, each]) => {
    const entry = entryType(type, key);
    return entry && type.fields?.has(key) ? atomicPaths(entry, each, `${path}.${key}`) : [];
  });
  return [...own, ...inner];
}

function jsonPatched(object: KubeObject, result: Value): KubeObject {
  if (!isList(result)) throw new MutationError("type mismatch: JSONPatchType.expression should evaluate to array");
  const operations = result.items.map((item): JsonPatchOperation => {
    if (!isObject(item) || item.type.name !== "JSONPatch") {
      throw new MutationError("type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch");
    }
    const value = item.get("value");
    if (isObject(value)) checkNames(value, value.type.name);
    const operation = toJson(item) as Record<string, unknown>;
    return operation as unknown as JsonPatchOperation;
  });
  try {
    return applyJsonPatch(object, operations) as KubeObject;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // A test that fails means that there is nothing to do.
    if (error instanceof JsonPatchTestError) return object;
    throw new MutationError(`JSONPath: ${error.message}`);
  }
}
