import type { Duplex, Readable } from "node:stream";
import type { ByteStream } from "../base/http.ts";

/** A Node stream as the project's ByteStream. `head` is what was read ahead of it. */
export function byteStream(duplex: Duplex, head?: Uint8Array): ByteStream {
  // A reset connection ends the iteration and the `closed` promise; nobody needs the error twice.
  duplex.on("error", () => {});
  const closed = new Promise<void>((resolve) => duplex.once("close", () => resolve()));
  return {
    readable: chunks(duplex, head),
    write: (chunk) => writeChunk(duplex, chunk),
    closeWrite: () => void duplex.end(),
    close: () => void duplex.destroy(),
    closed,
  };
}

async function* chunks(readable: Readable, head?: Uint8Array): AsyncGenerator<Uint8Array> {
  if (head && head.length > 0) yield head;
  try {
    for await (const chunk of readable.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
  } catch (error) {
    // The other side went away: the end of the stream.
    if (!isDisconnect(error)) throw error;
  }
}

/** True for the errors of a connection that ended without a word. */
export function isDisconnect(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    code === "ECONNRESET" ||
    code === "EPIPE" ||
    code === "ERR_STREAM_PREMATURE_CLOSE" ||
    code === "ERR_STREAM_DESTROYED"
  );
}

function writeChunk(duplex: Duplex, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (duplex.destroyed || duplex.writableEnded) return reject(new Error("write to a closed stream"));
    duplex.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
