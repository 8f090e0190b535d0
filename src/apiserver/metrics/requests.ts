import type { AnswerBody, HttpAnswer, HttpRequest } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import { isLongRunning } from "../flowcontrol/work.ts";
import type { Route } from "../http/route.ts";
import type { ResourceTable } from "../registry/scope.ts";
import type { ServerMetrics } from "./server_metrics.ts";

/** Counts requests from their arrival to their end. */
export interface RequestMeter {
  begin(request: HttpRequest): Measured;
}

export interface Measured {
  about(route: Route): void;
  /** The answer is there. Gives one that also tells its size when it is sent. */
  answered(answer: HttpAnswer, request: HttpRequest): HttpAnswer;
  /** So many events went to a watcher. */
  events(count: number): void;
  /** A request that lasted is at its end. */
  over(status: number): void;
}

const verbs = new Set([
  ...["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy"],
  ...["post", "put", "head", "options", "connect"],
]);
const connecting = new Set(["exec", "attach", "portforward", "proxy"]);
const reading = new Set(["get", "list", "watch", "head", "options"]);

interface Series {
  /** verb, dry_run, group, version, resource, subresource, scope, component. */
  full: string[];
  /** Without dry_run. */
  short: string[];
  /** group, version, kind. */
  kind: string[];
}

/** Of a request whose path cannot be read. */
const unreadable: Series = {
  full: ["other", ...Array(7).fill("")],
  short: ["other", ...Array(6).fill("")],
  kind: ["", "", ""],
};

/** A meter that knows which resources there are: names that clients make up are not labels. */
export function requestMeter(metrics: ServerMetrics, resources: ResourceTable, clock: Clock): RequestMeter {
  // The labels of each kind of request, made once.
  const known = new Map<string, Series>();

  function seriesOf(route: Route): Series {
    const { resource, verb } = route;
    const dry = route.query.size > 0 && route.query.has("dryRun") ? "All" : "";
    const scope = scopeOf(route);
    const path = resource ? "" : pathGroup(route.path);
    const key = resource
      ? `${verb} ${resource.group}/${resource.version}/${resource.plural}/${resource.subresource ?? ""} ${scope} ${dry}`
      : `${verb} ${path} ${dry}`;
    const found = known.get(key);
    if (found) return found;
    const isKnown = resource && resources.find(resource.group, resource.version, resource.plural);
    const part = isKnown?.subresources?.find(({ name }) => name === resource!.subresource)?.name ?? "";
    const shownVerb = connecting.has(part) ? "CONNECT" : verbs.has(verb) ? verb.toUpperCase() : "other";
    const shownDry = dry === "" ? "" : route.query.get("dryRun") === "All" ? "All" : "invalid";
    const where = isKnown
      ? [resource!.group, resource!.version, resource!.plural, part, scope, "apiserver"]
      : ["", "", "", path, "", "apiserver"];
    const kind = isKnown ? [isKnown.group, isKnown.version, isKnown.kind] : ["", "", ""];
    const made = { full: [shownVerb, shownDry, ...where], short: [shownVerb, ...where], kind };
    // What is not known may be anything, and is not remembered.
    if (isKnown || path !== "") known.set(key, made);
    return made;
  }

  return {
    begin() {
      const began = clock.monotonicMs();
      let series: Series | undefined;
      let kind = "";
      let long = false;
      const count = (status: number) => {
        series ??= unreadable;
        metrics.requests.add([...series.full, String(status)]);
        const seconds = (clock.monotonicMs() - began) / 1000;
        metrics.seconds.observe(series.full, seconds);
        if (!long) metrics.sliSeconds.observe(series.short, seconds);
        if (status === 429) metrics.terminations.add([...series.short, "429"]);
        if (long) metrics.longRunning.add(series.short, -1);
        else if (kind !== "") metrics.inFlight.add([kind], -1);
      };
      return {
        about(route) {
          series = seriesOf(route);
          long = isLongRunning(route);
          kind = reading.has(route.verb) ? "readOnly" : "mutating";
          if (long) metrics.longRunning.add(series.short, 1);
          else metrics.inFlight.add([kind], 1);
        },
        answered(answer, { headerValues }) {
          count(answer.status);
          const { body } = answer;
          if (!headerValues || !series || !body || body instanceof Uint8Array || !("bytes" in body)) return answer;
          return { ...answer, body: sized(body, series.short, metrics) };
        },
        events(count) {
          metrics.watchEvents.add((series ?? unreadable).kind, count);
        },
        over: count,
      };
    },
  };
}

/** The body, telling its size when its bytes are made. */
function sized(
  body: Extract<AnswerBody, { object: object; bytes(): Uint8Array }>,
  values: string[],
  metrics: ServerMetrics,
): AnswerBody {
  return {
    get object() {
      return body.object;
    },
    bytes() {
      const bytes = body.bytes();
      metrics.sizes.observe(values, bytes.length);
      return bytes;
    },
  };
}

function scopeOf({ resource, verb }: Route): string {
  if (!resource) return "";
  if (resource.name !== undefined || verb === "create") return "resource";
  return resource.namespace === undefined ? "cluster" : "namespace";
}

const pathGroups = ["/healthz", "/livez", "/readyz", "/metrics", "/version", "/openapi", "/apis", "/api", "/debug"];

/** The paths that have series of their own. */
function pathGroup(path: string): string {
  return pathGroups.find((each) => path === each || path.startsWith(`${each}/`)) ?? "";
}
