// What strategic merge asks of a schema: the field under a key, and how its lists merge.

import { type Definitions, resolve, type Schema } from "./schema.ts";

/** A place in a schema. Undefined stands for what no schema describes: merged as maps, lists replaced. */
export interface MergePlace {
  /** The field's own schema, which has the strategies. */
  field: Schema | undefined;
  definitions: Definitions;
}

/** The place under a key of a map or struct. */
export function childPlace(place: MergePlace, key: string): MergePlace {
  const { field, definitions } = place;
  if (!field) return place;
  const schema = resolve(field, definitions);
  const properties = schema.properties;
  const own = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const values = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return { field: own ?? values, definitions };
}

/** The place of a list's items. */
export function itemPlace({ field, definitions }: MergePlace): MergePlace {
  return { field: field && resolve(field, definitions).items, definitions };
}

function strategies({ field }: MergePlace): string[] {
  return field?.["x-kubernetes-patch-strategy"]?.split(",") ?? [];
}

/** Whether a list here is merged, and not replaced. */
export function mergesList(place: MergePlace): boolean {
  return strategies(place).includes("merge");
}

/** Whether a map here is replaced as a whole. */
export function replacesMap(place: MergePlace): boolean {
  return strategies(place).includes("replace");
}

/** Whether a patch here must name the keys that stay. */
export function retainsKeys(place: MergePlace): boolean {
  return strategies(place).includes("retainKeys");
}

/** The key that identifies a list's items. */
export function mergeKeyOf({ field }: MergePlace): string | undefined {
  return field?.["x-kubernetes-patch-merge-key"];
}
