import type { RpcClient } from "../base/http.ts";

/** Where a gRPC server is and what it speaks. */
export interface RpcTarget {
  /** gRPC's own form: `unix:///run/x.sock`, `127.0.0.1:2379`. */
  target: string;
  /** Texts of protocol definitions, none of which imports another. */
  protos: readonly string[];
  /** PEM. Without `ca` the system's authorities are trusted; without `credentials` nothing is encrypted. */
  credentials?: { ca?: string; certificate?: string; key?: string };
  /** How often an idle connection is tried whether it lives, in milliseconds; never if absent. */
  keepaliveMs?: number;
}

/**
 * A gRPC client. Field names come out in camel case, enums as their names, 64-bit numbers as numbers (nanosecond times
 * lose their last digits), absent fields as their defaults. The library is loaded by the first call: most processes
 * that could speak gRPC never do, and it takes a tenth of an API server's start.
 */
export function rpcClient(options: RpcTarget): RpcClient {
  let opened: Promise<RpcClient> | undefined;
  const channel = () => {
    opened ??= import("./grpc.ts").then(({ openChannel }) => openChannel(options));
    return opened;
  };
  return {
    async call(service, name, request, { timeoutMs, signal } = {}) {
      signal?.throwIfAborted();
      return (await channel()).call(service, name, request, { timeoutMs, signal });
    },
    async *stream(service, name, request, { signal, headers = {} } = {}) {
      signal?.throwIfAborted();
      yield* (await channel()).stream(service, name, request, { signal, headers });
    },
    close() {
      opened?.then(
        (channel) => channel.close(),
        () => {},
      );
      opened = undefined;
    },
  };
}
