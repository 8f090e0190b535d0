import { walk } from "../costs.ts";
import { define, type Library } from "../overload.ts";

/** `jsonpatch.escapeKey(x)`: a key as a step of a JSON pointer. */
export function addJsonPatch(library: Library): void {
  const escapeStep = (text: string) => text.replaceAll("~", "~0").replaceAll("/", "~1");
  define(library, "jsonpatch.escapeKey", "(string): string", ([key]) => escapeStep(key as string), walk(0));
}
