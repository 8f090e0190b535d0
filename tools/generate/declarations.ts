// Reads the type declarations of kubernetes-models: definition names, fields, references, enums and documentation.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface DeclaredField {
  /** As TypeScript writes it: `Array<IIoK8sApiCoreV1Container>`. */
  type: string;
  required: boolean;
  description: string;
}

export interface Declaration {
  /** `io.k8s.api.core.v1.Container`. */
  name: string;
  description: string;
  /** Undefined for a definition that is no struct. */
  fields?: Record<string, DeclaredField>;
}

/** The part of a definition's name before group and version, by the path in its alias. */
const prefixes: [RegExp, string][] = [
  [
    /^IoK8sApiextensionsApiserverPkgApisApiextensions(V\d\w*?)$/,
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
  ],
  [/^IoK8sKubeAggregatorPkgApisApiregistration(V\d\w*?)$/, "io.k8s.kube-aggregator.pkg.apis.apiregistration"],
  [/^IoK8sApimachineryPkgApisMeta(V\d\w*?)$/, "io.k8s.apimachinery.pkg.apis.meta"],
  [/^IoK8sApimachineryPkgApiResource()$/, "io.k8s.apimachinery.pkg.api.resource"],
  [/^IoK8sApimachineryPkgRuntime()$/, "io.k8s.apimachinery.pkg.runtime"],
  [/^IoK8sApimachineryPkgUtilIntstr()$/, "io.k8s.apimachinery.pkg.util.intstr"],
  [/^IoK8sApimachineryPkgVersion()$/, "io.k8s.apimachinery.pkg.version"],
];

/** `IoK8sApiCoreV1Container` and `Container` to `io.k8s.api.core.v1.Container`. */
export function definitionName(alias: string, name: string): string {
  const path = alias.slice(0, -name.length);
  for (const [pattern, prefix] of prefixes) {
    const match = pattern.exec(path);
    if (match) return [prefix, match[1]!.toLowerCase(), name].filter(Boolean).join(".");
  }
  const match = /^IoK8sApi([A-Z][a-z]+)(V\d\w*)$/.exec(path);
  if (!match) throw new Error(`no definition name for the alias ${alias}`);
  return `io.k8s.api.${match[1]!.toLowerCase()}.${match[2]!.toLowerCase()}.${name}`;
}

/** A JSDoc comment's text: stars and escapes removed. */
function commentText(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^ *\/?\*{1,2}\/?( |$)/, "").replace(/ *\*\/$/, ""))
    .join("\n")
    .replace(/\\\*/g, "*")
    .replace(/\*\\\//g, "*/")
    .trim();
}

/** The text above a file's only declaration. Throws if there is none. */
export function fileComment(text: string): string {
  const comment = /\/\*\*[\s\S]*?\*\//.exec(text);
  if (!comment) throw new Error("wanted a documentation comment");
  return commentText(comment[0]);
}

/** The fields in an interface's body. Deeper ones (embedded objects) are skipped. */
function parseFields(body: string): Record<string, DeclaredField> {
  const fields: Record<string, DeclaredField> = {};
  const pattern = /^ {4}(\/\*\*[\s\S]*?\*\/)\n(?= {4}")|^ {4}"([^"]+)"(\??): ((?:[^;{]|\{[\s\S]*?^ {4}\})*);$/gm;
  let comment = "";
  for (const match of body.matchAll(pattern)) {
    if (match[1] !== undefined) {
      comment = commentText(match[1]);
      continue;
    }
    fields[match[2]!] = { type: match[4]!, required: match[3] === "", description: comment };
    comment = "";
  }
  return fields;
}

/** Reads one `.d.ts`. Undefined for one that declares no model. */
function parseDeclaration(text: string): Declaration | undefined {
  const alias = /export type \{ I(\w+) as IIo\w+, \w+ as (\w+) \};/.exec(text);
  if (!alias) return undefined;
  const [, name, full] = alias;
  const start = /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n(?=export (?:interface|type) )/.exec(text);
  const struct = new RegExp(`^export interface I${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(text);
  return {
    name: definitionName(full!, name!),
    description: start ? commentText(start[1]!) : "",
    ...(struct && { fields: parseFields(struct[1]!) }),
  };
}

/** All definitions under the given package folders, by alias (`IoK8sApiCoreV1Container`). */
export function readDeclarations(folders: readonly string[]): Map<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        if (entry.name !== "_schemas" && entry.name !== "node_modules") walk(join(folder, entry.name));
      } else if (entry.name.endsWith(".d.ts") && entry.name !== "index.d.ts") {
        const text = readFileSync(join(folder, entry.name), "utf8");
        const declaration = parseDeclaration(text);
        const alias = / as (Io\w+) \};/.exec(text)?.[1];
        if (declaration && alias) declarations.set(alias, declaration);
      }
    }
  };
  for (const folder of folders) walk(folder);
  return declarations;
}
