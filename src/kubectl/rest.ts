// Requests to the API as kubectl makes them: Tables, raw text, warnings. (The typed client gives neither headers nor
// Tables, and loading it costs a quarter of a second that a command-line tool does not have.)

import { type Status, StatusError } from "../api/machinery/status.ts";
import type { HttpClient, HttpClientAnswer, Net } from "../base/http.ts";
import { CommandError } from "./errors.ts";
import type { Access } from "./kubeconfig.ts";

export const tableAccept =
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

export const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

export interface Asked {
  method?: string;
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  contentType?: string;
  accept?: string;
  /** The path is the user's own: refusals name no resource. */
  raw?: boolean;
  signal?: AbortSignal;
}

export interface Rest {
  access: Access;
  http: HttpClient;
  /** The answer's JSON. Throws a StatusError for a refusal. */
  json<T = any>(asked: Asked): Promise<T>;
  /** The answer's body as it comes. Throws a StatusError for a refusal. */
  stream(asked: Asked): Promise<AsyncIterable<Uint8Array>>;
  text(asked: Asked): Promise<string>;
  /** Path and query, for upgrades. */
  url(asked: Asked): string;
}

export interface RestOptions {
  net: Net;
  access: Access;
  userAgent: string;
  /** Milliseconds; 0 for none. */
  timeoutMs: number;
  warn(message: string): void;
  log(level: number, message: () => string): void;
}

/** A connection to the API for one run of kubectl. */
export function openRest({ net, access, userAgent, timeoutMs, warn, log }: RestOptions): Rest {
  const http = net.httpClient(access);

  async function ask(asked: Asked): Promise<HttpClientAnswer> {
    const { method = "GET", body, contentType = "application/json", accept = "application/json" } = asked;
    const url = urlOf(asked);
    const bytes = body === undefined ? undefined : encode(body);
    const timeout = timeoutMs > 0 ? AbortSignal.timeout(timeoutMs) : undefined;
    const signals = [asked.signal, timeout].filter((signal) => signal !== undefined);
    const answer = await http.request({
      method,
      url,
      headers: {
        accept,
        "user-agent": userAgent,
        ...(bytes ? { "content-type": contentType, "content-length": String(bytes.length) } : {}),
        ...access.headers,
      },
      body: bytes,
      signal: signals.length > 0 ? AbortSignal.any(signals) : undefined,
    });
    log(6, () => `"Response" verb="${method}" url="${access.url}${url}" status="${answer.status}"`);
    for (const message of warningsOf(answer.headers.warning)) warn(message);
    if (answer.status >= 400) throw toError(answer.status, await readText(answer.body), asked);
    return answer;
  }

  return {
    access,
    http,
    url: urlOf,
    async json(asked) {
      const text = await readText((await ask(asked)).body);
      try {
        return JSON.parse(text);
      } catch {
        throw new CommandError(`unable to decode the server's answer: ${text.slice(0, 200)}`);
      }
    },
    stream: async (asked) => (await ask(asked)).body,
    text: async (asked) => readText((await ask(asked)).body),
  };
}

function encode(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

function urlOf({ path, query = {} }: Asked): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "" && value !== false) words.set(name, String(value));
  }
  if (words.size === 0) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${words}`;
}

/** Reads a body to its end as UTF-8. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** The texts of `Warning` headers (RFC 7234, 5.5: code, agent, quoted text). */
function warningsOf(header: string | string[] | undefined): string[] {
  const whole = Array.isArray(header) ? header.join(", ") : (header ?? "");
  return [...whole.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]!.replace(/\\(.)/g, "$1"));
}

/** The refusal that a server's answer says: its Status, or what the status code means. */
export function toError(status: number, text: string, asked?: Asked): StatusError {
  try {
    const object = JSON.parse(text) as Status;
    if (object.kind === "Status") return new StatusError({ ...object, code: object.code ?? status });
  } catch {
    // No JSON: the text is the message.
  }
  const reasons: Record<number, [string, string]> = {
    401: ["Unauthorized", "the server has asked for the client to provide credentials"],
    403: ["Forbidden", text || "unknown"],
    404: ["NotFound", "the server could not find the requested resource"],
    405: ["MethodNotAllowed", "the server does not allow this method on the requested resource"],
    503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  };
  const [reason, words] = reasons[status] ?? ["", text || `the server answered with status ${status}`];
  const message = `${words}${aboutText(asked)}`;
  return new StatusError({ code: status, reason, message: status === 503 && text ? text.trim() : message });
}

/** ` (get tents.example.com a)`: what a refusal without a Status was about, as client-go adds it. */
function aboutText(asked: Asked | undefined): string {
  if (!asked || asked.raw) return "";
  const found = /^\/api(?:s\/([^/]+))?\/[^/]+(?:\/namespaces\/[^/]+(?=\/))?\/([^/]+)(?:\/([^/]+))?/.exec(asked.path);
  if (!found) return "";
  const [, group, resource, name] = found;
  const words = [(asked.method ?? "GET").toLowerCase(), group ? `${resource}.${group}` : resource, name];
  return ` (${words.filter(Boolean).join(" ")})`;
}

/** Reads a watch's lines as events. */
export async function* watchEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<{ type: string; object: any }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") yield JSON.parse(line);
  }
}
