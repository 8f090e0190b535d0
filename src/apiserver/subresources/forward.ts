import { StatusError } from "../../api/machinery/status.ts";
import type { ByteStream, HttpAnswer, HttpClient, HttpRequest, OutgoingHeaders } from "../../base/http.ts";

/** Headers of one connection, which no proxy passes on (RFC 9110, section 7.6.1), and who asked us. */
const connectionHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "authorization",
  "host",
  "http2-settings",
  // We have the body already: nobody need ask for it.
  "expect",
]);

/** What is passed on: also nothing that `Connection` names is meant for others than the next hop. */
function passable<Given extends OutgoingHeaders>(headers: Given): Given {
  const named = String(headers.connection ?? "")
    .toLowerCase()
    .split(",")
    .map((each) => each.trim());
  const out = {} as Record<string, string | string[]>;
  for (const name in headers) {
    if (!name.startsWith(":") && !connectionHeaders.has(name) && !named.includes(name)) out[name] = headers[name]!;
  }
  return out as Given;
}

/**
 * Passes a request on to another server, upgrades included, and its answer back. A 503 if it cannot be reached. `headers`
 * are the request's own if absent.
 */
export async function forward(
  request: HttpRequest,
  client: HttpClient,
  url: string,
  headers: OutgoingHeaders = request.headers,
): Promise<HttpAnswer> {
  try {
    const pass = request.upgrade ? forwardUpgrade : forwardPlain;
    return await pass(request, client, url, headers);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const message = `error trying to reach service: ${error instanceof Error ? error.message : error}`;
    throw new StatusError({ code: 503, reason: "ServiceUnavailable", message });
  }
}

async function forwardPlain(
  request: HttpRequest,
  client: HttpClient,
  url: string,
  headers: OutgoingHeaders,
): Promise<HttpAnswer> {
  const { body } = request;
  const bytes = body && "object" in body ? new TextEncoder().encode(JSON.stringify(body.object)) : body;
  const answer = await client.request({
    method: request.method,
    url,
    headers: passable(headers),
    body: bytes as Uint8Array | undefined,
    signal: request.signal,
  });
  return { status: answer.status, headers: passable(answer.headers), body: { stream: answer.body } };
}

async function forwardUpgrade(
  request: HttpRequest,
  client: HttpClient,
  url: string,
  given: OutgoingHeaders,
): Promise<HttpAnswer> {
  const { headers, upgrade } = request;
  const outgoing = { ...passable(given), connection: "Upgrade", upgrade: headers.upgrade! };
  const answer = await client.upgrade({ method: request.method, url, headers: outgoing, signal: request.signal });
  if (!answer.stream) {
    return { status: answer.status, headers: passable(answer.headers), body: answer.body && { stream: answer.body } };
  }
  const back = upgrade!.accept({
    ...passable(answer.headers),
    connection: "Upgrade",
    upgrade: answer.headers.upgrade ?? headers.upgrade!,
  });
  const { stream } = answer;
  // Nothing can be told to a client that has gone, and what it started may wait for ever to tell something.
  void back.closed.then(() => stream.close());
  await Promise.all([pump(back, stream), pump(stream, back)]);
  return { status: 101, headers: {}, upgraded: true };
}

/** Copies one direction to its end, then ends it on the other side. */
async function pump(from: ByteStream, to: ByteStream): Promise<void> {
  try {
    for await (const chunk of from.readable) await to.write(chunk);
    to.closeWrite();
  } catch {
    // One side broke: the other has nobody to talk to.
    from.close();
    to.close();
  }
}
