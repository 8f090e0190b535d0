import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { parseJson } from "../../api/machinery/json.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { applyJsonPatch, readJsonPatch } from "../../api/machinery/patch_json.ts";
import { applyMergePatch, readObjectPatch } from "../../api/machinery/patch_merge.ts";
import { applyStrategicPatch } from "../../api/machinery/patch_strategic.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { badRequest, StatusError } from "../../api/machinery/status.ts";
import type { Cached } from "../cache/cache.ts";
import type { Scope } from "../registry/scope.ts";
import { updateObject } from "../registry/write.ts";
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

type Patch = (document: unknown) => unknown;

/** The media type of the request's patch. Throws a 415 for what is no patch. */
function patchType({ request }: Call): string {
  const type = (request.headers["content-type"] ?? "").split(";")[0]!.trim();
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
  const value = body && "object" in body ? body.object : parsePatch(new TextDecoder().decode(await readBody(request)));
  if (type === "application/json-patch+json") {
    const operations = readJsonPatch(value);
    return (document) => applyJsonPatch(document, operations);
  }
  const patch = readObjectPatch(value);
  if (type === "application/merge-patch+json") return (document) => applyMergePatch(document, patch);
  const known = scope.resource.definitions ?? definitions;
  return (document) => applyStrategicPatch(document as Record<string, unknown>, patch, schema, known);
}

function parsePatch(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }
}

/** Applies the request's patch to the object (or its status). */
export async function patchObject(call: Call): Promise<{ item: Cached; created: boolean }> {
  const { registry, scope, name, subresource } = call;
  const { resource } = scope;
  const isApply = patchType(call) === applyType;
  checkPatchOptions(call, isApply);
  if (isApply) return applyObject(call);
  const patch = await readPatch(call, resource.schema);
  const item = await updateObject(
    registry,
    scope,
    name!,
    (current) => {
      const patched = patch(current) as KubeObject;
      const draft = decodePatched(resource, patched, scope);
      if (draft.metadata.name !== current.metadata.name)
        throw badRequest(
          `the name of the object (${draft.metadata.name}) does not match the name on the URL (${current.metadata.name})`,
        );
      // A version that the patch did not name is no condition.
      if (draft.metadata.resourceVersion === current.metadata.resourceVersion)
        delete (draft.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
      return draft;
    },
    { subresource: subresource?.name },
  );
  return { item, created: false };
}

/** What a patch made, decoded. What cannot be is answered 422, since the patch is to blame. */
function decodePatched(resource: Resource, patched: KubeObject, scope: Scope): KubeObject {
  try {
    return decodeAs(resource, patched, scope);
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 400) throw error;
    const why = error.message.replace(/^.* cannot be handled as a [^:]*: /, "");
    const message = `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${why}`;
    throw new StatusError({
      code: 422,
      reason: "Invalid",
      message: ` "" is invalid: patch: ${message}`,
      details: { causes: [{ reason: "FieldValueInvalid", message, field: "patch" }] },
    });
  }
}

/** Applies the request's patch to a document of another kind, such as a Scale. */
export async function patchDocument(call: Call, document: KubeObject, schema: string): Promise<KubeObject> {
  const patch = await readPatch(call, schema);
  const before = document.metadata.resourceVersion;
  const next = decoder(schema, definitions)(patch(document)).object as KubeObject;
  if (next.metadata.resourceVersion === before)
    delete (next.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
  return next;
}
