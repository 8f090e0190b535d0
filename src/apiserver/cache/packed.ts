import { lz4 } from "../../base/lz4.ts";
import type { Operation, Store } from "../../store/mod.ts";
import { dictionary } from "./dictionary.ts";
import { writtenValues } from "./value.ts";

/** The first byte of a packed value. No JSON begins so, nor what Kubernetes stores. */
const mark = 0x01;

/** The mark and the length of what was packed. */
const headBytes = 5;

/** Shorter values are not worth it. */
const packFrom = 200;

/** No object is longer. */
const lengthMax = 64 << 20;

const brace = 0x7b;

const codec = lz4(new TextEncoder().encode(dictionary));

function isPacked(value: Uint8Array): boolean {
  return value[0] === mark && value.length > headBytes;
}

/** The value as it is stored: packed if it is JSON of some length. */
export function pack(value: Uint8Array): Uint8Array {
  if (value[0] !== brace || value.length < packFrom) return value;
  const block = codec.compress(value);
  if (block.length + headBytes >= value.length) return value;
  const packed = new Uint8Array(headBytes + block.length);
  packed[0] = mark;
  new DataView(packed.buffer).setUint32(1, value.length);
  packed.set(block, headBytes);
  return packed;
}

/** What was packed; other values as they are. Throws if it is damaged. */
export function unpack(value: Uint8Array): Uint8Array {
  if (!isPacked(value)) return value;
  const length = lengthOf(value);
  if (length > lengthMax) throw new Error(`a packed value says that it is of ${length} bytes`);
  return codec.decompress(value.subarray(headBytes), length);
}

/** The length of what was packed, in bytes. */
export function lengthOf(value: Uint8Array): number {
  return isPacked(value) ? new DataView(value.buffer, value.byteOffset).getUint32(1) : value.length;
}

/**
 * A store whose values are packed on their way in. What comes out is as it is stored: the cache keeps it so. Not for stores
 * that others read too.
 */
export function packedStore(store: Store): Store {
  const packed = (operation: Operation): Operation => {
    if ("delete" in operation) return operation;
    const value = pack(operation.value);
    const written = writtenValues.get(operation.value);
    if (written && value !== operation.value) writtenValues.set(value, written);
    return { put: operation.put, value };
  };
  return { ...store, commit: (preconditions, operations) => store.commit(preconditions, operations.map(packed)) };
}
