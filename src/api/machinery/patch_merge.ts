// JSON merge patches (RFC 7386), and the three-way one that `kubectl apply` sends for kinds without a schema.

import { sameJson } from "../../base/equal.ts";
import { jsonKind } from "./decode_errors.ts";
import { StatusError } from "./status.ts";

type JsonObject = Record<string, unknown>;

/** The answers to patches that cannot be applied, by HTTP status. */
const refusals = {
  400: { reason: "BadRequest" },
  413: { reason: "RequestEntityTooLarge" },
  422: { reason: "Invalid", details: {} },
  500: {},
};

/** A patch that cannot be applied. */
export class PatchError extends StatusError {
  constructor(code: keyof typeof refusals, message: string) {
    super({ code, message, ...refusals[code] });
    this.name = "PatchError";
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks that a body is an object, as merge patches must be. Throws the server's 400 otherwise. */
export function readObjectPatch(patch: unknown): JsonObject {
  if (isObject(patch)) return patch;
  if (patch === null) throw new PatchError(400, "Invalid JSON Patch");
  throw new PatchError(
    400,
    `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
  );
}

/** Applies a merge patch. Neither argument is changed; the result shares what the patch leaves alone. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(result[key], value);
  }
  return result;
}

/**
 * The merge patch that makes `current` what `modified` says, and removes what was in `original` and isn't any more. What
 * others added to `current` stays.
 */
export function threeWayMerge(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  return { ...deletions(original, modified), ...changes(current, modified, original) };
}

/** `null` for every key that is gone. */
function deletions(original: JsonObject, modified: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(original)) if (!Object.hasOwn(modified, key)) patch[key] = null;
  return patch;
}

function changes(current: JsonObject, modified: JsonObject, original: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [key, value] of Object.entries(modified)) {
    const [now, before] = [current[key], original[key]];
    if (isObject(value) && isObject(now)) {
      const inner = threeWayMerge(isObject(before) ? before : {}, value, now);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!sameJson(value, now)) patch[key] = value;
  }
  return patch;
}
