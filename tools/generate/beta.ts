// Kinds of beta versions that are served when asked for. kubernetes-models leaves them out; client-node's models have them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Declaration, DeclaredField } from "./declarations.ts";
import { fileComment } from "./declarations.ts";

const betaKinds = [{ group: "certificates", version: "v1beta1", kind: "ClusterTrustBundle" }];

const meta = (name: string) => `IIoK8sApimachineryPkgApisMetaV1${name}`;

/** Declarations of those kinds, their lists and specs, by alias. `folder` is client-node's `dist/gen/models`. */
export function readBetaDeclarations(folder: string): Map<string, Declaration> {
  const declarations = new Map<string, Declaration>();
  for (const { group, version, kind } of betaKinds) {
    const aliasOf = (name: string) => `IoK8sApi${capital(group)}${capital(version)}${name}`;
    for (const name of [kind, `${kind}List`, `${kind}Spec`]) {
      const text = readFileSync(join(folder, `${capital(version)}${name}.d.ts`), "utf8");
      const body = text.slice(text.indexOf("export declare class"));
      const typeOf = (word: string): string => {
        const list = /^Array<(\w+)>$/.exec(word);
        if (list) return `Array<${typeOf(list[1]!)}>`;
        if (word === "V1ObjectMeta" || word === "V1ListMeta") return meta(word.slice(2));
        return word.startsWith(capital(version)) ? `I${aliasOf(word.slice(version.length))}` : word;
      };
      const fields = fieldsOf(body, typeOf);
      const apiVersion = `${group}.k8s.io/${version}`;
      // Written as the other package writes them.
      if (fields.kind) Object.assign(fields.kind, { type: JSON.stringify(name), required: true });
      if (fields.apiVersion) Object.assign(fields.apiVersion, { type: JSON.stringify(apiVersion), required: true });
      const description = fileComment(text.slice(text.lastIndexOf("/**", text.indexOf("export declare class"))));
      declarations.set(aliasOf(name), { name: `io.k8s.api.${group}.${version}.${name}`, description, fields });
    }
  }
  return declarations;
}

function fieldsOf(body: string, typeOf: (word: string) => string): Record<string, DeclaredField> {
  const fields: Record<string, DeclaredField> = {};
  const pattern = /(?:(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\n)?^ {4}'(\w+)'(\??): ([^;]+);$/gm;
  for (const [, comment, name, optional, type] of body.matchAll(pattern)) {
    const description = comment
      ? fileComment(comment)
          .replace(/\\(['"])/g, "$1")
          .replace(/ {2}/g, "\n\n")
      : "";
    fields[name!] = { type: typeOf(type!), required: optional === "", description };
  }
  return fields;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
