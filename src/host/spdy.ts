import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import type { ByteStream } from "../base/http.ts";
import { spdyDictionary } from "./spdy_dictionary.ts";

/** One stream of a SPDY connection. */
export interface SpdyStream {
  id: number;
  readable: AsyncIterable<Uint8Array>;
  write(chunk: Uint8Array): Promise<void>;
  /** Ends our direction. */
  closeWrite(): void;
  reset(): void;
}

export interface SpdyConnection {
  /** Opens a stream; resolves when the other side has accepted it. */
  open(headers: Record<string, string>): Promise<SpdyStream>;
  close(): void;
  closed: Promise<void>;
}

const frame = { synStream: 1, synReply: 2, rstStream: 3, settings: 4, ping: 6, goAway: 7, headers: 8, windowUpdate: 9 };
const flagFin = 1;
const cancel = 5;

/**
 * Speaks SPDY/3.1 as the client, as far as container streams need it. Neither side of those keeps SPDY's flow control
 * (the runtimes' implementation has none): TCP's is what holds a fast sender back.
 */
export function spdyClient(connection: ByteStream): SpdyConnection {
  const streams = new Map<number, OpenStream>();
  const deflate = createDeflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  const inflate = createInflate({ dictionary: spdyDictionary, flush: constants.Z_SYNC_FLUSH });
  let lastId = -1;
  // Header blocks share one compression context: their order on the wire is the order of their compression.
  let opening: Promise<unknown> = Promise.resolve();

  const send = (chunk: Uint8Array) => connection.write(chunk).catch(() => {});

  function control(type: number, flags: number, payload: Uint8Array): Uint8Array {
    const bytes = Buffer.alloc(8 + payload.length);
    bytes.writeUInt16BE(0x8003, 0);
    bytes.writeUInt16BE(type, 2);
    bytes.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
    bytes.set(payload, 8);
    return bytes;
  }

  function data(id: number, flags: number, chunk: Uint8Array): Uint8Array {
    const bytes = Buffer.alloc(8 + chunk.length);
    bytes.writeUInt32BE(id, 0);
    bytes.writeUInt32BE(((flags << 24) | chunk.length) >>> 0, 4);
    bytes.set(chunk, 8);
    return bytes;
  }

  function newStream(id: number): OpenStream {
    const stream = openStream();
    streams.set(id, stream);
    return stream;
  }

  async function open(headers: Record<string, string>): Promise<SpdyStream> {
    lastId += 2;
    const id = lastId;
    const stream = newStream(id);
    opening = opening.then(async () => {
      const block = await through(deflate, headerBlock(headers));
      const fixed = Buffer.alloc(10);
      fixed.writeUInt32BE(id, 0);
      await send(control(frame.synStream, 0, Buffer.concat([fixed, block])));
    });
    await opening;
    await stream.accepted;
    return {
      id,
      readable: stream.chunks(),
      async write(chunk) {
        // A data frame's length has 24 bits.
        for (let at = 0; at < chunk.length; at += 0x800000)
          await connection.write(data(id, 0, chunk.subarray(at, at + 0x800000)));
      },
      closeWrite: () => void send(data(id, flagFin, new Uint8Array())),
      reset() {
        const payload = Buffer.alloc(8);
        payload.writeUInt32BE(id, 0);
        payload.writeUInt32BE(cancel, 4);
        void send(control(frame.rstStream, 0, payload));
        stream.end();
      },
    };
  }

  async function receive(): Promise<void> {
    for await (const { control: type, id, flags, payload } of frames(connection.readable)) {
      if (type === undefined) {
        const stream = streams.get(id);
        if (payload.length > 0) stream?.push(payload);
        if (flags & flagFin) stream?.end();
      } else if (type === frame.synReply) {
        const stream = streams.get(payload.readUInt32BE(0) & 0x7fffffff);
        await through(inflate, payload.subarray(4));
        stream?.accept();
        if (flags & flagFin) stream?.end();
      } else if (type === frame.rstStream) {
        streams
          .get(payload.readUInt32BE(0) & 0x7fffffff)
          ?.fail(new Error(`SPDY stream reset: ${payload.readUInt32BE(4)}`));
      } else if (type === frame.ping) await send(control(frame.ping, 0, payload));
      else if (type === frame.headers) await through(inflate, payload.subarray(4));
    }
  }

  const closed = receive()
    .catch(() => {})
    .then(() => {
      for (const stream of streams.values()) stream.fail(new Error("the SPDY connection ended"));
      connection.close();
      deflate.close();
      inflate.close();
    });
  return { open, close: () => connection.close(), closed };
}

interface OpenStream {
  accepted: Promise<void>;
  accept(): void;
  push(chunk: Uint8Array): void;
  end(): void;
  fail(error: Error): void;
  chunks(): AsyncGenerator<Uint8Array>;
}

function openStream(): OpenStream {
  const queue: Uint8Array[] = [];
  let ended = false;
  let wake = () => {};
  const { promise: accepted, resolve, reject } = Promise.withResolvers<void>();
  accepted.catch(() => {});
  const end = () => {
    ended = true;
    wake();
  };
  return {
    accepted,
    accept: () => resolve(),
    push(chunk) {
      queue.push(chunk);
      wake();
    },
    end,
    fail(error) {
      reject(error);
      end();
    },
    async *chunks() {
      for (;;) {
        while (queue.length > 0) yield queue.shift()!;
        if (ended) return;
        await new Promise<void>((next) => {
          wake = next;
        });
      }
    },
  };
}

interface Frame {
  /** The type of a control frame; undefined for data. */
  control?: number;
  id: number;
  flags: number;
  payload: Buffer;
}

async function* frames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let held = Buffer.alloc(0);
  for await (const chunk of chunks) {
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
    while (held.length >= 8) {
      const first = held.readUInt32BE(0);
      const second = held.readUInt32BE(4);
      const length = second & 0xffffff;
      if (held.length < 8 + length) break;
      const payload = Buffer.from(held.subarray(8, 8 + length));
      held = held.subarray(8 + length);
      const isControl = first >>> 31 === 1;
      yield { control: isControl ? first & 0xffff : undefined, id: first & 0x7fffffff, flags: second >>> 24, payload };
    }
  }
}

function headerBlock(headers: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    parts.push(bytes);
  };
  const entries = Object.entries(headers);
  number(entries.length);
  for (const text of entries.flatMap(([name, value]) => [name.toLowerCase(), value])) {
    const bytes = Buffer.from(text);
    number(bytes.length);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** Puts a block through a compressor or a decompressor and gives what comes out until it is flushed. */
function through(zlib: Deflate | Inflate, block: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zlib.once("error", reject);
    zlib.write(block, () => {
      zlib.off("error", reject);
      // Nobody listens for data, so all of it is in the buffer.
      resolve((zlib.read() as Buffer | null) ?? Buffer.alloc(0));
    });
  });
}
