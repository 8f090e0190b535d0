// The schemas of Kubernetes' own kinds, as `tools/generate.ts` wrote them. Loading takes a few milliseconds; documentation
// and operation parameters are loaded only when somebody asks for OpenAPI or `explain`.

import type { Definitions, Schema } from "./schema.ts";

/** A definition's texts. */
export interface Documentation {
  description: string;
  fields?: Record<string, string>;
}

/** A query parameter of an operation. */
export interface OperationParameter {
  name: string;
  type: "string" | "integer" | "boolean";
  description: string;
}

/** What OpenAPI says of operations. */
export interface OperationTexts {
  /** A verb (`list`) or connected subresource (`pods/exec`) to its query parameters. */
  parameters: Readonly<Record<string, OperationParameter[]>>;
  /** With `{kind}`, `{a kind}`, `{subresource}` and `{METHOD}` for what differs. */
  phrases: Readonly<Record<string, string>>;
}

let loaded: Record<string, Schema> | undefined;

/** Loads the schemas once; `definitions` works after that. Gives all of them by name. */
export async function loadDefinitions(): Promise<Readonly<Record<string, Schema>>> {
  if (!loaded) {
    const module = await import("../generated/definitions.json", { with: { type: "json" } });
    loaded = module.default as unknown as Record<string, Schema>;
  }
  return loaded;
}

/** Finds a definition by name. Throws before `loadDefinitions` and for a name that doesn't exist. */
export const definitions: Definitions = (name) => {
  if (!loaded) throw new Error(`definitions(${name}): call loadDefinitions() first`);
  const schema = loaded[name];
  if (!schema) throw new Error(`there is no definition ${name}`);
  return schema;
};

/** Loads the documentation: a definition's name to its texts. */
export async function loadDocs(): Promise<Readonly<Record<string, Documentation>>> {
  const module = await import("../generated/docs.json", { with: { type: "json" } });
  return module.default as unknown as Record<string, Documentation>;
}

/** Loads the parameters and phrases of operations. */
export async function loadOperations(): Promise<OperationTexts> {
  const module = await import("../generated/operations.json", { with: { type: "json" } });
  return module.default as unknown as OperationTexts;
}
