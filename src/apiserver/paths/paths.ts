import type { HttpAnswer } from "../../base/http.ts";
import type { Aggregator } from "../aggregation/aggregator.ts";
import type { TokenKeys } from "../auth/token_keys.ts";
import { objectAnswer } from "../http/answer.ts";
import type { PathHandler } from "../http/handler.ts";
import type { Route } from "../http/route.ts";
import type { Registry } from "../registry/scope.ts";
import { documents } from "./documents.ts";

const json = { format: "json", contentType: "application/json" } as const;
const utf8 = new TextEncoder();

/** Discovery, OpenAPI, version, health and the keys of service account tokens. */
export function pathHandler(
  registry: Registry,
  keys: TokenKeys | undefined,
  jwksUri: string | undefined,
  aggregator: () => Aggregator | undefined,
  advertised: () => string | undefined,
): PathHandler {
  const document = documents(registry, aggregator, advertised);
  return async (route, request) => {
    const health = healthAnswer(registry, route);
    if (health) return health;
    if (route.path === "/openid/v1/jwks" && keys) {
      const headers = { "content-type": "application/jwk-set+json", "cache-control": keysCaching };
      return { ...objectAnswer(200, await keys.jwks(), json), headers };
    }
    if (route.path === "/.well-known/openid-configuration" && keys) {
      const body = openIdConfiguration(keys.issuer, await keys.jwks(), jwksUri);
      return {
        ...objectAnswer(200, body, json),
        headers: { "content-type": json.contentType, "cache-control": keysCaching },
      };
    }
    return document(route, request);
  };
}

/** How long others may keep the keys. */
const keysCaching = "public, max-age=3600";

function openIdConfiguration(issuer: string, { keys }: { keys: object[] }, jwksUri?: string): object {
  return {
    issuer,
    jwks_uri: jwksUri ?? `${issuer}/openid/v1/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...new Set(keys.map((key) => (key as { alg: string }).alg))],
  };
}

/** `ok`, or with `?verbose` a line for each check. */
function healthAnswer(registry: Registry, { path, query }: Route): HttpAnswer | undefined {
  const match = /^\/(healthz|livez|readyz)(\/.*)?$/.exec(path);
  if (!match) return undefined;
  const [, endpoint] = match;
  const failed = registry.cache.failed !== undefined;
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-cache, private",
    "x-content-type-options": "nosniff",
  };
  const lines = ["[+]ping ok", `[${failed ? "-" : "+"}]etcd ${failed ? "failed: reason withheld" : "ok"}`];
  const verbose = query.has("verbose") || failed;
  const end = `${endpoint} check ${failed ? "failed" : "passed"}\n`;
  return { status: failed ? 500 : 200, headers, body: utf8.encode(verbose ? `${lines.join("\n")}\n${end}` : "ok") };
}
