import { pathNotFound, StatusError, unauthorized } from "../../api/machinery/status.ts";
import type { HttpAnswer, HttpHandler, HttpRequest, UserInfo } from "../../base/http.ts";
import { withoutImpersonation } from "../auth/impersonation.ts";
import { isBuiltinGroup } from "../discovery/groups.ts";
import type { Registry } from "../registry/scope.ts";
import { statusAnswer } from "./answer.ts";
import { resourceAnswer } from "./resources.ts";
import { parseRoute, type Route } from "./route.ts";
import type { SubresourceHandlers } from "./subresources.ts";

/** Answers for paths that are no resources: discovery, OpenAPI, health. Undefined if it has none. */
export type PathHandler = (
  route: Route,
  request: HttpRequest,
) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;

/** Decides whether a user may do this. Throws a 403 if not. */
export type Authorizer = (user: UserInfo, route: Route) => void | Promise<void>;

export interface HandlerParts {
  registry: Registry;
  authenticate(request: HttpRequest): Promise<UserInfo | undefined>;
  /** Who a request acts as, if its headers ask for somebody else. Throws a 403 if it may not. */
  impersonate(user: UserInfo, route: Route, request: HttpRequest): UserInfo | undefined;
  authorize: Authorizer;
  paths: PathHandler;
  /** Answers for groups that another server has; undefined for our own. */
  aggregated(path: string, request: HttpRequest, user: UserInfo): Promise<HttpAnswer> | undefined;
  subresources: SubresourceHandlers;
  /** Told of errors that are ours. */
  report(error: unknown, route: Route): void;
}

/** The API as one function from a request to an answer. */
export function createHandler(parts: HandlerParts): HttpHandler {
  return async (received) => {
    let request = received;
    let route: Route | undefined;
    try {
      route = parseRoute(request.method, request.url);
      const sender = await parts.authenticate(request);
      if (!sender) throw unauthorized();
      const other = parts.impersonate(sender, route, request);
      if (other) request = withoutImpersonation(request);
      const user = other ?? sender;
      const allowed = parts.authorize(user, route);
      if (allowed) await allowed;
      const elsewhere = parts.aggregated(route.path, request, user);
      if (elsewhere) return await elsewhere;
      if (route.resource) {
        const versions = parts.registry.resources.versions(route.resource.group);
        if (versions === undefined || isMissing(parts.registry, route.resource, route.verb)) return notFoundText();
        return await resourceAnswer(parts.registry, parts.subresources, route, request, user);
      }
      const answer = await parts.paths(route, request);
      if (answer) return answer;
      if (route.path.startsWith("/api/") || route.path.startsWith("/apis/")) throw pathNotFound();
      return notFoundText();
    } catch (error) {
      if (error instanceof StatusError) return statusAnswer(error.status, wantsYaml(request) ? "yaml" : "json");
      parts.report(error, route ?? parseRoute("GET", "/"));
      const message = `Internal error occurred: ${error instanceof Error ? error.message : error}`;
      return statusAnswer(
        new StatusError({ code: 500, reason: "InternalError", message, details: { causes: [{ message }] } }).status,
      );
    }
  };
}

function wantsYaml(request: HttpRequest): boolean {
  const { accept = "" } = request.headers;
  return accept.startsWith("application/yaml") && !accept.includes("as=");
}

/** Whether there is no such custom resource: groups that come and go have no Status to tell of it. */
function isMissing({ resources }: Registry, where: NonNullable<Route["resource"]>, verb: string): boolean {
  if (isBuiltinGroup(where.group)) return false;
  const resource = resources.find(where.group, where.version, where.plural);
  if (!resource) return true;
  const inNamespace = where.namespace !== undefined;
  return resource.namespaced !== inNamespace && !(resource.namespaced && ["list", "watch"].includes(verb));
}

function notFoundText(): HttpAnswer {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return { status: 404, headers, body: new TextEncoder().encode("404 page not found\n") };
}
