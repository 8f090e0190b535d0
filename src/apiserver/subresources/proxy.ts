// Where `proxy` goes, and what is changed on the way. Whoever may proxy is let into the pods' network, and nowhere else:
// not to this machine, not to its neighbours' metadata services, not with anybody's credentials.

import { parseIp } from "../../api/machinery/ip.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { badRequest, StatusError } from "../../api/machinery/status.ts";
import type { HttpAnswer, HttpClient, HttpRequest } from "../../base/http.ts";
import type { Route } from "../http/route.ts";
import { forward } from "./forward.ts";

/** What a name in a proxy path says: `https:name:port`, `name:port` or `name`. */
export interface ProxyName {
  scheme: "http" | "https";
  name: string;
  /** A number or a Service port's name; "" if there is none. */
  port: string;
  /** Whether the scheme was said. */
  explicit: boolean;
}

/** Reads such a name. Throws a 400 for more parts and other schemes. */
export function proxyName(id: string, kind: string): ProxyName {
  const parts = id.split(":");
  const [scheme, name, port] = parts.length === 3 ? parts : ["", parts[0]!, parts[1] ?? ""];
  if (parts.length > 3 || !name || !["", "http", "https"].includes(scheme!))
    throw badRequest(`invalid ${kind} request ${JSON.stringify(id)}`);
  return { scheme: scheme === "https" ? "https" : "http", name, port: port!, explicit: scheme !== "" };
}

/** The URL of a pod's port: the one asked for, its containers' first one, or the scheme's. Throws a 400. */
export function podUrl(pod: KubeObject, { scheme, port, name }: ProxyName): string {
  const first = (pod.spec.containers ?? []).flatMap((each: any) => each.ports ?? [])[0]?.containerPort;
  checkAddress(pod.status?.podIP);
  return targetUrl(scheme, pod.status.podIP, port || (first === undefined ? "" : String(first)), name);
}

/** A Service's endpoints that may be proxied to. Throws a 503 if there is none, or no such port. */
export function serviceUrls(
  service: KubeObject,
  slices: readonly KubeObject[],
  podOf: (namespace: string, name: string) => KubeObject | undefined,
  { scheme, name, port }: ProxyName,
): string[] {
  const ports: { name?: string; port: number }[] = service.spec?.ports ?? [];
  let portName = port;
  if (/^\d+$/.test(port)) {
    const found = ports.find((each) => each.port === Number(port));
    if (!found) throw unavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
    portName = found.name ?? "";
  }
  const urls = slices.flatMap((slice) => {
    const slicePort = (slice.ports ?? []).find((each: any) => (each.name ?? "") === portName);
    if (!slicePort?.port) return [];
    return (slice.endpoints ?? [])
      .filter((endpoint: any) => endpoint.conditions?.ready !== false)
      .flatMap((endpoint: any) => (endpoint.addresses ?? []).map((address: string) => ({ endpoint, address })))
      .filter(({ endpoint, address }: any) => isOfPod(endpoint.targetRef, address, service, podOf))
      .map(({ address }: any) => targetUrl(scheme, address, String(slicePort.port), name));
  });
  if (urls.length === 0) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  return urls;
}

/** Endpoints are anybody's to write: only addresses that their pod has are gone to. */
function isOfPod(
  ref: { kind?: string; namespace?: string; name?: string } | undefined,
  address: string,
  { metadata }: KubeObject,
  podOf: (namespace: string, name: string) => KubeObject | undefined,
): boolean {
  if (ref?.kind !== "Pod" || !ref.name || !isProxyable(address)) return false;
  const namespace = ref.namespace || metadata.namespace!;
  // A pod of another namespace is another tenant's.
  if (namespace !== metadata.namespace) return false;
  const pod = podOf(namespace, ref.name);
  const ips: string[] = [pod?.status?.podIP, ...(pod?.status?.podIPs ?? []).map((each: any) => each.ip)];
  return ips.includes(address);
}

