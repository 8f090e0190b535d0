// What a schema is. `tools/generate.ts` writes them to `api/generated/`; custom resources bring their own at run time.

/**
 * The part of OpenAPI v2/v3 that Kubernetes uses, with Kubernetes' extensions. Descriptions live apart (`generated/docs.json`)
 * so that a server that nobody asks for documentation never loads them.
 */
export interface Schema {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  format?: string;
  description?: string;
  /** A definition's name: `io.k8s.api.core.v1.PodSpec`. */
  $ref?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  default?: unknown;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-patch-merge-key"?: string;
  "x-kubernetes-patch-strategy"?: string;
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-map-type"?: "atomic" | "granular";
  "x-kubernetes-unions"?: unknown[];
  /** Ours, never published: the field is left out when it holds the empty value of its type. */
  "x-typernetes-omit-zero"?: boolean;
  /** Ours, never published: what is written when the field is absent. */
  "x-typernetes-always"?: unknown;
  "x-kubernetes-group-version-kind"?: { group: string; version: string; kind: string }[];
}

/** Finds a definition by name. Throws if there is none. */
export type Definitions = (name: string) => Schema;

/** Follows `$ref`s until something else. */
export function resolve(schema: Schema, definitions: Definitions): Schema {
  let current = schema;
  while (current.$ref !== undefined) current = definitions(current.$ref);
  return current;
}
