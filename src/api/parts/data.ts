// What ConfigMaps and Secrets share: maps of texts or bytes, of limited size, that may be made unchangeable (KEP-1412).

import { type FieldError, FieldPath, forbiddenField } from "../machinery/field.ts";
import { sameValue } from "./checks.ts";

/** All data of one object. etcd takes little more in one value. */
export const dataBytesMax = 1024 * 1024;

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function bytesOfText(text: string): number {
  return encoder.encode(text).length;
}

/** Bytes that a text in base64 stands for. */
export function bytesOfBase64(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}

/** A text's UTF-8 bytes in base64. */
export function base64OfText(text: string): string {
  let binary = "";
  for (const byte of encoder.encode(text)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The error for too much data; the real server names the field in its own way. */
export function tooManyBytes(field: string): FieldError {
  return { type: "FieldValueTooLong", field, body: `Too long: may not be more than ${dataBytesMax} bytes` };
}

/** What may not change once `immutable` is set: `immutable` itself and these fields. */
export function checkImmutableData(next: any, previous: any, fields: readonly string[]): FieldError[] {
  if (!previous.immutable) return [];
  const why = "field is immutable when `immutable` is set";
  const errors: FieldError[] = [];
  if (!next.immutable) errors.push(forbiddenField(new FieldPath("immutable"), why));
  for (const field of fields) {
    if (!sameValue(next[field], previous[field])) errors.push(forbiddenField(new FieldPath(field), why));
  }
  return errors;
}
