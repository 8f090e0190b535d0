// The OpenAPI v2 document in protobuf, as the gnostic library defines it: the form in which kubectl asks for it. Only what
// validation and `explain` read is in it: kinds, fields, types and texts; no paths.

import { fieldHead } from "../../api/machinery/protobuf/writer.ts";
import { joined } from "../../base/bytes.ts";

type Json = Record<string, any>;

/** The media types that ask for it. */
export const openApiProtobuf = /application\/com\.github\.proto-openapi\.spec\.v2[.@]v1\.0\+protobuf/;

const utf8 = new TextEncoder();

/** A message under construction: its encoded fields one after another. */
class Message {
  readonly #parts: Uint8Array[] = [];

  /** Adds a field of bytes, text or a message; nothing for an absent or empty one. */
  bytes(field: number, value: Uint8Array | string | Message | undefined): this {
    if (value === undefined || value === "") return this;
    const content = typeof value === "string" ? utf8.encode(value) : value instanceof Message ? value.done() : value;
    this.#parts.push(fieldHead(field, content.length), content);
    return this;
  }

  /** Adds a field of one of the first fifteen numbers that is true. */
  flag(field: number): this {
    this.#parts.push(Uint8Array.of(field * 8, 1));
    return this;
  }

  done(): Uint8Array {
    return joined(this.#parts);
  }
}

/** A document's bytes, from its JSON. */
export function encodeOpenApiV2(document: Json): Uint8Array {
  const definitions = new Message();
  for (const [name, schema] of Object.entries<Json>(document.definitions))
    definitions.bytes(1, named(name, schemaMessage(schema)));
  const info = new Message().bytes(1, document.info.title).bytes(2, document.info.version);
  return new Message().bytes(1, document.swagger).bytes(2, info).bytes(8, new Message()).bytes(9, definitions).done();
}

function named(name: string, value: Message): Message {
  return new Message().bytes(1, name).bytes(2, value);
}

function schemaMessage(schema: Json): Message {
  const message = new Message().bytes(1, schema.$ref).bytes(2, schema.format).bytes(4, schema.description);
  for (const name of schema.required ?? []) message.bytes(19, name);
  const { additionalProperties, properties } = schema;
  if (typeof additionalProperties === "object")
    message.bytes(21, new Message().bytes(1, schemaMessage(additionalProperties)));
  else if (additionalProperties === true) message.bytes(21, new Message().flag(2));
  if (schema.type) message.bytes(22, new Message().bytes(1, schema.type));
  if (schema.items) message.bytes(23, new Message().bytes(1, schemaMessage(schema.items)));
  if (properties) {
    const all = new Message();
    for (const [name, property] of Object.entries<Json>(properties)) all.bytes(1, named(name, schemaMessage(property)));
    message.bytes(25, all);
  }
  // Extensions are YAML, of which JSON is a part.
  for (const [name, value] of Object.entries(schema)) {
    if (name.startsWith("x-")) message.bytes(31, named(name, new Message().bytes(2, JSON.stringify(value))));
  }
  return message;
}
