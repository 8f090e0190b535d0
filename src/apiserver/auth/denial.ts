import { forbidden, StatusError } from "../../api/machinery/status.ts";
import type { UserInfo } from "../../base/http.ts";
import type { Authorization } from "../http/handler.ts";
import type { Route } from "../http/route.ts";
import type { Registry, Scope } from "../registry/scope.ts";
import type { Attributes } from "./authorizer.ts";

/** What a request wants to do. `user` is who it is done as. */
export function attributesOf(user: UserInfo, { verb, path, query, resource }: Route): Attributes {
  if (!resource) return { user, verb, path };
  const { group, version, plural, subresource } = resource;
  let { namespace, name } = resource;
  // A namespace's own path names the namespace that it is in: roles within it may speak of it.
  if (plural === "namespaces" && name !== undefined) namespace = name;
  // A name in the path is what is selected by, whatever the query says.
  const selects = name === undefined && (verb === "list" || verb === "watch" || verb === "deletecollection");
  const fieldSelector = selects ? (query.get("fieldSelector") ?? undefined) : undefined;
  const labelSelector = selects ? (query.get("labelSelector") ?? undefined) : undefined;
  if (name === undefined && fieldSelector && verb !== "deletecollection") name = selectedName(fieldSelector);
  return {
    user,
    verb,
    resource: { group, version, plural, subresource, namespace, name, fieldSelector, labelSelector },
  };
}

/** Subresources of pods that are streams into a container, whatever the method that opens them. */
const streams = new Set(["exec", "attach", "portforward"]);

/** What else must be allowed: a WebSocket is opened with GET, and still does what `create` is needed for. */
function alsoNeeded({ user, verb, resource }: Attributes): Attributes | undefined {
  const isStream = verb === "get" && resource?.group === "" && resource.plural === "pods";
  if (!isStream || !streams.has(resource.subresource ?? "")) return undefined;
  return { user, verb: "create", resource };
}

/** Whether a request is allowed, by what its registry's authorizer says now. */
export function requestAuthorizer(registry: Registry): (user: UserInfo, route: Route) => Authorization {
  return (user, route) => {
    const attributes = attributesOf(user, route);
    const { decision, reason } = registry.authorizer(attributes);
    if (decision !== "allow") return { refusal: denied(attributes, reason), reason };
    const also = alsoNeeded(attributes);
    const second = also && registry.authorizer(also);
    if (second && second.decision !== "allow") return { refusal: denied(also, second.reason), reason: second.reason };
    return { reason };
  };
}

/** The name that a field selector asks for, so that roles by resourceNames allow to watch a single object. */
function selectedName(fieldSelector: string): string | undefined {
  for (const part of fieldSelector.split(",")) {
    const match = /^metadata\.name==?([^=!]+)$/.exec(part.trim());
    if (match && !/[/%]/.test(match[1]!) && match[1] !== "." && match[1] !== "..") return match[1];
  }
  return undefined;
}

/** The 403 for what nobody allowed. `reason` is what the authorizers said. */
export function denied(attributes: Attributes, reason: string): StatusError {
  const { resource } = attributes;
  const sentence = sanitize(deniedSentence(attributes));
  const message = reason === "" ? sentence : `${sentence}: ${reason}`;
  if (!resource)
    return new StatusError({ code: 403, reason: "Forbidden", message: `forbidden: ${message}`, details: {} });
  return forbidden(resource, resource.name ?? "", message);
}

/** `User "u" cannot get resource "pods" in API group "" in the namespace "n"`. */
function deniedSentence({ user, verb, path, resource }: Attributes): string {
  const who = `User ${JSON.stringify(user.username)} cannot ${verb}`;
  if (!resource) return `${who} path ${JSON.stringify(path)}`;
  const { group, plural, subresource, namespace } = resource;
  const whole = subresource ? `${plural}/${subresource}` : plural;
  const what = `${who} resource ${JSON.stringify(whole)} in API group ${JSON.stringify(group)}`;
  return namespace ? `${what} in the namespace ${JSON.stringify(namespace)}` : `${what} at the cluster scope`;
}

/** Browsers must not take what a client wrote for markup. */
function sanitize(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Whoever creates an object by another verb must be allowed to create it. Throws the 403. */
export function checkMayCreate(registry: Registry, { user, resource, namespace }: Scope, name: string): void {
  const { group, version, plural } = resource;
  const attributes = { user, verb: "create", resource: { group, version, plural, namespace, name } };
  const { decision, reason } = registry.authorizer(attributes);
  if (decision !== "allow") throw denied(attributes, reason);
}
