import type { Container } from "./pod.ts";

/** A short mark of those fields of a container that need a new container when they change: its name and image. */
export function specHash({ name, image }: Container): string {
  return fnv32(`${name}\n${image ?? ""}`);
}

/** FNV-1a of a text's UTF-16 units, in hexadecimal. */
function fnv32(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}
