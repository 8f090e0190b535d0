// exec and attach over a WebSocket (v5.channel.k8s.io: each message begins with a channel's number; 255 ends one).

import type { WebSocketStream } from "../base/http.ts";
import type { Call } from "./command.ts";
import { CommandError, Exit } from "./errors.ts";
import { toError } from "./rest.ts";

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

export interface StreamOptions {
  stdin: boolean;
  tty: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** Opens a pod's exec or attach. Throws a StatusError when the server declines. */
export async function openStream(call: Call, path: string, query: URLSearchParams): Promise<WebSocketStream> {
  const rest = await call.rest();
  try {
    return await rest.http.webSocket({
      url: `${path}?${query}`,
      headers: rest.access.headers,
      protocols: ["v5.channel.k8s.io", "v4.channel.k8s.io"],
    });
  } catch (error) {
    const { status, body } = error as { status?: number; body?: string };
    if (status !== undefined) throw toError(status, body ?? "");
    throw error;
  }
}

/**
 * Copies this process' streams to a container's and back until it ends. Throws an Exit with the code of a program that
 * failed, after having said so.
 */
export async function runStream(call: Call, socket: WebSocketStream, options: StreamOptions): Promise<void> {
  const { self } = call;
  const raw = options.tty && options.stdin && self.isInputTerminal();
  const send = (channel: number, bytes: Uint8Array) => {
    const message = new Uint8Array(bytes.length + 1);
    message[0] = channel;
    message.set(bytes, 1);
    return socket.send(message);
  };
  const sendSize = () => {
    const size = self.windowSize();
    if (size)
      void send(
        channels.resize,
        new TextEncoder().encode(JSON.stringify({ Width: size.columns, Height: size.rows })),
      ).catch(() => {});
  };
  if (raw) self.setRawMode(true);
  using _resized = options.tty ? self.onResize(sendSize) : undefined;
  if (options.tty) sendSize();
  if (options.stdin) void copyInput(call, socket, send);
  try {
    let status: any;
    for await (const message of socket.messages) {
      const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
      const body = bytes.subarray(1);
      if (bytes[0] === channels.stdout) self.printBytes(body, "stdout");
      else if (bytes[0] === channels.stderr) self.printBytes(body, "stderr");
      else if (bytes[0] === channels.error && body.length > 0) {
        status = JSON.parse(new TextDecoder().decode(body));
        break;
      }
    }
    socket.close(1000);
    endWith(call, status);
  } finally {
    if (raw) self.setRawMode(false);
  }
}

async function copyInput(
  call: Call,
  socket: WebSocketStream,
  send: (channel: number, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  try {
    for await (const chunk of call.self.stdin()) await send(channels.stdin, chunk);
    if (socket.protocol === "v5.channel.k8s.io") await socket.send(Uint8Array.of(channels.close, channels.stdin));
  } catch {
    // The container ended first.
  }
}

function endWith(call: Call, status: any): void {
  if (!status || status.status === "Success") return;
  const code = Number(status.details?.causes?.find(({ reason }: any) => reason === "ExitCode")?.message ?? Number.NaN);
  if (status.reason === "NonZeroExitCode" && !Number.isNaN(code)) {
    call.printError(`command terminated with exit code ${code}\n`);
    throw new Exit(code);
  }
  throw new CommandError(
    status.reason === "InternalError"
      ? `Internal error occurred: ${status.message}`
      : (status.message ?? "error executing remote command"),
  );
}