/** The URL of a port of an address. The port goes into a URL: only a number may. */
export function targetUrl(scheme: string, address: string, port: string, name: string): string {
  if (port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw badRequest(`invalid port ${JSON.stringify(port)} of ${JSON.stringify(name)}`);
  return `${scheme}://${address.includes(":") ? `[${address}]` : address}${port === "" ? "" : `:${port}`}`;
}

/** Throws a 400 for what is no address, and for those that mean this machine or its link. */
export function checkAddress(address: string | undefined): void {
  if (!isProxyable(address ?? "")) throw badRequest("address not allowed");
}

/** Whether an address is one machine's on the network: not loopback, link-local, multicast, broadcast or unspecified. */
export function isProxyable(text: string): boolean {
  const ip = parseIp(text);
  if (!ip || ip.leadingZeros) return false;
  if (ip.family === 4 || ip.mapped) {
    const value = Number(ip.value & 0xffffffffn);
    const first = value >>> 24;
    const isLinkLocal = value >>> 16 === 0xa9fe;
    return value !== 0 && first !== 127 && (first < 224 || (first >= 240 && value !== 0xffffffff)) && !isLinkLocal;
  }
  if (ip.value === 0n || ip.value === 1n) return false;
  const isLinkLocal = ip.value >> 118n === 0x3fan;
  const isMulticast = ip.value >> 120n === 0xffn;
  return !isLinkLocal && !isMulticast;
}

/** A request's path up to `/proxy`, and what comes after it, with the query, both as they were sent. */
export function splitProxyPath(
  { url }: HttpRequest,
  { resource }: Route,
): { prefix: string; path: string; query: string } {
  const mark = url.indexOf("?");
  const whole = mark < 0 ? url : url.slice(0, mark);
  // "", api, v1, namespaces, n, pods, p, proxy: an escaped slash separates like any other.
  const segments = resource!.namespace === undefined ? 6 : 8;
  const slashes = [...whole.matchAll(/\/|%2[fF]/g)];
  const end = slashes[segments - 1]?.index ?? whole.length;
  return { prefix: whole.slice(0, end), path: whole.slice(end), query: mark < 0 ? "" : url.slice(mark) };
}

/**
 * Passes a request on to `client`'s target. A path that has no end gets one by a redirect, so that a page's relative links
 * lead through here; the target's own redirects, and its pages' links to its other paths, are turned the same way.
 */
export async function proxyTo(
  request: HttpRequest,
  client: HttpClient,
  target: string,
  route: Route,
): Promise<HttpAnswer> {
  const { prefix, path, query } = splitProxyPath(request, route);
  const isReading = request.method === "GET" || request.method === "HEAD";
  if (path === "" && isReading && !request.upgrade) return { status: 301, headers: { location: `${prefix}/${query}` } };
  // The target must take it for a path, whatever is in it.
  const rest = path.startsWith("/") ? path : `/${path.replace(/^%2[fF]/, "")}`;
  const answer = await forward(request, client, `${rest}${query}`, forwardedHeaders(request, `${prefix}${rest}`));
  if (answer.upgraded) return answer;
  const turned = (link: string) => redirected(link, [new URL(target).host, hostOf(request)], prefix);
  const back = { ...answer, headers: turnedAround(answer.headers, turned) };
  const isEmpty = request.method === "HEAD" || answer.status === 204 || answer.status === 304;
  return isEmpty ? back : turnedPage(back, turned);
}

function hostOf({ headers }: HttpRequest): string | undefined {
  return headers.host ?? headers[":authority"];
}

/** Encodings of pages that are taken off and put on again. */
const encodings: readonly string[] = ["gzip", "deflate"];

/** The answer, with its links turned if it is a page. One in an encoding that we don't read stays as it is. */
async function turnedPage(answer: HttpAnswer, turned: (link: string) => string): Promise<HttpAnswer> {
  const { headers, body } = answer;
  const type = String(headers["content-type"] ?? "").split(";")[0]!;
  if (type.trim().toLowerCase() !== "text/html" || !body || !("stream" in body)) return answer;
  const encoding = String(headers["content-encoding"] ?? "");
  if (encoding !== "" && !encodings.includes(encoding)) return answer;
  const format = encoding as "gzip" | "deflate" | "";
  const { turnLinks } = await import("./html_links.ts");
  // Its length is another now.
  const { "content-length": _, ...rest } = headers;
  const page = format ? through(body.stream, new DecompressionStream(format)) : body.stream;
  const links = turnLinks(page, turned);
  return { ...answer, headers: rest, body: { stream: format ? through(links, new CompressionStream(format)) : links } };
}

function through(
  bytes: AsyncIterable<Uint8Array>,
  stream: CompressionStream | DecompressionStream,
): AsyncIterable<Uint8Array> {
  return ReadableStream.from(bytes).pipeThrough<Uint8Array>(stream);
}

/** The request's headers with where it came from (as Go's reverse proxies and the real server tell it). */
function forwardedHeaders(request: HttpRequest, uri: string): Record<string, string> {
  const { headers, remoteAddress } = request;
  const out: Record<string, string> = { ...headers, "x-forwarded-uri": uri };
  const host = hostOf(request);
  if (host) out["x-forwarded-host"] = host;
  if (remoteAddress) {
    const before = headers["x-forwarded-for"];
    out["x-forwarded-for"] = before ? `${before}, ${remoteAddress}` : remoteAddress;
  }
  return out;
}

/** A target speaks for itself, not for this server: its redirects stay within the proxy, and it opens nothing to others. */
function turnedAround(headers: HttpAnswer["headers"], turned: (link: string) => string): HttpAnswer["headers"] {
  const out: HttpAnswer["headers"] = {};
  for (const name in headers) if (!name.startsWith("access-control-")) out[name] = headers[name]!;
  const { location } = out;
  if (typeof location === "string") out.location = turned(location);
  return out;
}

/**
 * Where a redirect or a link of the target leads through the proxy. Elsewhere it stays as it is: `hosts` are the target's
 * own name and ours.
 */
export function redirected(location: string, hosts: readonly (string | undefined)[], prefix: string): string {
  let url: URL;
  try {
    url = new URL(location, "http://relative.invalid");
  } catch {
    return location;
  }
  const isRelative = url.host === "relative.invalid";
  if (!isRelative && !hosts.includes(url.host)) return location;
  // Relative to the page that the client is at: it finds its own way.
  if (isRelative && !location.startsWith("/")) return location;
  const path = isRelative ? location : `${url.pathname}${url.search}${url.hash}`;
  return path.startsWith(`${prefix}/`) ? path : `${prefix}${path}`;
}

function unavailable(message: string): StatusError {
  return new StatusError({ code: 503, reason: "ServiceUnavailable", message });
}
