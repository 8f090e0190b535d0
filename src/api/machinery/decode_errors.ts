// The words in which the real server, a Go program, refuses JSON of the wrong type.

import type { Schema } from "./schema.ts";

/** A body that cannot be decoded. The message is Go's; the server puts the kind in front. */
export class DecodeError extends Error {
  /** The same in the words of Go's way from maps to structs, which strategic merge patches go. */
  readonly restoring: string | undefined;

  constructor(message: string, restoring?: string) {
    super(message);
    this.name = "DecodeError";
    this.restoring = restoring;
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
  const shown = typeof value === "number" && integer ? `number ${value}` : jsonKind(value);
  const fields = place.path.filter((part) => typeof part === "string");
  const restoring = restoringMismatch(value, go);
  if (fields.length === 0)
    return new DecodeError(`json: cannot unmarshal ${shown} into Go value of type ${go}`, restoring);
  return new DecodeError(
    `json: cannot unmarshal ${shown} into Go struct field ${place.struct}.${fields.join(".")} of type ${go}`,
    restoring,
  );
}

/** A JSON value's kind, as Go's messages call it. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** What apimachinery's converter says of a value that is not of a type (runtime, `FromUnstructured`). */
function restoringMismatch(value: unknown, go: string): string {
  const kind = goKind(value);
  if (go.startsWith("map[") || go === "v1.ResourceList") return `cannot restore map from ${kind}`;
  if (go.startsWith("[]")) return `cannot restore slice from ${kind}`;
  if (go.includes(".")) return `cannot restore struct from: ${kind}`;
  // Go can make text of a whole number, and a whole number of a fraction, but this does not.
  const convertible = (kind === "int64" && go === "string") || (kind === "float64" && go.startsWith("int"));
  return convertible ? `cannot convert ${kind} to ${go}` : `unrecognized type: ${go}`;
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "slice";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map";
}
