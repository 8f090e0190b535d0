// The paths of resources and of discovery.

import type { Resource, Subresource } from "../../api/machinery/resource.ts";
import { type Gvk, type Method, meta, type Operation, type Subject, verbOperation } from "./operations.ts";

export interface PathItem {
  path: string;
  /** What the `{name}` is the name of; undefined for paths without one. */
  nameOf?: string;
  namespaced: boolean;
  /** A key of the generated parameters that stand at the path, for all of its operations. */
  shared?: string;
  pretty: boolean;
  operations: Operation[];
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
const lowered = (word: string): string => word.charAt(0).toLowerCase() + word.slice(1);

/** `RbacAuthorization` for rbac.authorization.k8s.io, `Core` for the core group. */
function groupWord(group: string): string {
  if (group === "") return "Core";
  const words = group.replace(/\.k8s\.io$/, "").split(/[.-]/);
  return words.map(capital).join("");
}

function rootOf(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** A discovery document's path. */
function documentPath(path: string, operation: Pick<Operation, "id" | "tag" | "answer"> & { key: string }): PathItem {
  const { key, ...rest } = operation;
  return { path, namespaced: false, pretty: false, operations: [{ ...rest, method: "get", description: { key } }] };
}

/** The path that describes one group. */
export function groupPath(group: string): PathItem {
  const word = groupWord(group);
  if (group === "") {
    return documentPath("/api/", {
      id: "getCoreAPIVersions",
      tag: "core",
      key: "versions",
      answer: `${meta}APIVersions`,
    });
  }
  const answer = `${meta}APIGroup`;
  return documentPath(`/apis/${group}/`, { id: `get${word}APIGroup`, tag: lowered(word), key: "group", answer });
}

/** `/apis/`. */
export const apisPath = documentPath("/apis/", {
  id: "getAPIVersions",
  tag: "apis",
  key: "versions",
  answer: `${meta}APIGroupList`,
});

/** `/version/`. */
export const versionPath = documentPath("/version/", {
  id: "getCodeVersion",
  tag: "version",
  key: "version",
  answer: "io.k8s.apimachinery.pkg.version.Info",
});

/** Where the keys of service account tokens are. */
export const keysPath: PathItem = {
  path: "/openid/v1/jwks/",
  namespaced: false,
  pretty: false,
  operations: [
    {
      method: "get",
      id: "getServiceAccountIssuerOpenIDKeyset",
      tag: "openid",
      description: "the keys that service account tokens are signed with, as a JSON Web Key Set",
      answer: "string",
      produces: "application/jwk-set+json",
    },
  ],
};

/** The paths of one group and version, discovery included, by path. */
export function versionPaths(resources: readonly Resource[], group: string, version: string): PathItem[] {
  const own = resources.filter((resource) => resource.group === group && resource.version === version);
  const root = documentPath(`${rootOf(group, version)}/`, {
    id: `get${groupWord(group)}${capital(version)}APIResources`,
    tag: tagOf(group, version),
    key: "resources",
    answer: `${meta}APIResourceList`,
  });
  return [root, ...own.flatMap(resourcePaths)].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `core_v1`, `rbacAuthorization_v1`. */
function tagOf(group: string, version: string): string {
  return `${lowered(groupWord(group))}_${version}`;
}

interface Names {
  resource: Resource;
  root: string;
  /** `CoreV1`. */
  prefix: string;
  /** `NamespacedConfigMap`. */
  scoped: string;
  /** `/api/v1/namespaces/{namespace}/configmaps`. */
  collection: string;
  subject: Omit<Subject, "name">;
}

function resourcePaths(resource: Resource): PathItem[] {
  const { group, version, kind, plural, namespaced, schema } = resource;
  const root = rootOf(group, version);
  const names: Names = {
    resource,
    root,
    prefix: groupWord(group) + capital(version),
    scoped: namespaced ? `Namespaced${kind}` : kind,
    collection: `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}`,
    subject: {
      tag: tagOf(group, version),
      kind,
      gvk: { group, version, kind },
      schema,
      custom: resource.custom !== undefined,
    },
  };
  const { collection } = names;
  const items: PathItem[] = [
    {
      path: collection,
      namespaced,
      pretty: true,
      operations: operationsOf(names, ["list", "create", "deletecollection"]),
    },
    {
      path: `${collection}/{name}`,
      nameOf: kind,
      namespaced,
      pretty: true,
      operations: operationsOf(names, ["get", "update", "patch", "delete"]),
    },
    ...allNamespacesPaths(names),
    ...watchPaths(names),
    ...(resource.subresources ?? []).flatMap((each) => subresourcePaths(names, each)),
  ];
  return items.filter((item) => item.operations.length > 0);
}

function operationsOf({ resource, prefix, scoped, subject }: Names, verbs: readonly string[]): Operation[] {
  const own = verbs.filter((verb) => (resource.verbs as readonly string[]).includes(verb));
  return own.flatMap((verb) => {
    const name = verb === "deletecollection" ? `${prefix}Collection${scoped}` : prefix + scoped;
    return verbOperation(verb, { ...subject, name }) ?? [];
  });
}

function allNamespacesPaths({ resource, root, prefix, subject }: Names): PathItem[] {
  const { namespaced, plural, kind, verbs } = resource;
  if (!namespaced || !verbs.includes("list")) return [];
  const list = verbOperation("list", { ...subject, name: `${prefix}${kind}ForAllNamespaces` })!;
  const operations = [{ ...list, parameters: undefined }];
  return [{ path: `${root}/${plural}`, namespaced: false, shared: "list", pretty: true, operations }];
}

/** The paths of before `?watch=1`: deprecated, and still there. */
function watchPaths({ resource, root, prefix, scoped, subject }: Names): PathItem[] {
  const { kind, plural, namespaced, verbs } = resource;
  if (!verbs.includes("watch")) return [];
  const watch = (path: string, id: string, action: string, more: Partial<PathItem>): PathItem => {
    const description = `watch ${kind}: deprecated, list with the parameter "watch" does the same`;
    const { tag, gvk } = subject;
    const operation: Operation = {
      method: "get",
      id,
      tag,
      gvk,
      description,
      action,
      answer: `${meta}WatchEvent`,
      streams: true,
    };
    return {
      path: `${root}/watch${path}`,
      namespaced: false,
      shared: "list",
      pretty: true,
      operations: [operation],
      ...more,
    };
  };
  const inside = namespaced ? `/namespaces/{namespace}/${plural}` : `/${plural}`;
  const items = [
    watch(inside, `watch${prefix}${scoped}List`, "watchlist", { namespaced }),
    watch(`${inside}/{name}`, `watch${prefix}${scoped}`, "watch", { namespaced, nameOf: kind }),
  ];
  if (namespaced) items.push(watch(`/${plural}`, `watch${prefix}${kind}ListForAllNamespaces`, "watchlist", {}));
  return items;
}

const connected = ["attach", "exec", "portforward", "proxy"];

function subresourcePaths(names: Names, subresource: Subresource): PathItem[] {
  const { resource, prefix, scoped, collection } = names;
  const { name, verbs } = subresource;
  const kind = subresource.kind ?? resource.kind;
  const gvk = { group: subresource.group ?? resource.group, version: subresource.version ?? resource.version, kind };
  const item = { path: `${collection}/{name}/${name}`, nameOf: kind, namespaced: resource.namespaced, pretty: true };
  if (connected.includes(name)) return connectPaths(names, subresource, item, gvk);
  const subject: Subject = {
    ...names.subject,
    name: prefix + scoped + capital(name),
    gvk,
    schema: subresourceSchema(resource, gvk),
    subresource: name,
  };
  if (name === "log") {
    const log: Operation = { ...verbOperation("get", subject)!, answer: "string", plainText: true };
    return [{ ...item, shared: "pods/log", operations: [log] }];
  }
  // What is only created has its parameters at the path.
  const createOnly = verbs.length === 1 && verbs[0] === "create";
  const operations = verbs.flatMap((verb) => verbOperation(verb, subject) ?? []);
  if (!createOnly) return [{ ...item, operations }];
  return [{ ...item, shared: "create", operations: operations.map((each) => ({ ...each, parameters: undefined })) }];
}

/** The definition of a subresource's body: the parent's, or that of its own kind. */
function subresourceSchema(resource: Resource, { group, version, kind }: Gvk): string {
  if (kind === resource.kind) return resource.schema;
  return `io.k8s.api.${group === "" ? "core" : group.split(".")[0]}.${version}.${kind}`;
}

const connectMethods: Record<string, Method[]> = {
  create: ["post"],
  get: ["get", "head"],
  delete: ["delete"],
  patch: ["patch"],
  update: ["put", "options"],
};

function connectPaths(
  names: Names,
  { name, verbs }: Subresource,
  item: Omit<PathItem, "operations">,
  gvk: Gvk,
): PathItem[] {
  const { resource, prefix, scoped, subject } = names;
  const methods = verbs.flatMap((verb) => connectMethods[verb] ?? []);
  const wanted = name === "proxy" ? methods : methods.filter((method) => method === "get" || method === "post");
  const operations = (suffix: string): Operation[] =>
    wanted.map((method) => ({
      method,
      id: `connect${prefix}${capital(method)}${scoped}${capital(name)}${suffix}`,
      tag: subject.tag,
      description: { key: "connect", kind: resource.kind, subresource: name, method },
      action: "connect",
      gvk,
      answer: "string",
    }));
  const plain = { ...item, shared: `${resource.plural}/${name}`, pretty: false };
  if (name !== "proxy") return [{ ...plain, operations: operations("") }];
  const below = { ...plain, path: `${item.path}/{path}`, operations: operations("WithPath") };
  return [{ ...plain, operations: operations("") }, below];
}
