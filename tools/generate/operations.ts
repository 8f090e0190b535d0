// Reads the API classes of @kubernetes/client-node: which query parameters an operation takes, and their documentation.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Parameter {
  name: string;
  type: "string" | "integer" | "boolean";
  description: string;
}

/** Parameters by what is done: verbs, and `connect`ed subresources (`pods/exec`). */
export type OperationParameters = Record<string, Parameter[]>;

/** Parameters and phrases of operations, by what is done. */
export interface OperationTexts {
  parameters: OperationParameters;
  /** With `{kind}`, `{a kind}`, `{subresource}` and `{METHOD}` for what differs. */
  phrases: Record<string, string>;
}

/** One operation that stands for all of its verb. */
const verbExamples: Record<string, string> = {
  list: "listNamespacedConfigMap",
  get: "readNamespacedConfigMap",
  create: "createNamespacedConfigMap",
  update: "replaceNamespacedConfigMap",
  patch: "patchNamespacedConfigMap",
  delete: "deleteNamespacedConfigMap",
  deletecollection: "deleteCollectionNamespacedConfigMap",
  "pods/log": "readNamespacedPodLog",
  "pods/exec": "connectPostNamespacedPodExec",
  "pods/attach": "connectPostNamespacedPodAttach",
  "pods/portforward": "connectPostNamespacedPodPortforward",
  "pods/proxy": "connectGetNamespacedPodProxy",
  "services/proxy": "connectGetNamespacedServiceProxy",
  "nodes/proxy": "connectGetNodeProxy",
};

/** A documentation comment's text, without what the generator escaped for JavaScript and HTML. */
function plainText(text: string): string {
  return text
    .replace(/\\?&#39;/g, "'")
    .replace(/\\?&quot;/g, '"')
    .replace(/\\?&lt;/g, "<")
    .replace(/\\?&gt;/g, ">")
    .replace(/\\?&#x60;/g, "`")
    .replace(/\\?&#x3D;/g, "=")
    .replace(/\\?&amp;/g, "&")
    .replace(/\\(["'])/g, "$1")
    .trim();
}

/** A method's documentation comment. */
function commentOf(source: string, method: string): { comment: string; start: number } {
  const start = source.indexOf(`    async ${method}(`);
  if (start < 0) throw new Error(`the API class has no method ${method}`);
  return { comment: source.slice(source.lastIndexOf("/**", start), start), start };
}

/** What a method's comment says it does. */
function phraseOf(source: string, method: string): string {
  const { comment } = commentOf(source, method);
  return plainText(/\n *\* ([^@\n].*)/.exec(comment)![1]!);
}

function parameterText(source: string, method: string, name: string): string {
  return plainText(new RegExp(`@param ${name} (.*)`).exec(commentOf(source, method).comment)![1]!);
}

/** The query parameters of one method of the class, in the order of its arguments. */
function parametersOf(source: string, method: string): Parameter[] {
  const { comment, start } = commentOf(source, method);
  const texts = new Map([...comment.matchAll(/@param (\w+) (.*)/g)].map((match) => [match[1]!, plainText(match[2]!)]));
  const end = source.indexOf("\n    }\n", start);
  const body = source.slice(start, end);
  const pattern = /setQueryParam\("(\w+)", ObjectSerializer\.serialize\((\w+), "(\w+)"/g;
  return [...body.matchAll(pattern)].map(([, name, argument, type]) => ({
    name: name!,
    type: type === "number" ? "integer" : (type as "string" | "boolean"),
    description: texts.get(argument!) ?? "",
  }));
}

/** The phrases of operations, read from examples. */
function readPhrases(core: string, folder: string): Record<string, string> {
  const configMap = (method: string): string =>
    phraseOf(core, method).replace("a ConfigMap", "{a kind}").replace("ConfigMap", "{kind}");
  const ofPod = (method: string, subresource: string): string =>
    phraseOf(core, method).replace("a Pod", "{a kind}").replace("Pod", "{kind}").replace(subresource, "{subresource}");
  const verbs = Object.entries(verbExamples).filter(([verb]) => !verb.includes("/"));
  const other = (api: string, method: string): string =>
    phraseOf(readFileSync(join(folder, `${api}.js`), "utf8"), method);
  return {
    ...Object.fromEntries(verbs.map(([verb, method]) => [verb, configMap(method)])),
    "get subresource": ofPod("readNamespacedPodStatus", "status"),
    "update subresource": ofPod("replaceNamespacedPodStatus", "status"),
    "patch subresource": ofPod("patchNamespacedPodStatus", "status"),
    "create subresource": ofPod("createNamespacedPodEviction", "eviction"),
    connect: ofPod("connectPostNamespacedPodExec", "exec").replace("POST", "{METHOD}"),
    resources: other("CoreV1Api", "getAPIResources"),
    group: other("AppsApi", "getAPIGroup"),
    versions: other("CoreApi", "getAPIVersions"),
    version: other("VersionApi", "getCode"),
    "name parameter": parameterText(core, "readNamespacedConfigMap", "name").replace("ConfigMap", "{kind}"),
    "namespace parameter": parameterText(core, "readNamespacedConfigMap", "namespace"),
  };
}

/** The parameters and phrases of every verb. `folder` is `dist/gen/apis`. */
export function readOperations(folder: string): OperationTexts {
  const source = readFileSync(join(folder, "CoreV1Api.js"), "utf8");
  const entries = Object.entries(verbExamples).map(([verb, method]) => [verb, parametersOf(source, method)] as const);
  return { parameters: Object.fromEntries(entries), phrases: readPhrases(source, folder) };
}
