import type { Schema } from "../schema.ts";

/** What a value without parts is in protobuf. */
export type ScalarKind = "text" | "bytes" | "bool" | "int32" | "int64" | "double";

/** The kind of a schema's values; undefined for messages and lists. */
export function scalarKind({ $ref, type, format }: Schema): ScalarKind | undefined {
  if ($ref !== undefined) return undefined;
  if (type === "string") return format === "byte" ? "bytes" : "text";
  if (type === "boolean") return "bool";
  if (type === "integer") return format === "int32" ? "int32" : "int64";
  return type === "number" ? "double" : undefined;
}
