// Answers in protobuf: the same objects in another form. An item's message is made once, for gets, lists and watches alike.

import { definitions } from "../../api/machinery/definitions.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { protobufEncoder } from "../../api/machinery/protobuf/encode.ts";
import { loadedDefinitionOfKind, sealEnvelope } from "../../api/machinery/protobuf/envelope.ts";
import { fieldHead } from "../../api/machinery/protobuf/writer.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import type { Schema } from "../../api/machinery/schema.ts";
import type { Status } from "../../api/machinery/status.ts";
import { joined } from "../../base/bytes.ts";
import type { EncodedEvent, WatchEvent } from "../../base/http.ts";
import type { Cached } from "../cache/cache.ts";
import type { EventEncoder } from "../registry/watch.ts";

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/** Kinds that no published schema has. */
const ownSchemas: Record<string, Schema> = {
  [`${meta}PartialObjectMetadata`]: { properties: { metadata: { $ref: `${meta}ObjectMeta` } } },
  [`${meta}PartialObjectMetadataList`]: {
    properties: {
      metadata: { $ref: `${meta}ListMeta` },
      items: { type: "array", items: { $ref: `${meta}PartialObjectMetadata` } },
    },
  },
};

const allDefinitions = (name: string): Schema => ownSchemas[name] ?? definitions(name);

const encoders = new Map<string, (object: object) => Uint8Array>();

function encoderOf(definition: string): (object: object) => Uint8Array {
  let encode = encoders.get(definition);
  if (!encode) {
    encode = protobufEncoder(definition, allDefinitions);
    encoders.set(definition, encode);
  }
  return encode;
}

/** Messages that were made, as long as their objects are there. */
const messages = new WeakMap<KubeObject, Uint8Array>();

/** An item's message, without its kind. */
function messageOf({ schema }: Resource, { object }: Cached): Uint8Array {
  let message = messages.get(object);
  if (!message) {
    message = encoderOf(schema)(object);
    messages.set(object, message);
  }
  return message;
}

/** The body of one item. */
export function protobufOfItem(resource: Resource, item: Cached): Uint8Array {
  return joined(sealEnvelope(resource.apiVersion, resource.kind, [messageOf(resource, item)]));
}

/** The body of an object of any kind that has a schema. Throws for another. */
export function protobufOf(object: object): Uint8Array {
  const { kind, apiVersion } = object as KubeObject;
  const name = apiVersion.startsWith("meta.k8s.io/") ? meta + kind : loadedDefinitionOfKind(apiVersion, kind);
  if (name === undefined) throw new Error(`not supported yet: protobuf of ${apiVersion} ${kind}`);
  return joined(sealEnvelope(apiVersion, kind, [encoderOf(name)(object)]));
}

/** Items as a list has them: each behind the tag and the length of field 2. */
export function protobufItems(resource: Resource, items: readonly Cached[]): Uint8Array {
  const messages = items.map((item) => messageOf(resource, item));
  return joined(messages.flatMap((message) => [fieldHead(2, message.length), message]));
}

/** The body of a list, in pieces. `items` is what `protobufItems` gave. */
export function protobufList({ listKind, apiVersion }: Resource, metadata: object, items: Uint8Array): Uint8Array[] {
  const list = encoderOf(`${meta}PartialObjectMetadataList`)({ metadata });
  return sealEnvelope(apiVersion, listKind, [list, items]);
}

/** The media type of watches in protobuf. */
export const protobufWatchType = "application/vnd.kubernetes.protobuf;stream=watch";

/**
 * A watch's events in protobuf: a WatchEvent behind four bytes of length, with the whole body of the object in it. `shown`
 * is what is sent of an item, the item itself if absent.
 */
export function protobufEvents(resource: Resource, shown?: (item: Cached) => object): EventEncoder {
  const event = (type: WatchEvent["type"], object: object, body: () => Uint8Array): EncodedEvent => ({
    type,
    object,
    bytes: () => eventFrame(type, body()),
  });
  return {
    item(type, item) {
      const object = shown?.(item) ?? item.object;
      return event(type, object, () => (shown ? protobufOf(object) : protobufOfItem(resource, item)));
    },
    status: (status: Status) => event("ERROR", status, () => protobufOf(status)),
  };
}

/** WatchEvent: type (1), and object (2), a RawExtension whose bytes are field 1. */
function eventFrame(type: string, body: Uint8Array): Uint8Array {
  const name = utf8.encode(type);
  const extension = fieldHead(1, body.length);
  const head = joined([fieldHead(1, name.length), name, fieldHead(2, extension.length + body.length), extension]);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length + body.length);
  return joined([length, head, body]);
}

const utf8 = new TextEncoder();
