import type { ByteStream, HttpAnswer, HttpRequest, Net, WebSocketStream } from "../../base/http.ts";
import { textOf } from "../support/bytes.ts";
import { type Channels, channelsOf } from "./channels.ts";
import type { SpdyConnection, SpdyDoor, SpdyStream } from "./streams.ts";

interface RelayWorld {
  net: Net;
  spdy: SpdyDoor;
}

const upgraded: HttpAnswer = { status: 101, headers: {}, upgraded: true };
const remoteCommandProtocols = [
  "v5.channel.k8s.io",
  "v4.channel.k8s.io",
  "channel.k8s.io",
  "v4.base64.channel.k8s.io",
  "base64.channel.k8s.io",
];
const tunnelProtocol = "SPDY/3.1+portforward.k8s.io";
const portProtocols = ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"];
const runtimeProtocols = "v4.channel.k8s.io";

/** Which of the standard streams a client wants. */
export interface StreamWishes {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  tty: boolean;
}

/** Carries a client's exec or attach to the runtime's stream: SPDY as it is, WebSockets translated. */
export async function relayCommand(
  request: HttpRequest,
  url: string,
  wishes: StreamWishes,
  world: RelayWorld,
): Promise<HttpAnswer> {
  const { upgrade } = request;
  if (!upgrade) return badUpgrade();
  if (upgrade.protocol.startsWith("spdy")) return relayRaw(request, url, world);
  const socket = await upgrade.acceptWebSocket(remoteCommandProtocols);
  void translateCommand(socket, url, wishes, world).catch(() => socket.close(1011));
  return upgraded;
}

/** Carries a client's port-forward: SPDY as it is, also inside a WebSocket; the channels of a WebSocket translated. */
export async function relayPorts(
  request: HttpRequest,
  url: string,
  ports: readonly number[],
  world: RelayWorld,
): Promise<HttpAnswer> {
  const { upgrade } = request;
  if (!upgrade) return badUpgrade();
  if (upgrade.protocol.startsWith("spdy")) return relayRaw(request, url, world);
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (offered.includes(tunnelProtocol)) {
    const socket = await upgrade.acceptWebSocket([tunnelProtocol]);
    void tunnel(socket, url, world).catch(() => socket.close(1011));
    return upgraded;
  }
  if (ports.length === 0) return textAnswer(400, 'query parameter "port" is required\n');
  const bad = ports.find((port) => !(Number.isInteger(port) && port >= 1 && port <= 65_535));
  if (bad !== undefined) return textAnswer(400, `unable to parse ${bad} as a port\n`);
  const socket = await upgrade.acceptWebSocket(portProtocols);
  void translatePorts(socket, url, ports, world).catch(() => socket.close(1011));
  return upgraded;
}

function badUpgrade(): HttpAnswer {
  return textAnswer(400, "Upgrade request required\n");
}

/** A plain text answer. */
export function textAnswer(status: number, text: string): HttpAnswer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: new TextEncoder().encode(text) };
}

async function dialRuntime(url: string, protocols: string | undefined, { net }: RelayWorld) {
  const { origin, pathname, search } = new URL(url);
  const client = net.httpClient({ url: origin, insecureSkipVerify: true });
  const headers: Record<string, string> = { connection: "Upgrade", upgrade: "SPDY/3.1" };
  if (protocols) headers["x-stream-protocol-version"] = protocols;
  return client.upgrade({ method: "POST", url: `${pathname}${search}`, headers });
}

async function relayRaw(request: HttpRequest, url: string, world: RelayWorld): Promise<HttpAnswer> {
  const offered = request.headers["x-stream-protocol-version"];
  const { status, headers, stream, body } = await dialRuntime(url, offered, world);
  if (!stream) return { status, headers: {}, ...(body ? { body: { stream: body } } : {}) };
  const chosen = headers["x-stream-protocol-version"];
  const client = request.upgrade!.accept({
    connection: "Upgrade",
    upgrade: "SPDY/3.1",
    ...(chosen ? { "x-stream-protocol-version": chosen } : {}),
  });
  join(client, stream);
  return upgraded;
}

/** Copies both ways until either side ends. */
function join(a: ByteStream, b: ByteStream): void {
  const copy = async (from: ByteStream, to: ByteStream) => {
    try {
      for await (const chunk of from.readable) await to.write(chunk);
      to.closeWrite();
    } catch {
      from.close();
      to.close();
    }
  };
  void Promise.all([copy(a, b), copy(b, a)]).finally(() => {
    a.close();
    b.close();
  });
}

async function tunnel(socket: WebSocketStream, url: string, world: RelayWorld): Promise<void> {
  const { stream } = await dialRuntime(url, "portforward.k8s.io", world);
  if (!stream) throw new Error("the runtime declined");
  const up = (async () => {
    for await (const message of socket.messages)
      await stream.write(typeof message === "string" ? new TextEncoder().encode(message) : message);
    stream.close();
  })();
  for await (const chunk of stream.readable) await socket.send(chunk);
  socket.close(1000);
  await up.catch(() => {});
}

