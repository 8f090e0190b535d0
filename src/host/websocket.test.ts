import assert from "node:assert/strict";
import { test } from "node:test";
import { machineNet } from "./net.ts";

test("a WebSocket carries more than it buffers, to a reader that comes late", async () => {
  const [pieces, pieceBytes] = [100, 50_000];
  const sending = Promise.withResolvers<void>();
  await using listener = await machineNet.listenHttp({ host: "127.0.0.1", port: 0 }, async ({ upgrade }) => {
    const socket = await upgrade!.acceptWebSocket(["a", "b"]);
    void (async () => {
      for (let index = 0; index < pieces; index++) await socket.send(new Uint8Array(pieceBytes));
      socket.close(1000);
      sending.resolve();
    })();
    return { status: 101, headers: {}, upgraded: true };
  });
  const client = machineNet.httpClient({ url: `http://127.0.0.1:${listener.port}` });
  const socket = await client.webSocket({ url: "/", headers: {}, protocols: ["c", "b"] });
  assert.equal(socket.protocol, "b");
  let bytes = 0;
  for await (const message of socket.messages) bytes += message.length;
  await sending.promise;
  assert.equal(bytes, pieces * pieceBytes);
  client.close();
});
