import type { Aggregator } from "../aggregation/aggregator.ts";
import type { TokenKeys } from "../auth/token_keys.ts";
import { objectAnswer } from "../http/answer.ts";
import type { PathHandler } from "../http/handler.ts";
import type { Registry } from "../registry/scope.ts";
import { documents } from "./documents.ts";
import { type HealthCheck, healthAnswer } from "./health.ts";
import { type InsightParts, insightPaths } from "./insight.ts";

const json = { format: "json", contentType: "application/json" } as const;

/** Discovery, OpenAPI, version, health, metrics and the keys of service account tokens. */
export function pathHandler(
  registry: Registry,
  keys: TokenKeys | undefined,
  jwksUri: string | undefined,
  aggregator: () => Aggregator | undefined,
  advertised: () => string | undefined,
  checks: readonly HealthCheck[],
  insight: InsightParts,
): PathHandler {
  const document = documents(registry, aggregator, advertised);
  const inside = insightPaths(registry, insight);
  return async (route, request) => {
    const own = healthAnswer(checks, route, insight.metrics) ?? (await inside(route));
    if (own) return own;
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
