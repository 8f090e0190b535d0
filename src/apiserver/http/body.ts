import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { parseJsonChecked } from "../../api/machinery/json.ts";
import { groupOf, type KubeObject } from "../../api/machinery/object.ts";
import { hasProtobuf, protobufDecoder } from "../../api/machinery/protobuf/decode.ts";
import { definitionOfKind, openEnvelope, protobufMediaType } from "../../api/machinery/protobuf/envelope.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { badRequest, StatusError, unsupportedMediaType } from "../../api/machinery/status.ts";
import { parseYaml } from "../../api/machinery/yaml.ts";
import { joined } from "../../base/bytes.ts";
import type { HttpRequest } from "../../base/http.ts";
import { conversionError, isRegistered } from "./registered.ts";
import type { Call } from "./resources.ts";

/** The largest body that is read, in bytes, as the real server has it. */
const bodyBytesMax = 3 * 1024 * 1024;

const bodyTypes = ["application/json", "application/yaml", protobufMediaType];

function bodyTooLarge(): StatusError {
  const message = `Request entity too large: limit is ${bodyBytesMax}`;
  return new StatusError({ code: 413, reason: "RequestEntityTooLarge", message });
}

/** Reads the whole body. Throws a 413 for one that is too large. */
export async function readBody(request: HttpRequest): Promise<Uint8Array> {
  const { body } = request;
  if (body === undefined) return new Uint8Array(0);
  if (body instanceof Uint8Array) {
    if (body.length > bodyBytesMax) throw bodyTooLarge();
    return body;
  }
  if ("object" in body) return new TextEncoder().encode(JSON.stringify(body.object));
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > bodyBytesMax) throw bodyTooLarge();
    parts.push(part);
  }
  if (parts.length === 1) return parts[0]!;
  return joined(parts);
}

/** What a body said, as JSON. */
interface ReadBody {
  value: unknown;
  /** What strict readers object to. */
  problems: string[];
}

/**
 * A body as JSON. `kind` and `apiVersion` are what is expected of one that doesn't say what it is. Throws a 415 for media
 * types that we do not read, and for protobuf of a kind that has none.
 */
