import type { PrinterColumn } from "../../api/apiextensions/types.ts";
import { humanDuration } from "../../api/machinery/duration.ts";
import { type JsonPath, parseJsonPath, printValue } from "../../api/machinery/jsonpath.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Column } from "../../api/machinery/resource.ts";
import { parseTime } from "../../api/machinery/time.ts";

const nameColumn: Column<KubeObject> = {
  name: "Name",
  type: "string",
  format: "name",
  value: ({ metadata }) => metadata.name,
};

const ageColumn: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

/** A custom resource's columns: its name and what its definition asks for, the age if it asks for nothing. */
export function customColumns(declared: readonly PrinterColumn[] | undefined): Column<KubeObject>[] {
  const columns = declared?.length ? declared : [ageColumn];
  return [nameColumn, ...columns.map(columnOf)];
}

function columnOf({ name, type, format, priority, jsonPath }: PrinterColumn): Column<KubeObject> {
  let path: JsonPath | undefined;
  return {
    name,
    type: type as Column<KubeObject>["type"],
    format,
    priority,
    value(object, now) {
      try {
        path ??= parseJsonPath(`{${jsonPath}}`);
        return cell(path.find(object)[0]?.[0], type, now);
      } catch {
        // A path that finds nothing, or cannot be read at all, leaves its cell empty.
        return null;
      }
    },
  };
}

function cell(value: unknown, type: string, now: number): string | number | boolean | null {
  if (value === undefined) return null;
  if (value === null) return type === "string" ? "<no value>" : null;
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? ageOf(value, now) : null;
    default:
      return printValue(value);
  }
}

function ageOf(text: string, now: number): string {
  if (text === "") return "<unknown>";
  const time = parseTime(text);
  return "error" in time ? "<invalid>" : humanDuration(now - time.ms);
}
