import type WebSocket from "ws";
import type { WebSocketStream } from "../base/http.ts";

/** How much a slow peer may leave unread before `send` waits, in bytes. */
const bufferedBytesMax = 1 << 20;

/** A `ws` socket as the project's WebSocketStream. */
export function webSocketStream(ws: WebSocket): WebSocketStream {
  const queue: (Uint8Array | string)[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  const closed = new Promise<void>((resolve) => {
    ws.once("close", () => {
      ended = true;
      wake?.();
      resolve();
    });
  });
  ws.on("error", () => {});
  ws.on("message", (data: Buffer, isBinary: boolean) => {
    queue.push(isBinary ? new Uint8Array(data.buffer, data.byteOffset, data.length) : data.toString("utf8"));
    // Flow control: what nobody reads stays in the kernel.
    if (queue.length > 64) ws.pause();
    wake?.();
  });
  async function* messages() {
    for (;;) {
      while (queue.length > 0) yield queue.shift()!;
      ws.resume();
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return {
    protocol: ws.protocol,
    messages: messages(),
    send: (message) =>
      new Promise((resolve, reject) => {
        // Asked once: what is sent here may itself be what goes over the limit.
        const mustWait = ws.bufferedAmount > bufferedBytesMax;
        ws.send(message, { binary: typeof message !== "string" }, (error) => (error ? reject(error) : resolve()));
        if (!mustWait) resolve();
      }),
    close: (code, reason) => ws.close(code, reason),
    closed,
  };
}
