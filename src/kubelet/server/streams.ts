import type { ByteStream } from "../../base/http.ts";

/** One stream of a SPDY connection. */
export interface SpdyStream {
  id: number;
  readable: AsyncIterable<Uint8Array>;
  write(chunk: Uint8Array): Promise<void>;
  /** Ends our direction. */
  closeWrite(): void;
  reset(): void;
}

/** A SPDY/3.1 connection, seen from the side that opened it. */
export interface SpdyConnection {
  /** Opens a stream; resolves when the other side has accepted it. */
  open(headers: Record<string, string>): Promise<SpdyStream>;
  close(): void;
  closed: Promise<void>;
}

/** Speaks SPDY/3.1 as the client over a connection that was upgraded to it. */
export type SpdyDoor = (stream: ByteStream) => SpdyConnection;
