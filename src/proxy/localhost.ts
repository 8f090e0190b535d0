import type { KubeObject } from "../api/machinery/object.ts";
import type { ByteStream, HttpListener, Net } from "../base/http.ts";
import type { Clock } from "../base/world.ts";
import { type Client, startInformer } from "../client/mod.ts";

/** What the machine should listen on: a node port of every Service that has one. Pure. */
export function planLocalPorts(services: Iterable<KubeObject>): Set<number> {
  const ports = new Set<number>();
  for (const service of services) {
    for (const port of service.spec.ports ?? [])
      if (port.nodePort && (port.protocol ?? "TCP") === "TCP") ports.add(port.nodePort);
  }
  return ports;
}

/** Answers TCP node ports on the machine's localhost by passing them on to the node, whose address is elsewhere. */
export function startLocalPorts(options: {
  client: Client;
  clock: Clock;
  net: Net;
  nodeAddress: string;
  report(error: unknown): void;
}): AsyncDisposable {
  const { client, clock, net, nodeAddress, report } = options;
  const services = startInformer<KubeObject>({ client, clock, resource: "services", report });
  const listeners = new Map<number, Promise<HttpListener | undefined>>();

  function listen(port: number): Promise<HttpListener | undefined> {
    const listening = net.listenTcp({ host: "127.0.0.1", port }, (stream) => void passOn(stream, port));
    // Something else on the machine has the port: the node's own address still answers.
    return listening.catch((error) => void report(error));
  }

  async function passOn(near: ByteStream, port: number): Promise<void> {
    try {
      const far = await net.dial({ host: nodeAddress, port }, { timeoutMs: 5_000 });
      await Promise.all([copy(near, far), copy(far, near)]);
    } catch {
      near.close();
    }
  }

  function update(): void {
    const wanted = planLocalPorts(services.list());
    for (const port of wanted) if (!listeners.has(port)) listeners.set(port, listen(port));
    for (const [port, listening] of listeners) {
      if (wanted.has(port)) continue;
      listeners.delete(port);
      void listening.then((listener) => listener?.[Symbol.asyncDispose]());
    }
  }

  const subscription = services.onChange(update);
  return {
    async [Symbol.asyncDispose]() {
      subscription[Symbol.dispose]();
      await services[Symbol.asyncDispose]();
      for (const listening of listeners.values()) await (await listening)?.[Symbol.asyncDispose]();
    },
  };
}

async function copy(from: ByteStream, to: ByteStream): Promise<void> {
  try {
    for await (const chunk of from.readable) await to.write(chunk);
    to.closeWrite();
  } catch {
    from.close();
    to.close();
  }
}
