// JSON patches (RFC 6902) as the real server applies them: all or nothing, but lenient. A path's first segment is dropped
// whatever it is, `replace` sets a missing key, negative indexes count from the end.

import { sameJson } from "../../base/equal.ts";
import { jsonKind } from "./decode_errors.ts";
import { isObject, PatchError } from "./patch_merge.ts";

export interface JsonPatchOperation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

interface Root {
  document: unknown;
  /** How much `copy` has added so far, in letters of JSON: a document that is copied into itself doubles each time. */
  copied: number;
}

/** What `copy` operations of one patch may add together, in letters of JSON: as much as a request may have. */
const copiedMax = 3 * 1024 * 1024;

/** A `test` operation found something else. */
export class JsonPatchTestError extends PatchError {}

const operationsMax = 10_000;

/** Checks that a body is a JSON patch. Throws a `PatchError` in the server's words. */
export function readJsonPatch(patch: unknown): JsonPatchOperation[] {
  const mistake = (value: unknown, go: string): PatchError =>
    new PatchError(400, `error decoding patch: json: cannot unmarshal ${jsonKind(value)} into Go value of type ${go}`);
  if (patch === null) return [];
  if (!Array.isArray(patch)) throw mistake(patch, "[]handlers.jsonPatchOp");
  if (patch.length > operationsMax) {
    throw new PatchError(
      413,
      `Request entity too large: The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`,
    );
  }
  for (const operation of patch) if (!isObject(operation)) throw mistake(operation, "handlers.jsonPatchOp");
  return patch as JsonPatchOperation[];
}

/** The server tells nobody what is wrong with an operation. */
const rejection = "the server rejected our request due to an error in our request";

function rejected(): PatchError {
  return new PatchError(422, rejection);
}

/** Applies a patch to a copy. Throws a `PatchError` if any operation fails. */
export function applyJsonPatch(document: unknown, patch: readonly JsonPatchOperation[]): unknown {
  const root: Root = { document: structuredClone(document), copied: 0 };
  for (const operation of patch) applyOperation(root, operation);
  return root.document;
}

function applyOperation(root: Root, { op, path, from, value = null }: JsonPatchOperation): void {
  if (typeof path !== "string") throw rejected();
  if (op === "add" || op === "replace") put(root, path, structuredClone(value), op);
  else if (op === "remove") remove(root, path);
  else if (op === "copy") put(root, path, copyOf(root, read(root, text(from))), "add");
  else if (op === "move") {
    const moved = read(root, text(from));
    remove(root, text(from));
    put(root, path, moved, "add");
  } else if (op !== "test") throw rejected();
  else if (!sameJson(read(root, path), value)) throw new JsonPatchTestError(422, rejection);
}

function copyOf(root: Root, value: unknown): unknown {
  const json = JSON.stringify(value) ?? "null";
  root.copied += json.length;
  if (root.copied > copiedMax) throw rejected();
  return JSON.parse(json);
}

function text(path: string | undefined): string {
  if (typeof path !== "string") throw rejected();
  return path;
}

/** The segments of a pointer after its first, which is empty in a proper one. */
function segments(path: string): string[] {
  return path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The container that the last segment is in. Throws if there is none. */
function containerOf(root: Root, path: string): { container: Record<string, unknown> | unknown[]; key: string } {
  const parts = segments(path);
  const key = parts.pop() ?? path;
  let container: unknown = root.document;
  for (const part of parts)
    container = Array.isArray(container) ? container[indexOf(container, part, 0)] : own(container, part);
  if (!Array.isArray(container) && !isObject(container)) throw rejected();
  return { container, key };
}

function own(container: unknown, key: string): unknown {
  return isObject(container) && Object.hasOwn(container, key) ? container[key] : undefined;
}

/** An index in a list; `beyond` is 1 where the end counts as a place. */
function indexOf(list: readonly unknown[], part: string, beyond: 0 | 1): number {
  if (beyond === 1 && part === "-") return list.length;
  if (!/^-?(?:0|[1-9]\d*)$/.test(part)) throw rejected();
  const index = Number(part) < 0 ? list.length + Number(part) + beyond : Number(part);
  if (index < 0 || index >= list.length + beyond) throw rejected();
  return index;
}

function read(root: Root, path: string): unknown {
  if (path === "") return root.document;
  const { container, key } = containerOf(root, path);
  if (Array.isArray(container)) return container[indexOf(container, key, 0)];
  return own(container, key) ?? null;
}

function put(root: Root, path: string, value: unknown, how: "add" | "replace"): void {
  if (path === "") {
    root.document = value;
    return;
  }
  const { container, key } = containerOf(root, path);
  if (!Array.isArray(container)) {
    Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
  } else if (how === "add") container.splice(indexOf(container, key, 1), 0, value);
  else container[indexOf(container, key, 0)] = value;
}

function remove(root: Root, path: string): void {
  const { container, key } = containerOf(root, path);
  if (Array.isArray(container)) container.splice(indexOf(container, key, 0), 1);
  else if (!Object.hasOwn(container, key)) throw rejected();
  else delete container[key];
}
