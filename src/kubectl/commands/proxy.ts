import type { HttpAnswer, HttpRequest } from "../../base/http.ts";
import { type Call, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";

export const proxy = defineCommand({
  path: "proxy",
  usage: "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix] [options]",
  summary: "Run a proxy to the Kubernetes API server",
  flags: {
    "accept-hosts": {
      type: "string",
      default: "^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$",
      help: "Regular expression for hosts that the proxy should accept.",
    },
    "accept-paths": {
      type: "string",
      default: "^.*",
      help: "Regular expression for paths that the proxy should accept.",
    },
    address: { type: "string", default: "127.0.0.1", help: "The IP address on which to serve on." },
    "api-prefix": { type: "string", default: "/", help: "Prefix to serve the proxied API under." },
    "disable-filter": { type: "bool", help: "If true, disable request filtering in the proxy." },
    port: {
      type: "int",
      short: "p",
      default: "8001",
      help: "The port on which to run the proxy. Set to 0 to pick a random port.",
    },
    "reject-methods": {
      type: "string",
      default: "^$",
      help: "Regular expression for HTTP methods that the proxy should reject.",
    },
    "reject-paths": {
      type: "string",
      default: "^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach",
      help: "Regular expression for paths that the proxy should reject.",
    },
    "unix-socket": { type: "string", short: "u", help: "Unix socket on which to run the proxy." },
    www: {
      type: "string",
      short: "w",
      help: "Also serve static files from the given directory under the specified prefix.",
    },
  },
  async run(call) {
    const { flags } = call;
    if (flags.string("unix-socket") || flags.string("www"))
      throw new CommandError("not supported yet: proxy with --unix-socket or --www");
    await using listener = await call.machine.net.listenHttp(
      { host: flags.string("address"), port: flags.int("port") },
      (request) => pass(call, request),
    );
    call.print(`Starting to serve on ${flags.string("address")}:${listener.port}\n`);
    const { promise, resolve } = Promise.withResolvers<void>();
    using _signals = call.self.onInterrupt(() => resolve());
    await promise;
  },
});

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "host",
  "proxy-connection",
  "te",
]);

async function pass(call: Call, request: HttpRequest): Promise<HttpAnswer> {
  const { flags } = call;
  const rest = await call.rest();
  const [path = ""] = request.url.split("?");
  const matches = (list: string, text: string) => list.split(",").some((each) => new RegExp(each).test(text));
  const host = (request.headers.host ?? "").replace(/:\d+$/, "");
  const refused =
    matches(flags.string("reject-paths"), path) ||
    !matches(flags.string("accept-paths"), path) ||
    !matches(flags.string("accept-hosts"), host) ||
    matches(flags.string("reject-methods"), request.method);
  if (refused && !flags.bool("disable-filter"))
    return { status: 403, headers: { "content-type": "text/plain" }, body: new TextEncoder().encode("Forbidden\n") };
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !hopByHop.has(name)));
  const prefix = flags.string("api-prefix").replace(/\/$/, "");
  const answer = await rest.http.request({
    method: request.method,
    url: request.url.startsWith(prefix) ? request.url.slice(prefix.length) : request.url,
    headers: { ...headers, ...rest.access.headers },
    body:
      request.body && !("object" in request.body) && request.method !== "GET" && request.method !== "HEAD"
        ? request.body
        : undefined,
    signal: request.signal,
  });
  const passed = Object.fromEntries(
    Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name) && !name.startsWith(":")),
  );
  return { status: answer.status, headers: passed, body: { stream: answer.body } };
}
