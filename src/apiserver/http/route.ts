import { badRequest } from "../../api/machinery/status.ts";

/** What a request is about, read from its method, path and query. */
export interface Route {
  /** Kubernetes' verb for resources (`get`, `list`, `watch`, …), the method in lower case for other paths. */
  verb: string;
  method: string;
  path: string;
  query: URLSearchParams;
  /** Set for `/api/v1/…` and `/apis/<group>/<version>/…` with at least a resource. */
  resource?: {
    group: string;
    version: string;
    plural: string;
    namespace?: string;
    name?: string;
    subresource?: string;
    rest: string;
  };
}

const noQuery = new URLSearchParams();

/** Reads a request's method and URL. Throws a 400 for broken percent signs. */
export function parseRoute(method: string, url: string): Route {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? noQuery : new URLSearchParams(url.slice(mark + 1));
  const route: Route = { verb: method.toLowerCase(), method, path, query };
  const parts = splitPath(path);
  const start = parts[0] === "api" ? 1 : parts[0] === "apis" ? 2 : 0;
  if (start === 0 || parts.length <= start + 1) return route;
  const group = start === 1 ? "" : parts[1]!;
  const version = parts[start]!;
  let at = start + 1;
  let watching = false;
  if (parts[at] === "watch" && parts.length > at + 1) {
    watching = true;
    at++;
  }
  const resource: NonNullable<Route["resource"]> = { group, version, plural: parts[at]!, rest: "" };
  if (resource.plural === "namespaces" && parts.length > at + 2 && !namespaceSubresources.has(parts[at + 2]!)) {
    resource.namespace = parts[at + 1]!;
    at += 2;
    resource.plural = parts[at]!;
  }
  resource.name = parts[at + 1] || undefined;
  resource.subresource = parts[at + 2] || undefined;
  resource.rest = parts.slice(at + 3).join("/");
  route.resource = resource;
  route.verb = resourceVerb(method, resource.name !== undefined, watching, query);
  return route;
}

const namespaceSubresources = new Set(["status", "finalize"]);

function splitPath(path: string): string[] {
  // An escaped slash is a slash like any other, as the real server reads paths.
  const parts = decodePath(path).split("/").slice(1);
  if (parts.at(-1) === "") parts.pop();
  return parts;
}

function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(path)}`);
  }
}

function resourceVerb(method: string, named: boolean, watching: boolean, query: URLSearchParams): string {
  switch (method) {
    case "GET":
    case "HEAD": {
      const watch = query.get("watch");
      const isWatch = watching || (watch !== null && watch !== "false" && watch !== "0");
      if (isWatch && (!named || watching || query.get("fieldSelector"))) return "watch";
      return named ? "get" : "list";
    }
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return named ? "delete" : "deletecollection";
    default:
      return method.toLowerCase();
  }
}
