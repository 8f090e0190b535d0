import { humanDuration } from "../../api/machinery/duration.ts";
import type { KubeObject, ListMeta } from "../../api/machinery/object.ts";
import type { Column, Resource } from "../../api/machinery/resource.ts";
import type { Cached } from "../cache/cache.ts";

/** A table's answer (meta.k8s.io Table): what `kubectl get` prints. */
export interface Table {
  kind: "Table";
  apiVersion: string;
  metadata: ListMeta;
  columnDefinitions: { name: string; type: string; format: string; description: string; priority: number }[] | null;
  rows: { cells: unknown[]; object: object | null }[];
}

const nameColumn: Column<KubeObject> = {
  name: "Name",
  type: "string",
  format: "name",
  value: (object) => object.metadata.name,
};

const ageOnly: Column<KubeObject>[] = [
  {
    name: "Age",
    type: "string",
    value: (object, now) => humanDuration(now - Date.parse(object.metadata.creationTimestamp)),
  },
];

/** The columns of a resource's table with their values. */
export function columnsOf(resource: Resource): readonly Column<any>[] {
  const columns = resource.columns ?? ageOnly;
  return columns.some((column) => column.name === "Name") ? columns : [nameColumn, ...columns];
}

/**
 * The objects as a table. `include` is the request's `includeObject`: `None`, `Metadata` (the default) or `Object`. `now` is
 * milliseconds since the epoch.
 */
export function toTable(
  resource: Resource,
  items: readonly Cached[],
  metadata: ListMeta,
  metaVersion: string,
  include: string,
  now: number,
): Table {
  const columns = columnsOf(resource);
  const cells = [...columns, ...(resource.cellsBeyond ?? [])];
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${metaVersion}`,
    metadata,
    columnDefinitions: columns.map((column) => ({
      name: column.name,
      type: column.type ?? "string",
      format: column.format ?? "",
      description: "",
      priority: column.priority ?? 0,
    })),
    rows: items.map((item) => ({
      cells: cells.map((column) => column.value(item.object, now) ?? null),
      object: include === "None" ? null : include === "Object" ? item.object : partialObject(item.object, metaVersion),
    })),
  };
}

/** Only the metadata of an object. */
export function partialObject(object: KubeObject, metaVersion: string): KubeObject {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${metaVersion}`, metadata: object.metadata };
}
