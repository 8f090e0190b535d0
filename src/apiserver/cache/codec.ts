import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import type { Outline } from "./item.ts";
import { lengthOf, unpack } from "./packed.ts";
import type { Warmth } from "./warmth.ts";

/** How the values of one resource are read. */
export interface Codec {
  /** The object that a stored value is of, without `resourceVersion`. Throws for what is none. */
  decode(value: Uint8Array): KubeObject;
  /** The JSON that is served of a value, put together without parsing; undefined where that cannot be. */
  servedJson(value: Uint8Array, revision: number): Uint8Array | undefined;
  /** How long a value's JSON is, in bytes. */
  lengthOf(value: Uint8Array): number;
  outline(object: KubeObject): Outline;
  readonly warmth: Warmth;
}

/** How often different labels and field values are remembered, so that equal ones share their memory. */
const sharedMax = 10_000;

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** Reads what the store has of a resource. `readEnvelope` reads values that are protobuf. */
export function codecOf(
  resource: Resource | undefined,
  warmth: Warmth,
  readEnvelope: (value: Uint8Array) => KubeObject,
): Codec {
  const fields = Object.entries(resource?.selectableFields ?? {});
  const places = new Map(fields.map(([field], index) => [field, index]));
  const known = new Map<string, unknown>();

  /** One and the same value for all that are equal. */
  function shared<Value>(name: string, value: Value): Value {
    const before = known.get(name);
    if (before !== undefined) return before as Value;
    if (known.size >= sharedMax) known.clear();
    known.set(name, value);
    return value;
  }

  return {
    decode: (value) =>
      isEnvelope(value) ? readEnvelope(value) : (JSON.parse(fromUtf8.decode(unpack(value))) as KubeObject),
    servedJson(value, revision) {
      if (isEnvelope(value)) return undefined;
      const json = unpack(value);
      const at = afterUid(json);
      return at === undefined ? undefined : spliced(json, at, `,"resourceVersion":"${revision}"`);
    },
    lengthOf,
    outline(object) {
      const { labels } = object.metadata;
      const values = fields.map(([, read]) => {
        const text = read(object);
        return text === undefined ? undefined : shared(text, text);
      });
      return { labels: labels && shared(JSON.stringify(labels), labels), values, places };
    },
    warmth,
  };
}

/** `k8s\0`: how Kubernetes begins what it stores as protobuf. */
export function isEnvelope(value: Uint8Array): boolean {
  return value[0] === 0x6b && value[1] === 0x38 && value[2] === 0x73 && value[3] === 0;
}

function spliced(json: Uint8Array, at: number, text: string): Uint8Array {
  const more = utf8.encode(text);
  const bytes = new Uint8Array(json.length + more.length);
  bytes.set(json.subarray(0, at));
  bytes.set(more, at);
  bytes.set(json.subarray(at), at + more.length);
  return bytes;
}

/** What comes before the place of `resourceVersion` in our own JSON, in order; those marked may be missing. */
const head: readonly { key: Uint8Array; optional: boolean }[] = [
  { key: '{"kind":"', optional: false },
  { key: ',"apiVersion":"', optional: false },
  { key: ',"metadata":{"name":"', optional: false },
  { key: ',"generateName":"', optional: true },
  { key: ',"namespace":"', optional: true },
  { key: ',"uid":"', optional: false },
].map(({ key, optional }) => ({ key: utf8.encode(key), optional }));

const quote = 0x22;
const backslash = 0x5c;

/** Where the uid ends, if the JSON begins as ours does. Pure. */
export function afterUid(json: Uint8Array): number | undefined {
  let at = 0;
  for (const { key, optional } of head) {
    if (!startsWith(json, key, at)) {
      if (optional) continue;
      return undefined;
    }
    at += key.length;
    while (json[at] !== quote) if (json[at] === backslash || ++at >= json.length) return undefined;
    at++;
  }
  return at;
}

function startsWith(bytes: Uint8Array, wanted: Uint8Array, at: number): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}