/**
 * Gives each port two channels, one for its bytes and one for what goes wrong with it. The first message of each names the
 * port, in two bytes with the lower one first.
 */
async function translatePorts(
  socket: WebSocketStream,
  url: string,
  ports: readonly number[],
  world: RelayWorld,
): Promise<void> {
  const { stream } = await dialRuntime(url, "portforward.k8s.io", world);
  if (!stream) throw new Error("the runtime declined");
  const spdy = world.spdy(stream);
  const channels = channelsOf(socket);
  const pairs: { data: SpdyStream; error: SpdyStream }[] = [];
  for (const [index, port] of ports.entries()) {
    const headers = { port: String(port), requestid: String(index) };
    const error = await spdy.open({ streamtype: "error", ...headers });
    error.closeWrite();
    pairs.push({ error, data: await spdy.open({ streamtype: "data", ...headers }) });
    const name = Uint8Array.of(port & 255, port >> 8);
    await channels.send(2 * index, name);
    await channels.send(2 * index + 1, name);
  }
  const input = (async () => {
    for await (const { to, chunk } of channels.received())
      if (to % 2 === 0 && chunk.length > 0) await pairs[to / 2]?.data.write(chunk);
  })().finally(() => spdy.close());
  const outputs = pairs.flatMap(({ data, error }, index) => [
    copyTo(data, (chunk) => channels.send(2 * index, chunk)),
    copyTo(error, (chunk) => channels.send(2 * index + 1, chunk)),
  ]);
  await Promise.all(outputs);
  socket.close(1000);
  await input.catch(() => {});
}

const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 };

/** Speaks the channel protocols of WebSockets to the client and SPDY to the runtime. */
async function translateCommand(
  socket: WebSocketStream,
  url: string,
  wishes: StreamWishes,
  world: RelayWorld,
): Promise<void> {
  const { stream, status, body } = await dialRuntime(url, runtimeProtocols, world);
  if (!stream) {
    let why = "";
    for await (const part of body ?? []) why += textOf(part);
    throw new Error(`the runtime answered ${status}: ${why}`);
  }
  const spdy = world.spdy(stream);
  const streams = await openStreams(spdy, wishes);
  const channels = channelsOf(socket);
  const { send } = channels;
  // Clients take an empty message on each channel as the sign that it is open; of one they did not ask for they complain.
  const opened = [streams.stdout && channel.stdout, streams.stderr && channel.stderr, channel.error];
  for (const to of opened) if (to !== undefined) await send(to, new Uint8Array());
  const input = fromClient(channels, streams).finally(() => spdy.close());
  const outputs = [
    copyTo(streams.stdout, (chunk) => send(channel.stdout, chunk)),
    copyTo(streams.stderr, (chunk) => send(channel.stderr, chunk)),
  ];
  // The outcome comes on the error stream, and only after all output it is told.
  let outcome = new Uint8Array();
  for await (const chunk of streams.error.readable) outcome = Uint8Array.from([...outcome, ...chunk]);
  await Promise.all(outputs);
  const told = toldOutcome(outcome, socket.protocol);
  if (told.length > 0) await send(channel.error, told);
  socket.close(1000);
  await input.catch(() => {});
}

/** The outcome in a protocol's words: a Status since the fourth version, before that only what went wrong. */
function toldOutcome(outcome: Uint8Array, protocol: string): Uint8Array {
  if (outcome.length === 0 || /^v[45]\./.test(protocol)) return outcome;
  const { status, message } = JSON.parse(textOf(outcome)) as { status?: string; message?: string };
  return new TextEncoder().encode(status === "Success" ? "" : (message ?? ""));
}

interface CommandStreams {
  error: SpdyStream;
  stdin?: SpdyStream;
  stdout?: SpdyStream;
  stderr?: SpdyStream;
  resize?: SpdyStream;
}

async function openStreams(spdy: SpdyConnection, wishes: StreamWishes): Promise<CommandStreams> {
  const open = (streamtype: string) => spdy.open({ streamtype });
  const error = await open("error");
  return {
    error,
    ...(wishes.stdin ? { stdin: await open("stdin") } : {}),
    ...(wishes.stdout ? { stdout: await open("stdout") } : {}),
    ...(wishes.stderr && !wishes.tty ? { stderr: await open("stderr") } : {}),
    ...(wishes.tty ? { resize: await open("resize") } : {}),
  };
}

async function copyTo(from: SpdyStream | undefined, write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  if (!from) return;
  for await (const chunk of from.readable) await write(chunk);
}

async function fromClient(channels: Channels, streams: CommandStreams): Promise<void> {
  for await (const { to, chunk } of channels.received()) {
    // v5 says with it which channel has ended; only the input ends before the rest.
    if (to === channel.close && chunk[0] === channel.stdin) streams.stdin?.closeWrite();
    else if (to === channel.stdin && chunk.length > 0) await streams.stdin?.write(chunk);
    else if (to === channel.resize && chunk.length > 0) await streams.resize?.write(chunk);
  }
}
