import { decoder } from "../../api/machinery/decode.ts";
import { DecodeError } from "../../api/machinery/decode_errors.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { inGoOrder } from "../../api/machinery/go_order.ts";
import { parseJsonChecked } from "../../api/machinery/json.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { applyJsonPatch, readJsonPatch } from "../../api/machinery/patch_json.ts";
import { applyMergePatch, readObjectPatch } from "../../api/machinery/patch_merge.ts";
import { applyStrategicPatch, goText } from "../../api/machinery/patch_strategic.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { badRequest, StatusError, unsupportedMediaType } from "../../api/machinery/status.ts";
import { builtinResources } from "../../api/resources.ts";
import { sameJson } from "../../base/equal.ts";
import type { Cached } from "../cache/cache.ts";
import type { Scope } from "../registry/scope.ts";
import { updateObject } from "../registry/update.ts";
import { checkName } from "../registry/write.ts";
import { applyObject, checkPatchOptions } from "./apply.ts";
import { decodeAs, readBody } from "./body.ts";
import type { Call } from "./resources.ts";

const applyType = "application/apply-patch+yaml";
const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  applyType,
];

/** Custom resources have no merge keys of Kubernetes' own making. */
const customPatchTypes = ["application/json-patch+json", "application/merge-patch+json", applyType];

type JsonObject = Record<string, unknown>;

interface Patch {
  apply(document: unknown): unknown;
  /** Keys that stand twice in the patch. */
  problems: readonly string[];
  /** What messages show instead of the patched object. */
  shown?: string;
}

/** The media type of the request's patch. Throws a 415 for what is no patch. */
function patchType({ request, scope }: Call): string {
  const type = (request.headers["content-type"] ?? "").split(";")[0]!.trim();
  const custom = scope.resource.custom !== undefined;
  if (custom && !customPatchTypes.includes(type)) throw unsupportedMediaType(customPatchTypes);
  if (patchTypes.includes(type)) return type;
  throw new StatusError({
    code: 415,
    reason: "UnsupportedMediaType",
    message: "415: Unsupported Media Type",
    details: {},
  });
}

/** Reads the request's patch by its media type. Throws a 400 for what is no patch. */
async function readPatch(call: Call, schema: string): Promise<Patch> {
  const { request, scope } = call;
  const type = patchType(call);
  const { body } = request;
  const { value, duplicates } =
    body && "object" in body ? { value: body.object, duplicates: [] } : parsePatch(await readBody(request));
  if (type === "application/json-patch+json") {
    const operations = readJsonPatch(value);
    const problems = duplicates.map((path) => `json patch duplicate field ${JSON.stringify(path)}`);
    return { apply: (document) => applyJsonPatch(document, operations), problems };
  }
  const patch = readObjectPatch(value);
  const problems = duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`);
  if (type === "application/merge-patch+json")
    return { apply: (document) => applyMergePatch(document, patch), problems };
  const known = scope.resource.definitions ?? definitions;
  return {
    apply: (document) => applyStrategicPatch(document as JsonObject, patch, schema, known),
    problems,
    shown: goText(patch),
  };
}

function parsePatch(bytes: Uint8Array): { value: unknown; duplicates: string[] } {
  try {
    return parseJsonChecked(bytes);
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

/** Applies the request's patch to the object (or its status). */
export async function patchObject(call: Call): Promise<{ item: Cached; created: boolean }> {
  const { registry, scope, name, subresource } = call;
  const { resource } = scope;
  if (isApply(call)) return applyObject(call);
  checkPatchOptions(call, false);
  const patch = await readPatch(call, resource.schema);
  const item = await updateObject(registry, scope, name!, (current) => patchedDraft(call, patch, current), {
    subresource: subresource?.name,
  });
  return { item, created: false };
}

function patchedDraft({ scope, name }: Call, patch: Patch, current: KubeObject): KubeObject {
  const draft = decodePatched(scope.resource, patch, current, scope);
  checkName(draft, name!);
  if (scope.resource.namespaced && draft.metadata.namespace && draft.metadata.namespace !== scope.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  // A version that the patch did not name is no condition.
  if (draft.metadata.resourceVersion === current.metadata.resourceVersion)
    delete (draft.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
  return draft;
}

/** What a patch made, decoded. What cannot be is answered 422, since the patch is to blame. */
function decodePatched(resource: Resource, patch: Patch, current: KubeObject, scope: Scope): KubeObject {
  const patched = patch.apply(current) as KubeObject;
  try {
    const otherKind = resource.custom ? undefined : mistakeAsOtherKind(resource, patched);
    if (otherKind !== undefined) throw badRequest(otherKind);
    const order = () => JSON.parse(patchedText(resource, current, patched));
    return decodeAs(resource, patched, { ...scope, parseProblems: patch.problems, order });
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    const restoring = error.cause instanceof DecodeError ? error.cause.restoring : undefined;
    const why =
      patch.shown !== undefined && restoring !== undefined
        ? restoring
        : error.message.replace(/^.* cannot be handled as a [^:]*: /, "");
    const message = `Invalid value: ${JSON.stringify(patch.shown ?? patchedText(resource, current, patched))}: ${why}`;
    throw new StatusError({
      code: 422,
      reason: "Invalid",
      message: ` "" is invalid: patch: ${message}`,
      details: { causes: [{ reason: "FieldValueInvalid", message, field: "patch" }] },
    });
  }
}

/** A patch that names another kind is read as that kind first: what is wrong with it then. */
function mistakeAsOtherKind(resource: Resource, patched: KubeObject): string | undefined {
  const { kind, apiVersion } = patched;
  if (!kind || kind === resource.kind || !apiVersion) return undefined;
  const other = builtinResources.find((each) => each.kind === kind && each.apiVersion === apiVersion);
  if (!other) return undefined;
  try {
    decoder(other.schema, definitions)(patched);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The patched object as the real server shows it: what the patch touched has its keys sorted, the rest is Go's own. */
function patchedText(resource: Resource, before: unknown, after: unknown): string {
  if (resource.custom) return JSON.stringify(after);
  const text = (was: unknown, is: unknown): string => {
    const isMap = typeof is === "object" && is !== null && !Array.isArray(is);
    if (!isMap || typeof was !== "object" || was === null || sameJson(was, is)) return JSON.stringify(is);
    const keys = Object.keys(is).toSorted();
    const entry = (key: string): string => text((was as JsonObject)[key], (is as JsonObject)[key]);
    return `{${keys.map((key) => `${JSON.stringify(key)}:${entry(key)}`).join(",")}}`;
  };
  const order = (value: unknown): unknown => inGoOrder(value, resource.schema, definitions);
  const [was, is] = [order(before) as JsonObject, order(after) as JsonObject];
  // At the root everything has been touched.
  return text({ ...was, "": true }, is);
}

/** Reads the request's patch of a document of another kind than the resource, such as a Scale. Gives what applies it. */
export async function documentPatcher(call: Call, schema: string): Promise<(document: KubeObject) => KubeObject> {
  checkPatchOptions(call, false);
  const patch = await readPatch(call, schema);
  return (document) => {
    const before = document.metadata.resourceVersion;
    const next = decoder(schema, definitions)(patch.apply(document)).object as KubeObject;
    if (next.metadata.resourceVersion === before)
      delete (next.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
    return next;
  };
}

/** Whether the request is a server-side apply. Throws a 415 for what is no patch. */
export function isApply(call: Call): boolean {
  return patchType(call) === applyType;
}
