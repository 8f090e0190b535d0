// A body in protobuf: four bytes that say so, and a message that names the kind and holds the object's own message.

import { joined } from "../../../base/bytes.ts";
import { DecodeError } from "../decode_errors.ts";
import { loadDefinitions } from "../definitions.ts";
import { cursorOf, readBytes, readFields, readMessage, readText } from "./wire.ts";
import { fieldHead } from "./writer.ts";

/** The media type of such bodies. */
export const protobufMediaType = "application/vnd.kubernetes.protobuf";

/** `k8s` and a zero byte. */
const prefix = [0x6b, 0x38, 0x73, 0x00];

/** What a body is, and the bytes of its message. Empty names were not written. */
export interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
}

/** Opens a body. Throws a `DecodeError` for bytes that are none. */
export function openEnvelope(body: Uint8Array): Envelope {
  if (body.length === 0) throw new DecodeError("empty data");
  if (prefix.some((byte, index) => body[index] !== byte)) {
    throw new DecodeError(
      `provided data does not appear to be a protobuf message, expected prefix [${prefix.join(" ")}]`,
    );
  }
  const cursor = cursorOf(body.subarray(prefix.length));
  const envelope: Envelope = { apiVersion: "", kind: "", raw: new Uint8Array(0) };
  readFields(cursor, (number, wireType) => {
    if (wireType !== 2 || number > 2) return false;
    if (number === 2) envelope.raw = readBytes(cursor);
    else {
      readMessage(cursor, (inner, innerType) => {
        if (innerType !== 2 || inner > 2) return false;
        envelope[inner === 1 ? "apiVersion" : "kind"] = readText(cursor);
        return true;
      });
    }
    return true;
  });
  return envelope;
}

/** No encoding and no media type of the message (fields 3 and 4): Go writes them all the same. */
const envelopeEnd = Uint8Array.of(0x1a, 0, 0x22, 0);

/** A body around a message that is there in pieces: the pieces, with what comes before and after them. */
export function sealEnvelope(apiVersion: string, kind: string, message: readonly Uint8Array[]): Uint8Array[] {
  const [version, name] = [utf8.encode(apiVersion), utf8.encode(kind)];
  const type = joined([fieldHead(1, version.length), version, fieldHead(2, name.length), name]);
  const length = message.reduce((sum, part) => sum + part.length, 0);
  const head = joined([Uint8Array.from(prefix), fieldHead(1, type.length), type, fieldHead(2, length)]);
  return [head, ...message, envelopeEnd];
}

const utf8 = new TextEncoder();

let definitionsByKind: Map<string, string> | undefined;

/** The name of the definition of one of Kubernetes' own kinds: `definitionOfKind("apps/v1", "Deployment")`. */
export async function definitionOfKind(apiVersion: string, kind: string): Promise<string | undefined> {
  definitionsByKind ??= new Map(
    Object.entries(await loadDefinitions()).flatMap(([name, schema]) =>
      (schema["x-kubernetes-group-version-kind"] ?? []).map((gvk): [string, string] => [
        `${gvk.group ? `${gvk.group}/` : ""}${gvk.version} ${gvk.kind}`,
        name,
      ]),
    ),
  );
  return loadedDefinitionOfKind(apiVersion, kind);
}

/** The same, after somebody has waited for `definitionOfKind` once. */
export function loadedDefinitionOfKind(apiVersion: string, kind: string): string | undefined {
  return definitionsByKind?.get(`${apiVersion} ${kind}`);
}
