import { type FieldError, type FieldPath, invalid, required } from "../machinery/field.ts";
import { portNumber } from "../machinery/names.ts";

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
  if (!service.name) yield required(path.child("name"), "service name is required");
  if (!service.namespace) yield required(path.child("namespace"), "service namespace is required");
  const { port = 443 } = service;
  for (const why of portNumber(port)) yield invalid(path.child("port"), port, `port is not valid: ${why}`);
  if (service.path === undefined) return;
  yield* pathErrors(service.path, path.child("path"));
}

function* pathErrors(text: string, path: FieldPath): Generator<FieldError> {
  if (text === "") return;
  if (text === "/") return;
  if (!text.startsWith("/")) {
    yield invalid(path, text, "must start with a '/'");
    return;
  }
  if (text.includes("//")) yield invalid(path, text, "segment[0] may not be empty");
  if (/[?#]/.test(text)) yield invalid(path, text, "must not contain query parameters or fragments");
}
