import { humanDuration } from "../../api/machinery/duration.ts";
import type { KubeObject, ListMeta } from "../../api/machinery/object.ts";
import type { Column, Resource, RowCondition } from "../../api/machinery/resource.ts";
import type { Cached } from "../cache/cache.ts";

/** A table's answer (meta.k8s.io Table): what `kubectl get` prints. */
export interface Table {
  kind: "Table";
  apiVersion: string;
  metadata: ListMeta;
  columnDefinitions: { name: string; type: string; format: string; description: string; priority: number }[] | null;
  rows: { cells: unknown[]; conditions?: readonly RowCondition[]; object: object | null }[];
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

/** What a table needs to know of a resource. */
type Tabled = Pick<
  Resource,
  "columns" | "cellsBeyond" | "rowConditions" | "rowOrder" | "storedAs" | "untabledAnnotations"
>;

/** The columns of a resource's table with their values. */
export function columnsOf(resource: Tabled): readonly Column<any>[] {
  const columns = resource.columns ?? ageOnly;
  return columns.some((column) => column.name === "Name") ? columns : [nameColumn, ...columns];
}

/** An object's cells: columns are given the stored form. */
function cellsOf(resource: Tabled, columns: readonly Column<any>[], { object }: Cached, now: number): unknown[] {
  const stored = resource.storedAs ? resource.storedAs.toStored(object) : object;
  return columns.map((column) => column.value(stored, now) ?? null);
}

/**
 * The objects as a table. `include` is the request's `includeObject`: `None`, `Metadata` (the default) or `Object`. `now` is
 * milliseconds since the epoch.
 */
export function toTable(
  resource: Tabled,
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
    rows: inRowOrder(resource, items).map((item) => ({
      cells: cellsOf(resource, cells, item, now),
      conditions: resource.rowConditions?.(item.object),
      object:
        include === "None" ? null : include === "Object" ? item.object : tabledObject(resource, item, metaVersion),
    })),
  };
}

function inRowOrder({ rowOrder }: Tabled, items: readonly Cached[]): readonly Cached[] {
  return rowOrder ? items.toSorted((one, other) => rowOrder(one.object, other.object)) : items;
}

/** The metadata of objects that were in tables, as JSON. */
const partialTexts = new WeakMap<Cached, string>();

function partialText(item: Cached, metaVersion: string): string {
  if (metaVersion !== "v1") return JSON.stringify(partialObject(item.object, metaVersion));
  let text = partialTexts.get(item);
  if (text === undefined) {
    text = JSON.stringify(partialObject(item.object, metaVersion));
    partialTexts.set(item, text);
  }
  return text;
}

/** The JSON of what `toTable` gives. */
export function tableText(
  resource: Resource,
  items: readonly Cached[],
  metadata: ListMeta,
  metaVersion: string,
  include: string,
  now: number,
): string {
  const cells = [...columnsOf(resource), ...(resource.cellsBeyond ?? [])];
  const head = JSON.stringify(toTable(resource, [], metadata, metaVersion, include, now));
  const objectText = (item: Cached): string => {
    if (include === "None") return "null";
    return include === "Object" ? JSON.stringify(item.object) : partialText(item, metaVersion);
  };
  const rows = inRowOrder(resource, items).map((item) => {
    const shown = JSON.stringify(cellsOf(resource, cells, item, now));
    const conditions = resource.rowConditions?.(item.object);
    const said = conditions ? `"conditions":${JSON.stringify(conditions)},` : "";
    return `{"cells":${shown},${said}"object":${objectText(item)}}`;
  });
  return `${head.slice(0, -"]}".length)}${rows.join(",")}]}`;
}

/** The metadata that goes with a row. */
function tabledObject({ untabledAnnotations }: Tabled, { object }: Cached, metaVersion: string): KubeObject {
  const partial = partialObject(object, metaVersion);
  const { annotations, ...metadata } = object.metadata;
  if (!untabledAnnotations?.some((each) => annotations?.[each] !== undefined)) return partial;
  const shown = Object.entries(annotations!).filter(([name]) => !untabledAnnotations.includes(name));
  if (shown.length === 0) return { ...partial, metadata };
  return { ...partial, metadata: { ...metadata, annotations: Object.fromEntries(shown) } };
}

/** Only the metadata of an object. */
export function partialObject(object: KubeObject, metaVersion: string): KubeObject {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${metaVersion}`, metadata: object.metadata };
}
