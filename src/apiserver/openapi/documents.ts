// OpenAPI documents: version 2 in one piece, version 3 one a group and version. Pure functions; making one takes a while,
// so callers keep what they asked for.

import type { OperationParameter } from "../../api/machinery/definitions.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { groupsOf } from "../discovery/groups.ts";
import { groupPath, type PathItem, serverPaths, versionPaths } from "./operations.ts";
import { renderPath } from "./paths.ts";
import { type Dialect, type Library, listSchema, publishDefinition, reachableFrom } from "./schemas.ts";

/** What documents are made of: `definitions` has those of custom resources too. */
export interface OpenApiSource extends Library {
  resources: readonly Resource[];
  operations: Readonly<Record<string, OperationParameter[]>>;
}

const bearer = {
  BearerToken: { description: "Bearer Token authentication", type: "apiKey", name: "authorization", in: "header" },
};
const info = { title: "Kubernetes", version: "v1.36.0" };

/** `/openapi/v2`. */
export function openApiV2(given: OpenApiSource): object {
  const source = withLists(given);
  const items = [...documentNames(source.resources).values()].flat().sort((a, b) => (a.path < b.path ? -1 : 1));
  const { paths, schemas } = render(items, source, "v2");
  return {
    swagger: "2.0",
    info,
    paths,
    definitions: schemas,
    securityDefinitions: bearer,
    security: [{ BearerToken: [] }],
  };
}

/** `/openapi/v3/NAME`, where the name is `api/v1`, `apis/apps/v1`, `apis`, `version`…; undefined for one that isn't there. */
export function openApiV3(given: OpenApiSource, name: string): object | undefined {
  const source = withLists(given);
  const items = documentNames(source.resources).get(name);
  if (!items) return undefined;
  const { paths, schemas } = render(items, source, "v3");
  return {
    openapi: "3.0.0",
    info,
    paths,
    components: { schemas, securitySchemes: bearer },
    security: [{ BearerToken: [] }],
  };
}

/** `/openapi/v3`: every document's address, with a hash that changes whenever the document may. */
export async function openApiV3Index(given: OpenApiSource): Promise<object> {
  const source = withLists(given);
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const [name, items] of documentNames(source.resources)) {
    const definitions = reachableFrom(definitionsOf(items), source).map((each) => [each, source.definitions[each]]);
    const hash = await sha512(JSON.stringify([items, definitions]));
    paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
  }
  return { paths };
}

async function sha512(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-512", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

/** The documents of version 3 and their paths. */
function documentNames(resources: readonly Resource[]): Map<string, PathItem[]> {
  const documents = new Map<string, PathItem[]>([
    ["api", [groupPath("")]],
    ["api/v1", versionPaths(resources, "", "v1")],
    ["apis", [serverPaths.apis]],
    ["version", [serverPaths.version]],
  ]);
  for (const { group, versions } of groupsOf(resources)) {
    documents.set(`apis/${group}`, [groupPath(group)]);
    for (const version of versions) documents.set(`apis/${group}/${version}`, versionPaths(resources, group, version));
  }
  return documents;
}

/** The source with a list kind for every resource. */
function withLists(source: OpenApiSource): OpenApiSource {
  const missing = source.resources.filter(
    (each) => each.verbs.includes("list") && !source.definitions[`${each.schema}List`],
  );
  if (missing.length === 0) return source;
  const lists = missing.map(({ schema, group, version, kind }) => [
    `${schema}List`,
    listSchema(schema, { group, version, kind }),
  ]);
  return { ...source, definitions: { ...source.definitions, ...Object.fromEntries(lists) } };
}

function definitionsOf(items: readonly PathItem[]): Set<string> {
  const names = new Set<string>();
  for (const { operations } of items) {
    for (const { body, answer } of operations) {
      if (body !== undefined) names.add(body);
      if (answer !== "string") names.add(answer);
    }
  }
  return names;
}

function render(
  items: readonly PathItem[],
  source: OpenApiSource,
  dialect: Dialect,
): { paths: object; schemas: object } {
  const names = reachableFrom(definitionsOf(items), source);
  return {
    paths: Object.fromEntries(items.map((item) => [item.path, renderPath(item, source.operations, dialect)])),
    schemas: Object.fromEntries(names.map((name) => [name, publishDefinition(name, source, dialect)])),
  };
}
