import { promisify } from "node:util";
import * as zlib from "node:zlib";

/** Answers from this size on are compressed for clients that can read that, in bytes, as the real API server has it. */
export const compressedFrom = 128 * 1024;

/** Parts from this size on are compressed once and kept as long as somebody holds the part, in bytes. */
const keptFrom = 64 * 1024;

const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflateRaw);

// Every part ends at a byte's edge and refers to nothing before it, so that parts can follow each other in any order.
const options: zlib.ZlibOptions = { level: 1, finishFlush: zlib.constants.Z_SYNC_FLUSH };

const kept = new WeakMap<Uint8Array, Promise<Uint8Array>>();

function compressed(part: Uint8Array): Promise<Uint8Array> {
  if (part.length < keptFrom) return Promise.resolve(zlib.deflateRawSync(part, options));
  let known = kept.get(part);
  if (!known) {
    known = deflate(part, options);
    kept.set(part, known);
  }
  return known;
}

/** Whether a client reads gzip, by its Accept-Encoding header. */
export function acceptsGzip(accepted: string | undefined): boolean {
  return accepted !== undefined && /(?:^|,)\s*gzip\s*(?:,|;(?!\s*q=0(?:\.0*)?\s*(?:,|$))|$)/.test(accepted);
}

const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff]);
/** An empty last block. */
const end = Buffer.from([3, 0]);

/** The parts, one after the other, as one gzip stream (RFC 1952), in pieces. */
export async function gzipParts(parts: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const pieces = await Promise.all(parts.map(compressed));
  const trailer = Buffer.alloc(8);
  let sum = 0;
  let size = 0;
  for (const part of parts) {
    sum = zlib.crc32(part, sum);
    size += part.length;
  }
  trailer.writeUInt32LE(sum, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return [header, ...pieces, end, trailer];
}
