import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import protobuf from "protobufjs";
import type { RpcClient } from "../base/http.ts";
import type { RpcTarget } from "./rpc.ts";

/** Opens a client. Connects with the first call. Throws if the definitions don't parse. */
export function openChannel(options: RpcTarget): RpcClient {
  const services = loadServices(options.protos);
  const clients = new Map<string, grpc.Client>();
  const credentials = options.credentials
    ? grpc.credentials.createSsl(
        options.credentials.ca ? Buffer.from(options.credentials.ca) : null,
        options.credentials.key ? Buffer.from(options.credentials.key) : null,
        options.credentials.certificate ? Buffer.from(options.credentials.certificate) : null,
      )
    : grpc.credentials.createInsecure();

  function method(service: string, name: string): { client: grpc.Client; definition: grpc.MethodDefinition<any, any> } {
    const definition = services[service]?.[name];
    if (!definition) throw new Error(`rpc: no method ${name} in service ${service}`);
    let client = clients.get(service);
    if (!client) {
      client = new grpc.Client(options.target, credentials, { ...channelOptions, ...keepalive(options.keepaliveMs) });
      clients.set(service, client);
    }
    return { client, definition };
  }

  return {
    call(service, name, request, { timeoutMs, signal } = {}) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const { client, definition } = method(service, name);
        const call = client.makeUnaryRequest(
          definition.path,
          definition.requestSerialize,
          definition.responseDeserialize,
          request,
          new grpc.Metadata(),
          timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs },
          (error, answer) => {
            signal?.removeEventListener("abort", cancel);
            if (error) reject(signal?.aborted ? signal.reason : error);
            else resolve(answer);
          },
        );
        const cancel = () => call.cancel();
        signal?.addEventListener("abort", cancel, { once: true });
      });
    },
    async *stream(service, name, request, { signal, headers = {} } = {}) {
      signal?.throwIfAborted();
      const { client, definition } = method(service, name);
      const call = openStream(client, definition, request, headers);
      const cancel = () => call.cancel();
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        for await (const message of call) yield message;
      } catch (error) {
        throw signal?.aborted ? signal.reason : error;
      } finally {
        signal?.removeEventListener("abort", cancel);
        call.cancel();
      }
    },
    close() {
      for (const client of clients.values()) client.close();
      clients.clear();
    },
  };
}

/** A method that takes a stream gets this one request, and its stream stays open. */
function openStream(
  client: grpc.Client,
  { path, requestSerialize, responseDeserialize, requestStream }: grpc.MethodDefinition<any, any>,
  request: object,
  headers: Readonly<Record<string, string>>,
): grpc.ClientReadableStream<any> {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  if (!requestStream)
    return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  call.write(request);
  return call;
}

function keepalive(everyMs: number | undefined): grpc.ChannelOptions {
  if (everyMs === undefined) return {};
  return { "grpc.keepalive_time_ms": everyMs, "grpc.keepalive_timeout_ms": 10_000 };
}

const channelOptions: grpc.ChannelOptions = {
  // A socket that is about to appear is found within this time instead of a second.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 1000,
  // A page of large values is larger than any message that a server takes.
  "grpc.max_receive_message_length": 256 << 20,
  "grpc.max_send_message_length": 64 << 20,
};

function loadServices(protos: readonly string[]): Record<string, Record<string, grpc.MethodDefinition<any, any>>> {
  const root = new protobuf.Root();
  for (const text of protos) protobuf.parse(text, root);
  const loaded = protoLoader.fromJSON(root.toJSON(), { longs: Number, enums: String, defaults: true, arrays: true });
  return loaded as unknown as Record<string, Record<string, grpc.MethodDefinition<any, any>>>;
}
