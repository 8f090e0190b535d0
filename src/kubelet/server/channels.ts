import { base64, fromLatin1 } from "../../base/bytes.ts";
import type { WebSocketStream } from "../../base/http.ts";
import { textOf } from "../support/bytes.ts";

/** Several streams in one WebSocket (`channel.k8s.io`): each message begins with its channel's number, or its digit in base64. */
export interface Channels {
  send(to: number, chunk: Uint8Array): Promise<void>;
  /** What the client sends, until it has gone. */
  received(): AsyncIterable<{ to: number; chunk: Uint8Array }>;
}

/** The channels of a WebSocket, in the form that its protocol's name says. */
export function channelsOf(socket: WebSocketStream): Channels {
  const inBase64 = socket.protocol.includes("base64");
  return {
    send(to, chunk) {
      if (inBase64) return socket.send(String(to) + base64(chunk));
      const message = new Uint8Array(chunk.length + 1);
      message[0] = to;
      message.set(chunk, 1);
      return socket.send(message);
    },
    async *received() {
      for await (const message of socket.messages) {
        const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
        if (bytes.length === 0) continue;
        const rest = bytes.subarray(1);
        if (inBase64) yield { to: bytes[0]! - 48, chunk: fromLatin1(atob(textOf(rest))) };
        else yield { to: bytes[0]!, chunk: rest };
      }
    },
  };
}
