/** The bytes that a base64 text stands for. Throws on anything else. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/\s/g, "")), (char) => char.charCodeAt(0));
}

/** Bytes in lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Bytes as UTF-8 text. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
