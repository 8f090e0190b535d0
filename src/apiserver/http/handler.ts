import { pathNotFound, StatusError, unauthorized } from "../../api/machinery/status.ts";
import type { AnswerBody, HttpAnswer, HttpHandler, HttpRequest, UserInfo } from "../../base/http.ts";
import type { Auditor, Trail } from "../audit/audit.ts";
import { withoutImpersonation } from "../auth/impersonation.ts";
import { isBuiltinGroup } from "../discovery/groups.ts";
import { type FlowControl, type Ticket, TooManyRequests } from "../flowcontrol/flow_control.ts";
import { isLongRunning } from "../flowcontrol/work.ts";
import type { RequestMeter } from "../metrics/requests.ts";
import type { Registry } from "../registry/scope.ts";
import { statusAnswer } from "./answer.ts";
import { exchangeHeaders, requestIds } from "./exchange.ts";
import { plainFormat } from "./negotiate.ts";
import { resourceAnswer } from "./resources.ts";
import { parseRoute, type Route } from "./route.ts";
import type { SubresourceHandlers } from "./subresources.ts";

/** Answers for paths that are no resources: discovery, OpenAPI, health. Undefined if it has none. */
export type PathHandler = (
  route: Route,
  request: HttpRequest,
) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;

/** Whether a user may do something, and why. */
export interface Authorization {
  /** The 403, if not. */
  refusal?: StatusError;
  /** What the authorizers said, for the audit log. */
  reason: string;
}

export interface HandlerParts {
  registry: Registry;
  authenticate(request: HttpRequest): Promise<UserInfo | undefined>;
  /** Who a request acts as, if its headers ask for somebody else. Throws a 403 if it may not. */
  impersonate(user: UserInfo, route: Route, request: HttpRequest): UserInfo | undefined;
  authorize(user: UserInfo, route: Route): Authorization;
  flow: FlowControl;
  audit: Auditor | undefined;
  meter: RequestMeter;
  paths: PathHandler;
  /** Answers for groups that another server has; undefined for our own. */
  aggregated(path: string, request: HttpRequest, user: UserInfo): Promise<HttpAnswer> | undefined;
  subresources: SubresourceHandlers;
  /** Told of errors that are ours. */
  report(error: unknown, route: Route): void;
}

/** One request and what has become known of it on its way. */
interface Exchange {
  request: HttpRequest;
  route: Route;
  auditId: string;
  ticket?: Ticket;
  refused?: Pick<Ticket, "schemaUid" | "levelUid">;
  trail?: Trail;
}

const noRoute = parseRoute("GET", "/");

/** The API as one function from a request to an answer. */
export function createHandler(parts: HandlerParts): HttpHandler {
  const auditIdOf = requestIds(parts.registry.random);
  return async (request) => {
    const exchange: Exchange = { request, route: noRoute, auditId: auditIdOf(request) };
    const ended = parts.meter.begin(request);
    let answer: HttpAnswer;
    try {
      exchange.route = parseRoute(request.method, request.url);
      ended.about(exchange.route);
      answer = await respond(parts, exchange);
    } catch (error) {
      answer = await failure(parts, exchange, error);
    }
    const long = isLongRunning(exchange.route);
    const { ticket, trail } = exchange;
    if (trail && !long) {
      const written = trail.complete(answer);
      if (written) await written;
    } else if (trail && !answer.upgraded) {
      const written = trail.started(answer.status);
      if (written) await written;
    }
    if (ticket) giveBack(ticket, request, answer, long);
    const headers = exchangeHeaders(answer, exchange.auditId, exchange.ticket ?? exchange.refused);
    if (!long) return ended.answered({ ...answer, headers }, request);
    return followed({ ...answer, headers }, request.signal, ended.events, () => {
      void trail?.complete(answer);
      ended.over(answer.status);
    });
  };
}

async function respond(parts: HandlerParts, exchange: Exchange): Promise<HttpAnswer> {
  const { route } = exchange;
  // Before anything is decided: what another server has been told counts here too.
  if (parts.registry.store.shared && !mayBeStale(route)) await parts.registry.cache.fresh();
  const sender = await parts.authenticate(exchange.request);
  exchange.trail = parts.audit?.(exchange.request, route, sender, exchange.auditId);
  if (exchange.trail) await exchange.trail.received;
  exchange.request = heardOnTakeover(exchange, () => {
    exchange.ticket?.done();
    void exchange.trail?.started(101);
  });
  if (!sender) throw unauthorized();
  const other = parts.impersonate(sender, route, exchange.request);
  if (other) {
    exchange.request = withoutImpersonation(exchange.request);
    exchange.trail?.impersonated(other);
  }
  const user = other ?? sender;
  const admitted = parts.flow.enter(user, route, exchange.request);
  exchange.ticket = admitted instanceof Promise ? await admitted : admitted;
  const { refusal, reason } = parts.authorize(user, route);
  if (exchange.trail) {
    exchange.trail.annotations["authorization.k8s.io/decision"] = refusal ? "forbid" : "allow";
    exchange.trail.annotations["authorization.k8s.io/reason"] = reason;
  }
  if (refusal) throw refusal;
  return dispatch(parts, exchange, user);
}

