// The words in which the real server, a Go program, refuses JSON of the wrong type.

import type { Schema } from "./schema.ts";

/** A body that cannot be decoded. The message is Go's; the server puts the kind in front. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DecodeError";
  }
}

/** Where a value stands: field names, list indexes and map keys from the root, and the struct that has the last field. */
export interface Place {
  path: (string | number | { key: string })[];
  struct: string;
}

/** Types with a name of their own in Go, where the schema has only their shape. */
const namedTypes: Record<string, string> = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intstr.IntOrString",
  "io.k8s.apimachinery.pkg.api.resource.Quantity": "resource.Quantity",
  "io.k8s.apimachinery.pkg.runtime.RawExtension": "runtime.RawExtension",
};

/** A schema's type as Go names it: `int32`, `[]v1.Container`, `map[string]string`. */
export function goType(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const named = namedTypes[schema.$ref];
    if (named) return named;
    const [version, name] = schema.$ref.split(".").slice(-2);
    return `${version}.${name}`;
  }
  switch (schema.type) {
    case "integer":
      return schema.format ?? "int64";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "string":
      return schema.format === "byte" ? "[]uint8" : "string";
    case "array":
      return `[]${goType(schema.items!)}`;
    case "object":
      if (typeof schema.additionalProperties !== "object") return "map[string]interface {}";
      if (schema.additionalProperties.$ref?.endsWith("resource.Quantity")) return "v1.ResourceList";
      return `map[string]${goType(schema.additionalProperties)}`;
    default:
      return "interface {}";
  }
}

/**
 * `json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container`.
 *
 * `integer`: a number was wanted, but not this one, so that the message has it.
 */
export function typeMismatch(value: unknown, go: string, place: Place, integer = false): DecodeError {
  let shown: string = typeof value;
  if (Array.isArray(value)) shown = "array";
  else if (shown === "boolean") shown = "bool";
  else if (shown === "number" && integer) shown = `number ${value}`;
  const fields = place.path.filter((part) => typeof part === "string");
  if (fields.length === 0) return new DecodeError(`json: cannot unmarshal ${shown} into Go value of type ${go}`);
  return new DecodeError(
    `json: cannot unmarshal ${shown} into Go struct field ${place.struct}.${fields.join(".")} of type ${go}`,
  );
}