export async function readValue(request: HttpRequest, kind: string, apiVersion = ""): Promise<ReadBody> {
  if (request.body && "object" in request.body) return { value: request.body.object, problems: [] };
  const type = (request.headers["content-type"] ?? "application/json").split(";")[0]!.trim().toLowerCase();
  if (type === protobufMediaType) return readProtobuf(await readBody(request), kind, apiVersion);
  if (type !== "application/json" && type !== "application/yaml" && type !== "") throw unsupportedMediaType(bodyTypes);
  const bytes = await readBody(request);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  try {
    if (type === "application/yaml") {
      const parsed = parseYaml(text);
      return { value: parsed.value, problems: parsed.duplicates };
    }
    const { value, duplicates } = parseJsonChecked(bytes);
    return { value, problems: duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`) };
  } catch (error) {
    const why = type === "application/yaml" ? "" : "couldn't get version/kind; json parse error: ";
    throw unrecognized(kind, why + (error as Error).message, text);
  }
}

/** Protobuf has no empty values to tell from absent ones: the schema's decoder takes them out, as JSON leaves them out. */
async function readProtobuf(body: Uint8Array, expectedKind: string, expectedVersion: string): Promise<ReadBody> {
  let named = { kind: expectedKind, apiVersion: expectedVersion };
  try {
    const envelope = openEnvelope(body);
    named = { kind: envelope.kind || expectedKind, apiVersion: envelope.apiVersion || expectedVersion };
    const definition = await definitionOfKind(named.apiVersion, named.kind);
    if (definition === undefined && named.kind !== expectedKind) return { value: named, problems: [] };
    if (definition === undefined || !hasProtobuf(definition)) throw unsupportedMediaType(bodyTypes);
    const value = protobufDecoder(definition, definitions)(envelope.raw);
    const { object } = decoder(definition, definitions)(value);
    return { value: { ...object, ...named }, problems: [] };
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw unrecognized(expectedKind, (error as Error).message, hexSummary(body));
  }
}

/** The first 30 bytes, as the real server shows a body that is no text. */
function hexSummary(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, 30)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return bytes.length > 30 ? `${shown} ...` : shown;
}

/** How much of a body that nobody understands is shown, in letters. */
const shownMax = 30;

/** The start of the body; as hexadecimal bytes if it doesn't look like JSON. */
function shownBody(text: string): string {
  if (!text.startsWith("{")) return hexSummary(new TextEncoder().encode(text));
  return text.length > shownMax ? `${text.slice(0, shownMax)} ...` : text;
}

function unrecognized(kind: string, why: string, text: string): StatusError {
  const shown = text === "" ? "<empty>" : shownBody(text);
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${shown})`);
}

/** The object of a create or update: decoded by the resource's schema, of the right kind, in the right namespace. */
export async function decodeObject(call: Call, request: HttpRequest): Promise<KubeObject> {
  const { scope } = call;
  const { value, problems } = await readValue(request, scope.resource.kind, scope.resource.apiVersion);
  const draft = decodeAs(scope.resource, value, { ...scope, parseProblems: problems });
  const { namespace } = draft.metadata;
  if (scope.resource.namespaced) {
    if (namespace && namespace !== scope.namespace)
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    draft.metadata.namespace = scope.namespace!;
  } else delete draft.metadata.namespace;
  return draft;
}

/** How many unknown and duplicate fields are named. */
const problemsMax = 100;

interface Strictness {
  fieldValidation?: "Ignore" | "Warn" | "Strict";
  warnings: string[];
  parseProblems?: readonly string[];
  /** The body in the order that problems are named in, if not its own. */
  order?(): unknown;
}

/**
 * Decodes a value as an object of a resource. Gives the request's own copy. Throws a 400 for another kind, a wrong type,
 * or, if validation is strict, unknown and duplicate fields.
 */
export function decodeAs(resource: Resource, value: unknown, strictness: Strictness): KubeObject {
  const { kind, apiVersion } = resource;
  const given = (value ?? {}) as Partial<KubeObject>;
  if (typeof given !== "object" || Array.isArray(given)) {
    const type = Array.isArray(given) ? "array" : typeof given;
    const message = `couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
    throw unrecognized(kind, message, JSON.stringify(value));
  }
  checkKind(resource, given);
  let decoded: ReturnType<ReturnType<typeof decoder>>;
  try {
    decoded = resource.custom
      ? resource.custom.decode(given)
      : decoder(resource.schema, resource.definitions ?? definitions)(given);
  } catch (error) {
    const refusal = badRequest(
      `${kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${kind}: ${(error as Error).message}`,
    );
    refusal.cause = error;
    throw refusal;
  }
  const problems = inDocumentOrder(strictness.order ?? (() => given), [
    ...decoded.problems,
    ...(strictness.parseProblems ?? []),
  ]);
  if (problems.length > 0 && strictness.fieldValidation === "Strict") {
    throw badRequest(
      `${kind} in version ${JSON.stringify(resource.version)} cannot be handled as a ${kind}: strict decoding error: ${problems.slice(0, problemsMax).join(", ")}`,
    );
  }
  if (strictness.fieldValidation !== "Ignore") strictness.warnings.push(...problems.slice(0, problemsMax));
  const { metadata, ...rest } = decoded.object;
  return { ...rest, kind, apiVersion, metadata: metadata ?? {} };
}

function checkKind(resource: Resource, given: Partial<KubeObject>): void {
  const { kind, apiVersion } = resource;
  const [givenKind, givenVersion] = [given.kind || kind, given.apiVersion || apiVersion];
  if (givenKind === kind && givenVersion === apiVersion) return;
  if (givenVersion.split("/").length > 2) {
    const why = `unexpected GroupVersion string: ${givenVersion}`;
    throw unrecognized(kind, why, JSON.stringify(given));
  }
  const isOwnKind = givenKind === kind && (resource.custom || isRegistered(givenVersion, givenKind));
  if (isOwnKind) {
    throw badRequest(
      `the API version in the data (${givenVersion}) does not match the expected API version (${apiVersion})`,
    );
  }
  throw notHandled({ kind: givenKind, apiVersion: givenVersion }, resource);
}

function notHandled(given: { kind: string; apiVersion: string }, wanted: { kind: string; group: string }): StatusError {
  const version = JSON.stringify(given.apiVersion.split("/").at(-1));
  const why = conversionError(given, wanted);
  return badRequest(`${given.kind} in version ${version} cannot be handled as a ${wanted.kind}: ${why}`);
}

/** Problems in the order in which the body has the fields that they name. */
function inDocumentOrder(order: () => unknown, problems: string[]): string[] {
  if (problems.length < 2) return problems;
  const body = order();
  const positions = keyPositions();
  const placed = problems.map((text) => ({ text, place: placeOf(body, /"(.*)"/.exec(text)?.[1] ?? "", positions) }));
  const compare = (a: number[], b: number[]): number => {
    for (let index = 0; index < a.length && index < b.length; index++)
      if (a[index] !== b[index]) return a[index]! - b[index]!;
    return a.length - b.length;
  };
  return placed.sort((a, b) => compare(a.place, b.place)).map(({ text }) => text);
}

/** Gives the positions of an object's keys, counted once. */
function keyPositions(): (object: object) => ReadonlyMap<string, number> {
  const known = new Map<object, Map<string, number>>();
  return (object) => {
    let positions = known.get(object);
    if (!positions) {
      positions = new Map(Object.keys(object).map((key, index) => [key, index]));
      known.set(object, positions);
    }
    return positions;
  };
}

/** Where a field (`spec.containers[0].name`) stands: its position among its siblings at every level. */
function placeOf(body: unknown, path: string, positions: ReturnType<typeof keyPositions>): number[] {
  const place: number[] = [];
  let at = body as any;
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (typeof at !== "object" || at === null) break;
    if (index === undefined) place.push(positions(at).get(name!) ?? -1);
    else place.push(Number(index));
    at = at[index ?? name!];
  }
  return place;
}

/** The body of a subresource with a kind of its own. Only the kind is checked; throws a 400 for another. */
export async function decodeBodyAs<T extends KubeObject>(
  request: HttpRequest,
  apiVersion: string,
  kind: string,
): Promise<T> {
  const { value } = await readValue(request, kind, apiVersion);
  const object = (value ?? {}) as Partial<KubeObject>;
  if (object.kind && object.kind !== kind)
    throw notHandled(
      { kind: object.kind, apiVersion: object.apiVersion || apiVersion },
      { kind, group: groupOf(apiVersion) },
    );
  return structuredClone({ ...object, kind, apiVersion, metadata: object.metadata ?? {} }) as T;
}

/** The options that a DELETE may carry in its body. */
export async function decodeDeleteOptions(request: HttpRequest): Promise<Record<string, any>> {
  if (request.body === undefined) return {};
  const { value } = await readValue(request, "DeleteOptions", "v1");
  return (value ?? {}) as Record<string, any>;
}
