// Lists that old annotations hold as JSON, from before there was a field for them.

import { jsonKind } from "../machinery/decode_errors.ts";
import { parseJson } from "../machinery/json.ts";

/** The list of what Go calls this `type`. Throws an Error with Go's words. */
export function annotatedList(text: string, type: string): any[] {
  const value: unknown = parseJson(text) ?? [];
  if (!Array.isArray(value))
    throw new Error(`json: cannot unmarshal ${jsonKind(value)} into Go value of type []${type}`);
  return value.map((each) => each ?? {});
}
