// The paths and operations of resources, before they are written in a dialect of OpenAPI.

import type { Resource, Subresource } from "../../api/machinery/resource.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete" | "head" | "options";

export interface Operation {
  method: Method;
  id: string;
  tag: string;
  description: string;
  /** `x-kubernetes-action`; none for discovery. */
  action?: string;
  gvk?: { group: string; version: string; kind: string };
  /** A key of the generated operation parameters: `create`, `pods/exec`. */
  parameters?: string;
  /** The definition of the body. */
  body?: string;
  bodyRequired?: boolean;
  /** The definition of the answer; "string" for text. */
  answer: string;
  /** Besides 200. */
  created?: boolean;
  accepted?: boolean;
  streams?: boolean;
  plainText?: boolean;
}

export interface PathItem {
  path: string;
  /** What the `{name}` is the name of; undefined for paths without one. */
  nameOf?: string;
  namespaced: boolean;
  /** Whether the parameters of the operations stand at the path, as for lists of all namespaces. */
  shared?: string;
  pretty: boolean;
  operations: Operation[];
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** `RbacAuthorization` for rbac.authorization.k8s.io, `Core` for the core group. */
function groupWord(group: string): string {
  if (group === "") return "Core";
  return group
    .replace(/\.k8s\.io$/, "")
    .split(".")
    .map(capital)
    .join("")
    .replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

/** `core_v1`, `rbacAuthorization_v1`. */
function tagOf(group: string, version: string): string {
  const word = groupWord(group);
  return `${word.charAt(0).toLowerCase()}${word.slice(1)}_${version}`;
}

function rootOf(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** The paths of one group and version, discovery included, by path. */
export function versionPaths(resources: readonly Resource[], group: string, version: string): PathItem[] {
  const own = resources.filter((resource) => resource.group === group && resource.version === version);
  const discovery: Operation = {
    method: "get",
    id: `get${groupWord(group)}${capital(version)}APIResources`,
    tag: tagOf(group, version),
    description: "get available resources",
    answer: `${meta}APIResourceList`,
  };
  const root: PathItem = {
    path: `${rootOf(group, version)}/`,
    namespaced: false,
    pretty: false,
    operations: [discovery],
  };
  return [root, ...own.flatMap(resourcePaths)].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The path that describes one group. */
export function groupPath(group: string): PathItem {
  const word = groupWord(group);
  const core = group === "";
  const operation: Operation = {
    method: "get",
    id: `get${word}API${core ? "Versions" : "Group"}`,
    tag: core ? "core" : `${word.charAt(0).toLowerCase()}${word.slice(1)}`,
    description: core ? "get available API versions" : "get information of a group",
    answer: `${meta}${core ? "APIVersions" : "APIGroup"}`,
  };
  return { path: core ? "/api/" : `/apis/${group}/`, namespaced: false, pretty: false, operations: [operation] };
}

/** `/apis/` and `/version/`. */
export const serverPaths: { apis: PathItem; version: PathItem } = {
  apis: {
    path: "/apis/",
    namespaced: false,
    pretty: false,
    operations: [
      {
        method: "get",
        id: "getAPIVersions",
        tag: "apis",
        description: "get available API versions",
        answer: `${meta}APIGroupList`,
      },
    ],
  },
  version: {
    path: "/version/",
    namespaced: false,
    pretty: false,
    operations: [
      {
        method: "get",
        id: "getCodeVersion",
        tag: "version",
        description: "get the version information for this server",
        answer: "io.k8s.apimachinery.pkg.version.Info",
      },
    ],
  },
};

interface Names {
  resource: Resource;
  root: string;
  /** `CoreV1`. */
  prefix: string;
  /** `NamespacedConfigMap`. */
  scoped: string;
  /** Before the plural: `/api/v1/namespaces/{namespace}`. */
  base: string;
  common: Pick<Operation, "tag" | "gvk">;
}

function resourcePaths(resource: Resource): PathItem[] {
  const { group, version, kind, plural, namespaced } = resource;
  const root = rootOf(group, version);
  const names: Names = {
    resource,
    root,
    prefix: groupWord(group) + capital(version),
    scoped: namespaced ? `Namespaced${kind}` : kind,
    base: namespaced ? `${root}/namespaces/{namespace}` : root,
    common: { tag: tagOf(group, version), gvk: { group, version, kind } },
  };
  const collection = `${names.base}/${plural}`;
  const items: PathItem[] = [
    { path: collection, namespaced, pretty: true, operations: collectionOperations(names) },
    { path: `${collection}/{name}`, nameOf: kind, namespaced, pretty: true, operations: itemOperations(names) },
    ...watchPaths(names),
    ...(resource.subresources ?? []).flatMap((each) => subresourcePaths(names, each)),
  ];
  if (namespaced && resource.verbs.includes("list")) {
    const id = `list${names.prefix}${kind}ForAllNamespaces`;
    items.push({
      path: `${root}/${plural}`,
      namespaced: false,
      shared: "list",
      pretty: true,
      operations: [listOperation(names, id)],
    });
  }
  return items.filter((item) => item.operations.length > 0);
}

function listOperation({ resource, common }: Names, id: string, parameters?: string): Operation {
  const description = `list or watch objects of kind ${resource.kind}`;
  return {
    ...common,
    method: "get",
    id,
    description,
    action: "list",
    parameters,
    answer: `${resource.schema}List`,
    streams: true,
  };
}

function collectionOperations(names: Names): Operation[] {
  const { resource, prefix, scoped, common } = names;
  const { kind, schema, verbs } = resource;
  const operations: Operation[] = [];
  if (verbs.includes("list")) operations.push(listOperation(names, `list${prefix}${scoped}`, "list"));
  if (verbs.includes("create")) {
    operations.push({
      ...common,
      method: "post",
      id: `create${prefix}${scoped}`,
      description: `create ${article(kind)} ${kind}`,
      action: "post",
      parameters: "create",
      body: schema,
      bodyRequired: true,
      answer: schema,
      created: true,
      accepted: true,
    });
  }
  if (verbs.includes("deletecollection")) {
    operations.push({
      ...common,
      method: "delete",
      id: `delete${prefix}Collection${scoped}`,
      description: `delete collection of ${kind}`,
      action: "deletecollection",
      parameters: "deletecollection",
      body: `${meta}DeleteOptions`,
      answer: `${meta}Status`,
    });
  }
  return operations;
}

function article(kind: string): string {
  return /^[AEIOU]/.test(kind) ? "an" : "a";
}

/** Answers of deletions that give the object and not a Status. */
const deletedObject = new Set([
  "Pod",
  "Service",
  "ServiceAccount",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "PodTemplate",
  "ResourceQuota",
]);

function itemOperations({ resource, prefix, scoped, common }: Names): Operation[] {
  const { kind, schema, verbs } = resource;
  const operations = readWriteOperations(
    verbs,
    common,
    `${prefix}${scoped}`,
    { read: "read the specified", replace: "replace the specified", patch: "partially update the specified" },
    kind,
    schema,
  );
  if (verbs.includes("delete")) {
    operations.push({
      ...common,
      method: "delete",
      id: `delete${prefix}${scoped}`,
      description: `delete ${article(kind)} ${kind}`,
      action: "delete",
      parameters: "delete",
      body: `${meta}DeleteOptions`,
      answer: deletedObject.has(kind) ? schema : `${meta}Status`,
      accepted: true,
    });
  }
  return operations;
}

function readWriteOperations(
  verbs: readonly string[],
  common: Pick<Operation, "tag" | "gvk">,
  name: string,
  words: { read: string; replace: string; patch: string },
  kind: string,
  schema: string,
): Operation[] {
  const operations: Operation[] = [];
  if (verbs.includes("get")) {
    operations.push({
      ...common,
      method: "get",
      id: `read${name}`,
      description: `${words.read} ${kind}`,
      action: "get",
      answer: schema,
    });
  }
  const write = { bodyRequired: true, answer: schema, created: true };
  if (verbs.includes("update")) {
    operations.push({
      ...common,
      ...write,
      method: "put",
      id: `replace${name}`,
      description: `${words.replace} ${kind}`,
      action: "put",
      parameters: "update",
      body: schema,
    });
  }
  if (verbs.includes("patch")) {
    operations.push({
      ...common,
      ...write,
      method: "patch",
      id: `patch${name}`,
      description: `${words.patch} ${kind}`,
      action: "patch",
      parameters: "patch",
      body: `${meta}Patch`,
    });
  }
  return operations;
}

/** The paths of before `?watch=1`: deprecated, and still there. */
function watchPaths({ resource, root, prefix, scoped, common }: Names): PathItem[] {
  const { kind, plural, namespaced, verbs } = resource;
  if (!verbs.includes("watch")) return [];
  const watch = (path: string, id: string, what: string, action: string, more: Partial<PathItem>): PathItem => {
    const description = `watch ${what} ${kind}. deprecated: use the 'watch' parameter with a list operation instead`;
    const operation: Operation = {
      ...common,
      method: "get",
      id,
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
  const [changes, one] = ["individual changes to a list of", "changes to an object of kind"];
  const items = [
    watch(inside, `watch${prefix}${scoped}List`, changes, "watchlist", { namespaced }),
    watch(`${inside}/{name}`, `watch${prefix}${scoped}`, one, "watch", { namespaced, nameOf: kind }),
  ];
  return namespaced
    ? [...items, watch(`/${plural}`, `watch${prefix}${kind}ListForAllNamespaces`, changes, "watchlist", {})]
    : items;
}

const connectMethods: Record<string, Method[]> = {
  create: ["post"],
  get: ["get", "head"],
  delete: ["delete"],
  patch: ["patch"],
  update: ["put", "options"],
};

const connected = ["attach", "exec", "portforward", "proxy"];

function subresourcePaths(names: Names, subresource: Subresource): PathItem[] {
  const { resource, prefix, scoped, base, common } = names;
  const { name, verbs } = subresource;
  const kind = subresource.kind ?? resource.kind;
  const gvk = { group: subresource.group ?? resource.group, version: subresource.version ?? resource.version, kind };
  const path = `${base}/${resource.plural}/{name}/${name}`;
  const item = { path, nameOf: kind, namespaced: resource.namespaced, pretty: true };
  const id = `${prefix}${scoped}${capital(name === "ephemeralcontainers" ? "Ephemeralcontainers" : name)}`;
  if (connected.includes(name)) return connectPaths(names, subresource, item, gvk);
  const schema = subresourceSchema(resource, gvk, kind);
  if (name === "log") {
    const log: Operation = {
      ...common,
      method: "get",
      id: `read${id}`,
      description: `read log of the specified ${resource.kind}`,
      action: "get",
      answer: "string",
      plainText: true,
    };
    return [{ ...item, shared: "pods/log", pretty: false, operations: [log] }];
  }
  const words = {
    read: `read ${name} of the specified`,
    replace: `replace ${name} of the specified`,
    patch: `partially update ${name} of the specified`,
  };
  const operations = readWriteOperations(verbs, { ...common, gvk }, id, words, resource.kind, schema);
  if (verbs.includes("create")) {
    const description = `create ${name} of ${article(resource.kind)} ${resource.kind}`;
    operations.push({
      ...common,
      gvk,
      method: "post",
      id: `create${id}`,
      description,
      action: "post",
      parameters: "create",
      body: schema,
      bodyRequired: true,
      answer: schema,
      created: true,
      accepted: true,
    });
  }
  return [{ ...item, operations }];
}

/** The definition of a subresource's body: the parent's, or that of its own kind. */
function subresourceSchema(resource: Resource, gvk: { group: string; version: string }, kind: string): string {
  if (kind === resource.kind) return resource.schema;
  const group = gvk.group === "" ? "core" : gvk.group.split(".")[0];
  return `io.k8s.api.${group}.${gvk.version}.${kind}`;
}

function connectPaths(
  { resource, prefix, scoped, common }: Names,
  { name, verbs }: Subresource,
  item: Omit<PathItem, "operations">,
  gvk: Operation["gvk"],
): PathItem[] {
  const shared = `${resource.plural}/${name}`;
  const methods = verbs.flatMap((verb) => connectMethods[verb] ?? []);
  const wanted = name === "proxy" ? methods : methods.filter((method) => method === "get" || method === "post");
  const operations = (suffix: string): Operation[] =>
    wanted.map((method) => ({
      ...common,
      gvk,
      method,
      id: `connect${prefix}${capital(method)}${scoped}${capital(name)}${suffix}`,
      description: `connect ${method.toUpperCase()} requests to ${name} of ${resource.kind}`,
      action: "connect",
      answer: "string",
    }));
  const plain = { ...item, shared, pretty: false };
  if (name !== "proxy") return [{ ...plain, operations: operations("") }];
  return [
    { ...plain, operations: operations("") },
    { ...plain, path: `${item.path}/{path}`, operations: operations("WithPath") },
  ];
}
