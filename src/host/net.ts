import { createSocket } from "node:dgram";
import * as dns from "node:dns/promises";
import * as net from "node:net";
import type { Net } from "../base/http.ts";
import { httpClient } from "./http_client.ts";
import { listener, listenHttp } from "./http_server.ts";
import { byteStream } from "./stream.ts";

/** The machine's network. */
export const machineNet: Net = {
  httpClient,
  async lookup(name) {
    try {
      return (await dns.lookup(name, { all: true })).map(({ address }) => address);
    } catch (error) {
      const [server = "127.0.0.1"] = dns.getServers();
      const at = server.includes("]") || /^[^:]*:\d+$/.test(server) ? server : `${server}:53`;
      const why = (error as { code?: string }).code === "ENOTFOUND" ? "no such host" : (error as Error).message;
      throw new Error(`lookup ${name} on ${at}: ${why}`);
    }
  },
  listenHttp,
  dial: (to, options = {}) =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ ...to, signal: options.signal } as net.NetConnectOpts);
      socket.setNoDelay(true);
      if (options.timeoutMs !== undefined) {
        socket.setTimeout(options.timeoutMs, () =>
          socket.destroy(Object.assign(new Error("i/o timeout"), { code: "ETIMEDOUT" })),
        );
      }
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.setTimeout(0);
        socket.off("error", reject);
        resolve(byteStream(socket));
      });
    }),
  async listenTcp(options, accept) {
    const sockets = new Set<net.Socket>();
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      accept(byteStream(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, options.host, () => resolve());
    });
    return listener(server.address() as net.AddressInfo, async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
  },
  async listenUdp(options, receive) {
    const socket = createSocket(net.isIPv6(options.host) ? "udp6" : "udp4");
    socket.on("message", (message, from) => receive(message, (answer) => socket.send(answer, from.port, from.address)));
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(options.port, options.host, () => resolve());
    });
    socket.on("error", () => {});
    return listener(socket.address(), () => new Promise((resolve) => socket.close(() => resolve())));
  },
};
