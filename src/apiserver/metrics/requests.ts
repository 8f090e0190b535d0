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
  count(code: number): void;
  seconds: { observe(value: number): void };
  sliSeconds: { observe(value: number): void };
  sizes: { observe(value: number): void };
  longRunning: { add(by: number): void };
  watchEvents: { add(by: number): void };
}

/** The series of one kind of request. `full` is verb, dry_run, and what it is about; `kind` is group, version, kind. */
function newSeries(metrics: ServerMetrics, full: readonly string[], kind: readonly string[]): Series {
  const [verb = "", , ...where] = full;
  const short = [verb, ...where];
  const byCode = new Map<number, { add(by: number): void }>();
  return {
    count(code) {
      const series = byCode.get(code) ?? metrics.requests.of([...full, String(code)]);
      byCode.set(code, series);
      series.add(1);
      if (code === 429) metrics.terminations.add([...short, "429"]);
    },
    seconds: metrics.seconds.of(full),
    sliSeconds: metrics.sliSeconds.of(short),
    sizes: metrics.sizes.of(short),
    longRunning: metrics.longRunning.of(short),
    watchEvents: metrics.watchEvents.of(kind),
  };
}

/** A meter that knows which resources there are: names that clients make up are not labels. */
export function requestMeter(metrics: ServerMetrics, resources: ResourceTable, clock: Clock): RequestMeter {
  // The labels of each kind of request, made once.
  const known = new Map<string, Series>();
  const inFlight = { readOnly: metrics.inFlight.of(["readOnly"]), mutating: metrics.inFlight.of(["mutating"]) };

  function seriesOf(route: Route): Series {
    const { resource } = route;
    // HTTP/2 lets a client make up methods.
    const verb = verbs.has(route.verb) ? route.verb : "other";
    const asked = route.query.size > 0 ? route.query.get("dryRun") : null;
    const dry = asked === null ? "" : asked === "All" ? asked : "invalid";
    const scope = scopeOf(route);
    const path = resource ? "" : pathGroup(route.path);
    const key = resource
      ? `${verb} ${resource.group}/${resource.version}/${resource.plural}/${resource.subresource ?? ""} ${scope} ${dry}`
      : `${verb} ${path} ${dry}`;
    const found = known.get(key);
    if (found) return found;
    const isKnown = resource && resources.find(resource.group, resource.version, resource.plural);
    const part = isKnown?.subresources?.find(({ name }) => name === resource!.subresource)?.name ?? "";
    const shownVerb = connecting.has(part) ? "CONNECT" : verb === "other" ? verb : verb.toUpperCase();
    const where = isKnown
      ? [resource!.group, resource!.version, resource!.plural, part, scope, "apiserver"]
      : ["", "", "", path, "", "apiserver"];
    const kind = isKnown ? [isKnown.group, isKnown.version, isKnown.kind] : ["", "", ""];
    const made = newSeries(metrics, [shownVerb, dry, ...where], kind);
    // What is not known may be anything, and is not remembered.
    const isWhole = resource?.subresource === undefined || part !== "";
    if (resource ? isKnown && isWhole : path !== "") known.set(key, made);
    return made;
  }

  return {
    begin() {
      const began = clock.monotonicMs();
      let series: Series | undefined;
      let kind: keyof typeof inFlight | undefined;
      let long = false;
      const count = (status: number) => {
        // Of a request whose path could not be read.
        series ??= newSeries(metrics, ["other", ...Array(7).fill("")], ["", "", ""]);
        series.count(status);
        const seconds = (clock.monotonicMs() - began) / 1000;
        series.seconds.observe(seconds);
        if (!long) series.sliSeconds.observe(seconds);
        if (long) series.longRunning.add(-1);
        else if (kind) inFlight[kind].add(-1);
      };
      return {
        about(route) {
          series = seriesOf(route);
          long = isLongRunning(route);
          kind = reading.has(route.verb) ? "readOnly" : "mutating";
          if (long) series.longRunning.add(1);
          else inFlight[kind].add(1);
        },
        answered(answer, { headerValues }) {
          count(answer.status);
          const { body } = answer;
          if (!headerValues || !series || !body || body instanceof Uint8Array || !("bytes" in body)) return answer;
          return { ...answer, body: sized(body, series) };
        },
        events(count) {
          series?.watchEvents.add(count);
        },
        over: count,
      };
    },
  };
}

/** The body, telling its size when its bytes are made. */
function sized(body: Extract<AnswerBody, { object: object; bytes(): Uint8Array }>, series: Series): AnswerBody {
  const whole = {
    get object() {
      return body.object;
    },
    bytes() {
      const bytes = body.bytes();
      series.sizes.observe(bytes.length);
      return bytes;
    },
  };
  if (!body.parts) return whole;
  const parts = (): readonly Uint8Array[] => {
    const pieces = body.parts!();
    series.sizes.observe(pieces.reduce((sum, piece) => sum + piece.length, 0));
    return pieces;
  };
  return Object.assign(whole, { parts });
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
