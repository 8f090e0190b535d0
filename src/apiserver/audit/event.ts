import { formatMicroTime } from "../../api/machinery/time.ts";
import type { HttpRequest, UserInfo } from "../../base/http.ts";
import type { Route } from "../http/route.ts";
import type { AuditLevel, AuditStage } from "./policy.ts";

/** An audit.k8s.io/v1 Event. */
export interface AuditEvent {
  kind: "Event";
  apiVersion: "audit.k8s.io/v1";
  level: AuditLevel;
  auditID: string;
  stage: AuditStage;
  requestURI: string;
  verb: string;
  user: AuditUser;
  impersonatedUser?: AuditUser;
  sourceIPs?: string[];
  userAgent?: string;
  objectRef?: ObjectRef;
  responseStatus?: { metadata: object; code?: number; status?: string; message?: string; reason?: string };
  requestObject?: unknown;
  responseObject?: unknown;
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations?: Record<string, string>;
}

type AuditUser = Partial<UserInfo>;

export interface ObjectRef {
  resource?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiGroup?: string;
  apiVersion?: string;
  resourceVersion?: string;
  subresource?: string;
}

/** The longest user agent that is recorded, in letters, as the real server has it. */
const userAgentMax = 1024;

/** How many hops of proxies are recorded: the list comes from the client. */
const sourcesMax = 20;

/** What is known of a request when it comes in. `now` in milliseconds. */
export function requestEvent(
  request: HttpRequest,
  route: Route,
  user: UserInfo | undefined,
  level: AuditLevel,
  auditID: string,
  now: number,
): AuditEvent {
  const agent = request.headers["user-agent"] ?? "";
  const objectRef = objectRefOf(route);
  const sources = sourceIps(request);
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level,
    auditID,
    stage: "RequestReceived",
    requestURI: request.url,
    verb: route.verb,
    user: auditUser(user),
    ...(sources.length > 0 ? { sourceIPs: sources } : {}),
    ...(agent
      ? { userAgent: agent.length > userAgentMax ? `${agent.slice(0, userAgentMax)}...TRUNCATED` : agent }
      : {}),
    ...(objectRef ? { objectRef } : {}),
    requestReceivedTimestamp: formatMicroTime(now),
    stageTimestamp: formatMicroTime(now),
  };
}

/** A user as events have it. */
export function auditUser(user: UserInfo | undefined): AuditUser {
  if (!user) return {};
  const { username, uid, groups, extra } = user;
  return { username, ...(uid ? { uid } : {}), groups: [...groups], ...(extra ? { extra } : {}) };
}

function objectRefOf({ resource }: Route): ObjectRef | undefined {
  if (!resource) return undefined;
  const { plural, namespace, name, group, version, subresource } = resource;
  const isNamespace = plural === "namespaces" && group === "" && name !== undefined;
  const space = isNamespace ? name : namespace;
  return {
    resource: plural,
    ...(space ? { namespace: space } : {}),
    ...(name ? { name } : {}),
    ...(group ? { apiGroup: group } : {}),
    apiVersion: version,
    ...(subresource ? { subresource } : {}),
  };
}

/** What the request's body says of the object that its path does not. */
export function completeRef(ref: ObjectRef, body: unknown): ObjectRef {
  const metadata = (body as { metadata?: Record<string, unknown> } | null)?.metadata;
  const out = { ...ref };
  const fields = [
    ["namespace", "namespace"],
    ["name", "name"],
    ["uid", "uid"],
    ["resourceVersion", "resourceVersion"],
  ] as const;
  for (const [field, from] of fields) {
    const value = metadata?.[from];
    if (!out[field] && typeof value === "string" && value !== "") out[field] = value;
  }
  return out;
}

/** Who a request came through, the client first: what proxies say, and the address that the connection has. */
function sourceIps({ headers, remoteAddress }: HttpRequest): string[] {
  const out = (headers["x-forwarded-for"] ?? "")
    .split(",")
    .map((each) => each.trim())
    .filter(isAddress)
    .slice(0, sourcesMax);
  const real = headers["x-real-ip"]?.trim() ?? "";
  if (isAddress(real) && !out.includes(real)) out.push(real);
  const remote = (remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  if (remote !== "" && out.at(-1) !== remote) out.push(remote);
  return out;
}

function isAddress(text: string): boolean {
  return /^[0-9a-fA-F:.]{2,45}$/.test(text) && /[.:]/.test(text);
}

/** A copy of an object, or a list of them, without who owns which field. */
export function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== "object" || object === null) return object;
  const { metadata, items } = object as { metadata?: Record<string, unknown>; items?: unknown };
  const out: Record<string, unknown> = { ...object };
  if (metadata && "managedFields" in metadata) {
    const { managedFields: _, ...rest } = metadata;
    out.metadata = rest;
  }
  if (Array.isArray(items)) out.items = items.map(withoutManagedFields);
  return out;
}

/** The line of `--audit-log-format=legacy`. */
export function legacyLine(event: AuditEvent): string {
  const quote = (text: string) => JSON.stringify(text);
  const list = (values: readonly string[] | undefined, otherwise: string) =>
    values?.length ? values.map(quote).join(",") : otherwise;
  const { user, impersonatedUser, objectRef, responseStatus } = event;
  const parts: [name: string, value: string][] = [
    ["id", event.auditID],
    ["stage", event.stage],
    ["ip", event.sourceIPs?.[0] ?? "<unknown>"],
    ["method", event.verb],
    ["user", user.username || "<none>"],
    ["groups", list(user.groups, "<none>")],
    ["as", impersonatedUser?.username ?? "<self>"],
    ["asgroups", list(impersonatedUser?.groups, "<lookup>")],
    ["user-agent", event.userAgent ?? ""],
    ["namespace", objectRef?.namespace || "<none>"],
    ["uri", event.requestURI],
    ["response", responseStatus?.code ? String(responseStatus.code) : "<deferred>"],
  ];
  return `${event.requestReceivedTimestamp} AUDIT: ${parts.map(([name, value]) => `${name}=${quote(value)}`).join(" ")}`;
}
