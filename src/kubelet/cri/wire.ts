/** The fields of a protobuf message by number; the last of a repeated field wins, an absent one is empty or 0. */
export interface WireFields {
  number(field: number): number;
  text(field: number): string;
  message(field: number): WireFields;
}

/** Reads a protobuf message without its definition (protobuf's wire format: varints, 64-bit, bytes, 32-bit). */
export function readFields(bytes: Uint8Array): WireFields {
  const values = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("protobuf: the message ends inside a number");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) values.set(field, varint());
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const length = varint();
      values.set(field, bytes.subarray(at, at + length));
      at += length;
    } else throw new Error(`protobuf: unknown wire type ${type}`);
  }
  const slice = (field: number) => {
    const value = values.get(field);
    return value instanceof Uint8Array ? value : new Uint8Array();
  };
  return {
    number: (field) => (typeof values.get(field) === "number" ? (values.get(field) as number) : 0),
    text: (field) => new TextDecoder().decode(slice(field)),
    message: (field) => readFields(slice(field)),
  };
}
