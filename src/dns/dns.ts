import type { KubeObject } from "../api/machinery/object.ts";
import type { ByteStream, Net } from "../base/http.ts";
import type { Clock } from "../base/world.ts";
import { type Client, startInformer } from "../client/mod.ts";
import { type DnsWorld, planAnswer } from "./plan/answer.ts";
import { readQuestion, writeAnswer, writeRefusal } from "./serve/message.ts";

export interface DnsOptions {
  client: Client;
  clock: Clock;
  net: Net;
  /** Where to listen, over UDP and TCP. */
  host: string;
  port: number;
  domain: string;
  /** Resolvers for names of others, as addresses; none: such names are refused. */
  upstreams: readonly string[];
  report(error: unknown): void;
}

/** How long a resolver of others' names may take, in milliseconds. */
const upstreamMs = 3_000;

/** Serves the cluster's names. */
export async function startDns(options: DnsOptions): Promise<AsyncDisposable> {
  const { client, clock, net, domain, report } = options;
  const services = startInformer<KubeObject>({
    client,
    clock,
    resource: "services",
    indexes: { ip: (service) => service.spec.clusterIPs ?? [] },
    report,
  });
  const slices = startInformer<KubeObject>({
    client,
    clock,
    resource: "endpointslices.discovery.k8s.io",
    indexes: {
      service: (slice) => [`${slice.metadata.namespace}/${slice.metadata.labels?.["kubernetes.io/service-name"]}`],
    },
    report,
  });
  const namespaces = startInformer<KubeObject>({ client, clock, resource: "namespaces", report });
  const world: DnsWorld = {
    domain,
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    slices: (namespace, name) => slices.by("service", `${namespace}/${name}`),
    hasNamespace: (name) => namespaces.get(name) !== undefined,
    serviceByIp: (ip) => [...services.by("ip", ip)][0],
  };

  async function answer(bytes: Uint8Array, overTcp: boolean): Promise<Uint8Array | undefined> {
    const query = readQuestion(bytes);
    if (!query) return undefined;
    const planned = planAnswer({ name: query.name, type: query.questionType }, world);
    if (planned.kind === "answer") return writeAnswer(query, planned, domain, overTcp);
    if (options.upstreams.length === 0) return writeRefusal(query, "refused", overTcp);
    for (const upstream of options.upstreams) {
      const found = await askUpstream(net, clock, upstream, bytes).catch(() => undefined);
      if (found) return overTcp ? found : found.subarray(2);
    }
    return writeRefusal(query, "failed", overTcp);
  }

  const udp = await net.listenUdp({ host: options.host, port: options.port }, (datagram, reply) => {
    void answer(datagram, false).then((bytes) => bytes && reply(bytes), report);
  });
  const tcp = await net.listenTcp(
    { host: options.host, port: options.port },
    (stream) => void serveStream(stream, (bytes) => answer(bytes, true)),
  );
  await Promise.all([services.synced, slices.synced, namespaces.synced]);
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all([udp, tcp, services, slices, namespaces].map((each) => each[Symbol.asyncDispose]()));
    },
  };
}

/** Messages over TCP come with their length in two bytes before them (RFC 1035, section 4.2.2). */
async function serveStream(
  stream: ByteStream,
  answer: (bytes: Uint8Array) => Promise<Uint8Array | undefined>,
): Promise<void> {
  try {
    for await (const message of messages(stream)) {
      const reply = await answer(message);
      if (reply) await stream.write(reply);
    }
  } catch {
    // The client went away.
  }
  stream.close();
}

async function* messages(stream: ByteStream): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const chunk of stream.readable) {
    const joined = new Uint8Array(rest.length + chunk.length);
    joined.set(rest);
    joined.set(chunk, rest.length);
    rest = joined;
    while (rest.length >= 2) {
      const length = rest[0]! * 256 + rest[1]!;
      if (rest.length < length + 2) break;
      yield rest.subarray(2, length + 2);
      rest = rest.slice(length + 2);
    }
  }
}

/** Asks another resolver over TCP. Gives its answer with the length before it. */
async function askUpstream(
  net: Net,
  clock: Clock,
  host: string,
  question: Uint8Array,
): Promise<Uint8Array | undefined> {
  const stream = await net.dial({ host, port: 53 }, { timeoutMs: upstreamMs });
  using _limit = clock.after(upstreamMs, () => stream.close());
  const framed = new Uint8Array(question.length + 2);
  framed[0] = question.length >> 8;
  framed[1] = question.length & 255;
  framed.set(question, 2);
  await stream.write(framed);
  for await (const message of messages(stream)) {
    stream.close();
    const answer = new Uint8Array(message.length + 2);
    answer[0] = message.length >> 8;
    answer[1] = message.length & 255;
    answer.set(message, 2);
    return answer;
  }
  return undefined;
}
