import { isKnownFormat } from "./formats.ts";
import { childSchemas, type Definition, type JsonSchema } from "./types.ts";

/** Formats in a schema that nothing is checked for, as often as they stand there. */
function* unknownFormats(schema: JsonSchema): Generator<string> {
  if (schema.format && !isKnownFormat(schema.format, schema.type || undefined)) yield schema.format;
  for (const child of childSchemas(schema)) yield* unknownFormats(child);
}

function formatsOf(definition: Definition | undefined): Set<string> {
  const schemas = (definition?.spec.versions ?? []).flatMap(({ schema }) => schema?.openAPIV3Schema ?? []);
  return new Set(schemas.flatMap((schema) => [...unknownFormats(schema)]));
}

/** Warns of formats that nothing is checked for, where a definition has not had them before. */
export function* formatWarnings(definition: Definition, previous?: Definition): Generator<string> {
  const before = formatsOf(previous);
  for (const format of formatsOf(definition))
    if (!before.has(format)) yield `unrecognized format ${JSON.stringify(format)}`;
}
