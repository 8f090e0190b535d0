import { type FieldError, type FieldPath, invalid, required } from "../machinery/field.ts";
import { dns1123Subdomain, portNumber } from "../machinery/names.ts";

const format = "desired format: https://host[/path]";

/** Errors in the URL of a webhook. The values shown are the parts that are wrong. */
export function* webhookUrlErrors(text: string, path: FieldPath): Generator<FieldError> {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  if (!match || /\p{Cc}|%(?![0-9A-Fa-f]{2})/u.test(text)) {
    yield required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL; ${format}`);
    return;
  }
  const [, scheme = "", authority = "", , query = "", fragment = ""] = match;
  if (scheme !== "https") yield invalid(path, scheme, `'https' is the only allowed URL scheme; ${format}`);
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  if (host === "") yield invalid(path, host, `host must be specified; ${format}`);
  if (at >= 0) yield invalid(path, authority.slice(0, at), "user information is not permitted in the URL");
  if (fragment !== "") yield invalid(path, fragment, "fragments are not permitted in the URL");
  if (query !== "") yield invalid(path, query, "query parameters are not permitted in the URL");
}

/** Errors in the service of a webhook. */
export function* webhookServiceErrors(service: any, path: FieldPath): Generator<FieldError> {
  // The real server takes the one for the other in its messages (kubernetes/kubernetes#141353), and clients see that.
  if (!service.namespace) yield required(path.child("name"));
  if (!service.name) yield required(path.child("namespace"));
  const { port = 443 } = service;
  for (const why of portNumber(port)) yield invalid(path.child("port"), port, `port is not valid: ${why}`);
  if (service.path === undefined) return;
  yield* pathErrors(service.path, path.child("path"));
}

function* pathErrors(text: string, path: FieldPath): Generator<FieldError> {
  if (text === "" || text === "/") return;
  if (!text.startsWith("/")) yield invalid(path, text, "must start with a '/'");
  // Whatever the first letter is, the segments begin behind it; one slash may stand at the end.
  for (const [index, segment] of text.slice(1).replace(/\/$/, "").split("/").entries()) {
    if (segment === "") yield invalid(path, text, `segment[${index}] may not be empty`);
    else for (const why of dns1123Subdomain(segment)) yield invalid(path, text, `segment[${index}]: ${why}`);
  }
}