/** Of a connection that is taken over, the client sees the beginning long before we see the end: from then on it has no seat. */
function heardOnTakeover({ request }: Exchange, taken: () => void): HttpRequest {
  const { upgrade } = request;
  if (!upgrade) return request;
  return {
    ...request,
    upgrade: {
      protocol: upgrade.protocol,
      accept(headers) {
        taken();
        return upgrade.accept(headers);
      },
      acceptWebSocket(protocols) {
        taken();
        return upgrade.acceptWebSocket(protocols);
      },
    },
  };
}

async function dispatch(parts: HandlerParts, exchange: Exchange, user: UserInfo): Promise<HttpAnswer> {
  const { registry } = parts;
  const { route, trail } = exchange;
  const elsewhere = parts.aggregated(route.path, exchange.request, user);
  if (elsewhere) return await elsewhere;
  if (route.resource) {
    const versions = registry.resources.versions(route.resource.group);
    if (versions === undefined || isMissing(registry, route.resource, route.verb)) return notFoundText();
    const request = trail ? await trail.withBody(exchange.request) : exchange.request;
    return await resourceAnswer(registry, parts.subresources, route, request, user, trail?.annotations);
  }
  const answer = await parts.paths(route, exchange.request);
  if (answer) return answer;
  if (route.path.startsWith("/api/") || route.path.startsWith("/apis/")) throw pathNotFound();
  return notFoundText();
}

async function failure(parts: HandlerParts, exchange: Exchange, error: unknown): Promise<HttpAnswer> {
  if (error instanceof StatusError) return statusAnswer(error.status, plainFormat(exchange.request.headers.accept));
  if (error instanceof TooManyRequests) {
    exchange.refused = error.ticket;
    await hesitate(parts.registry, exchange.request);
    return tooMany();
  }
  parts.report(error, exchange.route);
  const message = `Internal error occurred: ${error instanceof Error ? error.message : error}`;
  await exchange.trail?.panicked(message);
  return statusAnswer(
    new StatusError({ code: 500, reason: "InternalError", message, details: { causes: [{ message }] } }).status,
  );
}

/**
 * A seat is held until the answer has been sent: what a slow or flooding client has under way counts, not only what we
 * compute. Over a socket the request's signal tells of that; in process the answer is taken over at once.
 */
function giveBack(ticket: Ticket, { signal, remoteAddress }: HttpRequest, answer: HttpAnswer, long: boolean): void {
  if (long || answer.upgraded || remoteAddress === undefined || signal.aborted) ticket.done();
  else signal.addEventListener("abort", ticket.done, { once: true });
}

/**
 * The answer, with `events` told of each batch, and `ended` called once: when the last part was taken, or nobody wants
 * more of it, or the client has gone.
 */
function followed(
  answer: HttpAnswer,
  signal: AbortSignal,
  events: (count: number) => void,
  ended: () => void,
): HttpAnswer {
  const { body } = answer;
  if (!body || body instanceof Uint8Array || "bytes" in body) {
    ended();
    return answer;
  }
  let open = true;
  const end = () => {
    if (open) ended();
    open = false;
    signal.removeEventListener("abort", end);
  };
  signal.addEventListener("abort", end, { once: true });
  async function* follow<Item>(items: AsyncIterable<Item>, seen?: (item: Item) => void): AsyncGenerator<Item> {
    try {
      for await (const item of items) {
        seen?.(item);
        yield item;
      }
    } finally {
      end();
    }
  }
  const wrapped: AnswerBody =
    "events" in body
      ? { events: follow(body.events, (batch) => events(batch.length)) }
      : { stream: follow(body.stream) };
  return { ...answer, body: wrapped };
}

/** Health and the like, and what asks for anything there is: answered even while the store is away. */
function mayBeStale({ resource, query, verb }: Route): boolean {
  if (!resource) return true;
  const version = query.get("resourceVersion");
  if (verb === "watch") return version !== null && version !== "";
  return (verb === "get" || verb === "list") && version === "0";
}

/** Whether there is no such custom resource: groups that come and go have no Status to tell of it. */
function isMissing({ resources }: Registry, where: NonNullable<Route["resource"]>, verb: string): boolean {
  if (isBuiltinGroup(where.group)) return false;
  const resource = resources.find(where.group, where.version, where.plural);
  if (!resource) return true;
  const inNamespace = where.namespace !== undefined;
  return resource.namespaced !== inNamespace && !(resource.namespaced && ["list", "watch"].includes(verb));
}

const plainText = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };

function notFoundText(): HttpAnswer {
  return { status: 404, headers: plainText, body: new TextEncoder().encode("404 page not found\n") };
}

/** How long a client is left without its refusal, in milliseconds, and how many are at once. */
const [hesitationMs, hesitationsMax] = [200, 5_000];
let hesitations = 0;

/**
 * Clients are told to come back in a second. One that comes back at once would have the server do nothing but refuse it:
 * so refusals are slow. In process nobody does that.
 */
async function hesitate({ clock }: Registry, { remoteAddress, signal }: HttpRequest): Promise<void> {
  if (remoteAddress === undefined || hesitations >= hesitationsMax) return;
  hesitations++;
  try {
    await clock.sleep(hesitationMs, signal);
  } catch {
    // The client has gone.
  } finally {
    hesitations--;
  }
}

/** The real server's answer has no Status: clients look at the code and at `Retry-After`. */
function tooMany(): HttpAnswer {
  const body = new TextEncoder().encode("Too many requests, please try again later.\n");
  return { status: 429, headers: { ...plainText, "retry-after": "1" }, body };
}
