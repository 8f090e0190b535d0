import type { Net } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import type { Container, HttpGet } from "../pods/pod.ts";
import { textOf } from "../support/bytes.ts";

/** How much of an answer's body is kept for messages. */
const bodyBytesMax = 10 * 1024;
const redirectsMax = 10;

export interface HttpOutcome {
  status: number;
  body: string;
  /** Set if a redirect led to another host, where it is not followed. */
  leftHost?: true;
}

/** The number of a container's port, given as one or by its name. Throws if there is no such port. */
export function portNumber(port: string | number, container: Container): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = named ?? Number(port);
  if (!(number > 0 && number < 65_536)) throw new Error(`invalid port number: ${port}`);
  return number;
}

/** The URL of an httpGet action: the pod's address unless another host is named. */
export function actionUrl(action: HttpGet, container: Container, ip: string): string {
  const host = action.host || ip;
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const path = action.path ?? "/";
  const address = host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${address}:${portNumber(action.port, container)}${path.startsWith("/") ? "" : "/"}${path}`;
}

/** Gets a URL as the kubelet does: any certificate will do, no connection is kept. Rejects as Go words it. */
export async function httpGet(
  { net, clock }: { net: Net; clock: Clock },
  url: string,
  headers: { name: string; value: string }[],
  timeoutMs: number,
): Promise<HttpOutcome> {
  const limit = new AbortController();
  using _ = clock.after(timeoutMs, () => limit.abort());
  let at = url;
  for (let hops = 0; ; hops++) {
    const outcome = await getOnce(net, at, headers, limit.signal);
    const { location } = outcome;
    if (outcome.status < 301 || outcome.status > 308 || outcome.status === 304 || !location) return outcome;
    const next = new URL(location, at);
    if (next.hostname !== new URL(url).hostname) return { ...outcome, leftHost: true };
    if (hops >= redirectsMax) throw new Error(`Get ${JSON.stringify(at)}: stopped after ${redirectsMax} redirects`);
    at = next.href;
  }
}

async function getOnce(
  net: Net,
  url: string,
  extra: { name: string; value: string }[],
  signal: AbortSignal,
): Promise<HttpOutcome & { location?: string }> {
  const { origin, pathname, search, hostname, port, protocol } = new URL(url);
  const client = net.httpClient({ url: origin, insecureSkipVerify: true });
  const headers: Record<string, string> = { "user-agent": "kube-probe/1.36", accept: "*/*", connection: "close" };
  for (const { name, value } of extra) headers[name.toLowerCase()] = value;
  try {
    const answer = await client.request({ method: "GET", url: `${pathname}${search}`, headers, signal });
    const parts: number[] = [];
    for await (const part of answer.body) {
      for (const byte of part) if (parts.length < bodyBytesMax) parts.push(byte);
      if (parts.length >= bodyBytesMax) break;
    }
    return { status: answer.status, body: textOf(Uint8Array.from(parts)), location: answer.headers.location };
  } catch (error) {
    const shown = JSON.stringify(url);
    if (signal.aborted)
      throw new Error(`Get ${shown}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`);
    const to = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
    throw new Error(`Get ${shown}: ${dialMessage(error, to)}`);
  } finally {
    client.close();
  }
}

/** A failed connection in Go's words. */
export function dialMessage(error: unknown, to: string): string {
  const { code, message } = error as { code?: string; message?: string };
  const words: Record<string, string> = {
    ECONNREFUSED: "connect: connection refused",
    EHOSTUNREACH: "connect: no route to host",
    ENETUNREACH: "connect: network is unreachable",
    ETIMEDOUT: "i/o timeout",
  };
  const known = code === undefined ? undefined : words[code];
  if (known) return `dial tcp ${to}: ${known}`;
  return code === "ECONNRESET" ? "read: connection reset by peer" : (message ?? String(error));
}
