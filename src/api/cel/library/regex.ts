import { regexFind } from "../costs.ts";
import { type Library, method } from "../overload.ts";
import { listValue, type Value } from "../values.ts";
import { matcher } from "./core.ts";

/** `find` and `findAll`: in linear time, whatever the pattern. */
export function addRegex(library: Library): void {
  const all = ([text, pattern, limit]: readonly Value[]) => {
    const most = limit === undefined || (limit as bigint) < 0n ? undefined : Number(limit);
    return listValue(matcher(pattern as string).findAll(text as string, most));
  };
  method(
    library,
    "find",
    "string (string): string",
    ([text, pattern]) => matcher(pattern as string).find(text as string) ?? "",
    regexFind,
  );
  method(library, "findAll", "string (string): list<string>", all, regexFind);
  method(library, "findAll", "string (string, int): list<string>", all, regexFind);
}
