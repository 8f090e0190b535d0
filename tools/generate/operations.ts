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

/** The query parameters of one method of the class, in the order of its arguments. */
function parametersOf(source: string, method: string): Parameter[] {
  const start = source.indexOf(`    async ${method}(`);
  if (start < 0) throw new Error(`CoreV1Api has no method ${method}`);
  const comment = source.slice(source.lastIndexOf("/**", start), start);
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

/** The parameters of every verb. `folder` is `dist/gen/apis`. */
export function readOperations(folder: string): OperationParameters {
  const source = readFileSync(join(folder, "CoreV1Api.js"), "utf8");
  const entries = Object.entries(verbExamples).map(([verb, method]) => [verb, parametersOf(source, method)] as const);
  return Object.fromEntries(entries);
}
