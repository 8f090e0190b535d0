import type { Definitions, Schema } from "../machinery/schema.ts";
import type { CelType } from "./types.ts";

export interface SchemaTypeOptions {
  /** Finds `$ref`s; not needed for structural schemas of custom resources. */
  definitions?: Definitions;
  /** The root of a custom resource or an embedded resource: has apiVersion, kind and metadata (name, generateName). */
  resourceRoot?: boolean;
}

/** The type of values of a schema; undefined where expressions see nothing (unknown fields, lists without items). */
export declare function schemaType(schema: Schema, options?: SchemaTypeOptions): CelType | undefined;
