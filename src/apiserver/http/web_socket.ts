// Watches and logs over WebSockets, for clients that have nothing else: browsers.

import { base64 } from "../../base/bytes.ts";
import type { HttpAnswer, HttpRequest, Upgrade, WebSocketStream } from "../../base/http.ts";

/** The upgrade that a request asks for, if it is to a WebSocket. */
export function webSocketUpgrade({ upgrade }: HttpRequest): Upgrade | undefined {
  return upgrade?.protocol === "websocket" ? upgrade : undefined;
}

/** The answer of a watch in a WebSocket: each event is a message, a text unless it is protobuf. */
export async function watchInWebSocket(upgrade: Upgrade, answer: HttpAnswer): Promise<HttpAnswer> {
  const { body } = answer;
  if (!body || !("events" in body)) return answer;
  const isText = answer.headers["content-type"] === "application/json";
  const socket = await upgrade.acceptWebSocket([]);
  return sendAll(socket, async () => {
    for await (const batch of body.events)
      for (const event of batch) {
        const bytes = event.bytes();
        await socket.send(isText ? new TextDecoder().decode(bytes) : bytes);
      }
  });
}

const binaryProtocol = "binary.k8s.io";
const base64Protocol = "base64.binary.k8s.io";

/** The answer of a log in a WebSocket: an empty message first, then the bytes as they come. */
export async function bytesInWebSocket(upgrade: Upgrade, answer: HttpAnswer): Promise<HttpAnswer> {
  const { body } = answer;
  if (!body || !("stream" in body)) return answer;
  const socket = await upgrade.acceptWebSocket([binaryProtocol, base64Protocol]);
  const send = (bytes: Uint8Array) => socket.send(socket.protocol === base64Protocol ? base64(bytes) : bytes);
  return sendAll(socket, async () => {
    await send(new Uint8Array(0));
    for await (const bytes of body.stream) await send(bytes);
  });
}

/** Sends until there is no more, or nobody listens. What the client says is not for us. */
async function sendAll(socket: WebSocketStream, send: () => Promise<void>): Promise<HttpAnswer> {
  const heard = (async () => {
    for await (const _ of socket.messages);
  })();
  try {
    await send();
  } catch {
    // The client has gone, or what it was told of has.
  }
  socket.close(1000);
  await heard.catch(() => {});
  return { status: 101, headers: {}, upgraded: true };
}
