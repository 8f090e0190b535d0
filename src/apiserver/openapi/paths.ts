// Paths and operations in the dialects of OpenAPI.

import type { OperationParameter, OperationTexts } from "../../api/machinery/definitions.ts";
import type { Operation, Phrase } from "./operations.ts";
import type { PathItem } from "./resource_paths.ts";
import { type Dialect, refTo } from "./schemas.ts";

type Json = Record<string, unknown>;

const mediaTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const streamTypes = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];
const patchDefinition = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";

/** One path with its operations. */
export function renderPath(item: PathItem, texts: OperationTexts, dialect: Dialect): Json {
  const shared = pathParameters(item, texts, dialect);
  const path: Json = {};
  for (const operation of item.operations) path[operation.method] = renderOperation(operation, texts, dialect);
  return shared.length > 0 ? { ...path, parameters: shared } : path;
}

function pathParameters(
  { path, nameOf, namespaced, shared, pretty }: PathItem,
  texts: OperationTexts,
  dialect: Dialect,
): Json[] {
  const list: Json[] = [];
  const inPath = (name: string, description: string): Json =>
    typed({ name, in: "path", description, required: true }, "string", dialect);
  if (nameOf !== undefined) list.push(inPath("name", phrase(texts, { key: "name parameter", kind: nameOf })));
  if (namespaced) list.push(inPath("namespace", texts.phrases["namespace parameter"]!));
  if (path.endsWith("/{path}")) list.push(inPath("path", "path to the resource"));
  const query = shared === undefined ? [] : (texts.parameters[shared] ?? []);
  const prettyParameter =
    pretty && !query.some(({ name }) => name === "pretty")
      ? texts.parameters.get!.filter(({ name }) => name === "pretty")
      : [];
  return [...list, ...[...prettyParameter, ...query].map((each) => queryParameter(each, dialect))];
}

/** A generated phrase, filled in. */
function phrase({ phrases }: OperationTexts, { key, kind = "", subresource = "", method = "get" }: Phrase): string {
  const article = /[^s]s$/.test(kind) ? "" : /^[AEIOU]/.test(kind) ? "an " : "a ";
  return (phrases[key] ?? key)
    .replace("{a kind}", article + kind)
    .replace("{kind}", kind)
    .replace("{subresource}", subresource)
    .replace("{METHOD}", method.toUpperCase());
}

function queryParameter({ name, type, description }: OperationParameter, dialect: Dialect): Json {
  return typed({ name, in: "query", description }, type, dialect);
}

/** A parameter's type: beside the rest in version 2, in a schema of its own in version 3. */
function typed(parameter: Json, type: string, dialect: Dialect): Json {
  const schema = { type, uniqueItems: true };
  return dialect === "v2" ? { ...parameter, ...schema } : { ...parameter, schema };
}

function renderOperation(operation: Operation, texts: OperationTexts, dialect: Dialect): Json {
  const { id, tag, description, action, gvk } = operation;
  const own = (operation.parameters === undefined ? [] : (texts.parameters[operation.parameters] ?? [])).filter(
    ({ name }) => name !== "pretty",
  );
  const query = own.map((each) => queryParameter(each, dialect));
  const kubernetes = {
    ...(action && { "x-kubernetes-action": action }),
    ...(gvk && { "x-kubernetes-group-version-kind": gvk }),
  };
  const words = typeof description === "string" ? description : phrase(texts, description);
  const head = { tags: [tag], description: words, operationId: id };
  return dialect === "v2" ? renderV2(operation, head, query, kubernetes) : renderV3(operation, head, query, kubernetes);
}

/** The statuses that an operation answers with, and their words. */
function answers({ created, accepted }: Operation): [string, string][] {
  const list: [string, string][] = [["200", "OK"]];
  if (created) list.push(["201", "Created"]);
  if (accepted) list.push(["202", "Accepted"]);
  return list;
}

function produced({ action, answer, plainText, streams, produces }: Operation): string[] {
  if (produces !== undefined) return [produces];
  if (action === "connect") return ["*/*"];
  if (answer === "io.k8s.apimachinery.pkg.version.Info") return ["application/json"];
  return [...(plainText ? ["text/plain"] : []), ...mediaTypes, ...(streams ? streamTypes : [])];
}

function answerSchema({ answer }: Operation, dialect: Dialect): Json {
  return answer === "string" ? { type: "string" } : refTo(answer, dialect);
}

function renderV2(operation: Operation, head: Json, query: Json[], kubernetes: Json): Json {
  const { body, bodyRequired } = operation;
  const inBody =
    body === undefined
      ? []
      : [{ name: "body", in: "body", ...(bodyRequired && { required: true }), schema: refTo(body, "v2") }];
  const responses: Json = {};
  for (const [status, description] of answers(operation))
    responses[status] = { description, schema: answerSchema(operation, "v2") };
  responses["401"] = { description: "Unauthorized" };
  const parameters = [...inBody, ...query];
  return {
    ...head,
    ...(operation.produces === undefined && { consumes: consumed(operation) }),
    produces: produced(operation),
    schemes: ["https"],
    ...(parameters.length > 0 && { parameters }),
    responses,
    ...kubernetes,
  };
}

/** kubectl reads from these whether a kind knows strategic merge patches. */
function patchTypesOf({ custom }: Operation): string[] {
  return custom ? patchTypes.filter((type) => !type.includes("strategic")) : patchTypes;
}

function consumed(operation: Operation): string[] {
  const { body, action } = operation;
  if (body === patchDefinition) return patchTypesOf(operation);
  return action === undefined ? mediaTypes : ["*/*"];
}

function renderV3(operation: Operation, head: Json, query: Json[], kubernetes: Json): Json {
  const { body, bodyRequired } = operation;
  const contentOf = (types: readonly string[], schema: Json): Json =>
    Object.fromEntries(types.toSorted().map((type) => [type, { schema }]));
  const responses: Json = {};
  for (const [status, description] of answers(operation)) {
    responses[status] = { description, content: contentOf(produced(operation), answerSchema(operation, "v3")) };
  }
  responses["401"] = { description: "Unauthorized" };
  const types = body === patchDefinition ? patchTypesOf(operation) : ["*/*"];
  return {
    ...head,
    ...(query.length > 0 && { parameters: query }),
    ...(body !== undefined && {
      requestBody: { content: contentOf(types, refTo(body, "v3")), ...(bodyRequired && { required: true }) },
    }),
    responses,
    ...kubernetes,
  };
}
