import { walk } from "../costs.ts";
import { CelError } from "../errors.ts";
import { define, type Library, method } from "../overload.ts";
import { listValue, mapValue, type OpaqueValue, opaque, type Value } from "../values.ts";

interface Url {
  text: string;
  scheme: string;
  host: string;
  path: string;
  query: string;
  equals(other: unknown): boolean;
}

/** `url(x)` and its parts. */
export function addUrls(library: Library): void {
  const part =
    (read: (url: Url) => Value) =>
    ([value]: readonly Value[]) =>
      read((value as OpaqueValue).value as Url);
  const name = "kubernetes.URL";
  define(library, "url", `(string): ${name}`, ([text]) => opaque(name, parseUrl(text as string)), walk(0));
  define(library, "isURL", "(string): bool", ([text]) => {
    try {
      parseUrl(text as string);
      return true;
    } catch {
      return false;
    }
  });
  method(
    library,
    "getScheme",
    `${name} (): string`,
    part(({ scheme }) => scheme),
  );
  method(
    library,
    "getHost",
    `${name} (): string`,
    part(({ host }) => host),
  );
  method(
    library,
    "getHostname",
    `${name} (): string`,
    part(({ host }) => host.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1")),
  );
  method(
    library,
    "getPort",
    `${name} (): string`,
    part(({ host }) => /:(\d*)$/.exec(host)?.[1] ?? ""),
  );
  method(
    library,
    "getEscapedPath",
    `${name} (): string`,
    part(({ path }) => path),
  );
  method(
    library,
    "getQuery",
    `${name} (): map<string, list<string>>`,
    part(({ query }) => parseQuery(query)),
  );
}

const urlPattern = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/s;

/** Reads an absolute URL or an absolute path, as Go's ParseRequestURI does. Fails with Go's words. */
function parseUrl(text: string): Url {
  const wrong = (why: string) =>
    new CelError(`URL parse error during conversion from string: parse ${JSON.stringify(text)}: ${why}`);
  if (text === "") throw new CelError(`URL parse error during conversion from string: parse "": empty url`);
  if (/\p{Cc}/u.test(text.replace(/[\u0080-\u009f]/g, ""))) throw wrong("net/url: invalid control character in URL");
  const [, scheme = "", host, path = "", query = ""] = urlPattern.exec(text)!;
  if (scheme === "" && !text.startsWith("/")) throw wrong("invalid URI for request");
  if (scheme !== "" && host === undefined && !path.startsWith("/")) return make(text, scheme, "", "", query);
  const bad = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(`${host ?? ""}${path}`);
  if (bad) throw wrong(`invalid URL escape ${JSON.stringify(bad[0])}`);
  const address = (host ?? "").replace(/^.*@/, "");
  if (/[ "<>\\^`{}|]/.test(address))
    throw wrong(`invalid character ${JSON.stringify(/[ "<>\\^`{}|]/.exec(address)![0])} in host name`);
  const port = /^(?:\[[^\]]*\]|[^:]*):(.*)$/.exec(address)?.[1];
  if (port !== undefined && !/^\d*$/.test(port)) throw wrong(`invalid port ${JSON.stringify(`:${port}`)} after host`);
  return make(text, scheme.toLowerCase(), address, path, query);
}

function make(text: string, scheme: string, host: string, path: string, query: string): Url {
  const escaped = path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@%!'()*[\]]/gu, (letter) => encodeURIComponent(letter));
  return { text, scheme, host, path: escaped, query, equals: (other) => (other as Url).text === text };
}

function parseQuery(query: string): Value {
  const values = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(query)) values.set(key, [...(values.get(key) ?? []), value]);
  return mapValue([...values].map(([key, list]) => [key, listValue(list)] as const));
}
