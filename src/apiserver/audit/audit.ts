import { formatMicroTime } from "../../api/machinery/time.ts";
import type { HttpAnswer, HttpRequest, UserInfo } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import { readBody, readValue } from "../http/body.ts";
import type { Route } from "../http/route.ts";
import { type AuditEvent, auditUser, completeRef, requestEvent, withoutManagedFields } from "./event.ts";
import type { AuditSink } from "./log.ts";
import { type AuditPolicy, type AuditStage, auditVerdict } from "./policy.ts";

/** What is written down of one request while it goes through the server. */
export interface Trail {
  /** Resolves when the first event is written; undefined if nobody waits for that. */
  received: Promise<void> | undefined;
  /** What authorization, admission and policies note. The first to write a key wins. */
  annotations: Record<string, string>;
  impersonated(user: UserInfo): void;
  /** Reads the body, where it is to be recorded. Gives the request to go on with. Throws what reading throws. */
  withBody(request: HttpRequest): Promise<HttpRequest>;
  /** The client sees the beginning of a long answer. */
  started(status: number): Promise<void> | undefined;
  /** The answer is there, or, of a long one, at its end. */
  complete(answer: HttpAnswer): Promise<void> | undefined;
  panicked(message: string): Promise<void> | undefined;
}

/** Begins a trail. Undefined if the policy wants nothing of this request. */
export type Auditor = (
  request: HttpRequest,
  route: Route,
  user: UserInfo | undefined,
  auditId: string,
) => Trail | undefined;

const bodyVerbs = new Set(["create", "update", "patch", "delete", "deletecollection"]);
const streams = new Set(["exec", "attach", "portforward", "proxy"]);

/** Records requests as a policy says. */
export function auditor(policy: AuditPolicy, sinks: readonly AuditSink[], clock: Clock): Auditor {
  return (request, route, user, auditId) => {
    const verdict = auditVerdict(policy, user, route);
    if (verdict.level === "None") return undefined;
    const event = requestEvent(request, route, user, verdict.level, auditId, clock.now());
    const annotations: Record<string, string> = {};
    const trim = verdict.omitManagedFields ? withoutManagedFields : (object: unknown) => object;
    const write = (stage: AuditStage, more: Partial<AuditEvent> = {}): Promise<void> | undefined => {
      Object.assign(event, more);
      if (verdict.omitStages.has(stage)) return undefined;
      const shown: AuditEvent = { ...event, stage, stageTimestamp: formatMicroTime(clock.now()) };
      if (Object.keys(annotations).length > 0) shown.annotations = { ...annotations };
      const waiting = sinks.map((sink) => sink.write(shown)).filter((each) => each !== undefined);
      return waiting.length > 0 ? Promise.all(waiting).then(() => {}) : undefined;
    };
    const wantsBodies = verdict.level === "Request" || verdict.level === "RequestResponse";
    return {
      received: write("RequestReceived"),
      annotations,
      impersonated(as) {
        event.impersonatedUser = auditUser(as);
      },
      async withBody(given) {
        const { resource, verb } = route;
        if (!resource || !bodyVerbs.has(verb) || streams.has(resource.subresource ?? "")) return given;
        if (!wantsBodies || given.body === undefined) return given;
        const read: HttpRequest = "object" in given.body ? given : { ...given, body: await readBody(given) };
        const object = await bodyObject(read, verb);
        if (object === undefined) return read;
        event.requestObject = trim(object);
        if (event.objectRef && verb !== "patch") event.objectRef = completeRef(event.objectRef, object);
        return read;
      },
      started: (code) => write("ResponseStarted", { responseStatus: { metadata: {}, code } }),
      complete(answer) {
        const object = objectOf(answer);
        const more: Partial<AuditEvent> = { responseStatus: statusOf(answer, object) };
        if (verdict.level === "RequestResponse" && object !== undefined) more.responseObject = trim(object);
        return write("ResponseComplete", more);
      },
      panicked: (message) =>
        write("Panic", {
          responseStatus: { metadata: {}, status: "Failure", message, reason: "InternalError", code: 500 },
        }),
    };
  };
}

function objectOf({ body }: HttpAnswer): object | undefined {
  return body && !(body instanceof Uint8Array) && "object" in body ? body.object : undefined;
}

function statusOf({ status: code }: HttpAnswer, object: object | undefined): AuditEvent["responseStatus"] {
  const given = object as { kind?: string; apiVersion?: string } | undefined;
  if (given?.kind !== "Status" || given.apiVersion !== "v1") return { metadata: {}, code };
  const { status, message, reason, details } = given as Record<string, string | undefined>;
  const known = { status, message, reason, details };
  const set = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
  return { metadata: {}, ...set, code };
}

/** What the body says; undefined if it cannot be read: then the request fails all the same, and says why. */
async function bodyObject(request: HttpRequest, verb: string): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  // Patches have media types of their own; all are JSON but the one that says YAML.
  const readable = verb !== "patch" ? type : type.includes("yaml") ? "application/yaml" : "application/json";
  const kind = verb.startsWith("delete") ? "DeleteOptions" : "";
  try {
    const headers = { ...request.headers, "content-type": readable };
    return (await readValue({ ...request, headers }, kind, kind ? "v1" : "")).value;
  } catch {
    return undefined;
  }
}
