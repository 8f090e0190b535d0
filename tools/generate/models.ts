// Reads the models of @kubernetes/client-node: number and byte formats, and which models v1.36 still has.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface ModelField {
  type: string;
  format: string;
}

export type Model = Record<string, ModelField>;

const attributePattern = /"baseName": "([^"]+)",\s*"type": "([^"]*)",\s*"format": "([^"]*)"/g;

/** The models that `all.js` lists, by class name (`V1Container`). `folder` is `dist/gen/models`. */
export function readModels(folder: string): Map<string, Model> {
  const models = new Map<string, Model>();
  for (const match of readFileSync(join(folder, "all.js"), "utf8").matchAll(/models\/(\w+)\.js/g)) {
    const model: Model = {};
    const text = readFileSync(join(folder, `${match[1]}.js`), "utf8");
    for (const [, name, type, format] of text.matchAll(attributePattern))
      model[name!] = { type: type!, format: format! };
    models.set(match[1]!, model);
  }
  return models;
}

/** Finds a definition's model: `CoreV1Event`, else `V1Container`. */
export function modelOf(models: Map<string, Model>, definition: string): Model | undefined {
  const [group, version, name] = definition.split(".").slice(-3) as [string, string, string];
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const versioned = capital(version) + name;
  return (
    models.get(capital(group) + versioned) ?? models.get(versioned) ?? models.get(capital(version) + capital(name))
  );
}
