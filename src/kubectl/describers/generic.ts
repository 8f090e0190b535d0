// Any other kind: its fields, as words.

import { type DescribeContext, eventLines, type Lines, metadataLines, nameLines } from "./writer.ts";

const hiddenFields = new Set(["managedFields", "selfLink"]);
const shownElsewhere = new Set(["name", "namespace", "labels", "annotations"]);

/** `apiVersion` → `API Version`: words of a field's name, each with a capital. */
function title(field: string): string {
  if (/^[A-Z]+$/.test(field)) return field;
  const words = field
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(/[\s_-]+/);
  return words
    .map((word) =>
      /^(api|uid|url|ip|cidr|id)$/i.test(word) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join(" ");
}

/** Describes an object by its fields alone. */
export async function describeGeneric(out: Lines, object: any, context: DescribeContext): Promise<void> {
  nameLines(out, { metadata: { ...object.metadata, namespace: object.metadata.namespace ?? undefined } });
  if (!object.metadata.namespace) out.raw("Namespace:\t\n");
  metadataLines(out, object);
  out.raw(`API Version:\t${object.apiVersion}\nKind:\t${object.kind}\n`);
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const meta = Object.fromEntries(
    Object.entries(metadata).filter(([key]) => !shownElsewhere.has(key) && !hiddenFields.has(key)),
  );
  fields(out, { metadata: meta, ...rest }, 0);
  eventLines(out, await context.events(object), context.now);
}

function fields(out: Lines, map: Record<string, unknown>, level: number): void {
  for (const key of Object.keys(map).sort()) {
    const value = map[key];
    const name = level > 0 && /[./]/.test(key) ? key : title(key);
    if (Array.isArray(value)) {
      out.line(level, `${name}:`);
      for (const item of value) {
        if (item !== null && typeof item === "object" && !Array.isArray(item))
          fields(out, item as Record<string, unknown>, level + 1);
        else out.line(level + 1, String(item));
      }
    } else if (value !== null && typeof value === "object") {
      out.line(level, `${name}:`);
      fields(out, value as Record<string, unknown>, level + 1);
    } else out.line(level, `${name}:\t${value ?? "<nil>"}`);
  }
}
