import type { Net, UserInfo } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import type { TokenAuthenticator, TokenResult } from "./authenticate.ts";
import { unverifiedClaims } from "./token_keys.ts";

/** Tokens of an OpenID Connect provider (kube-apiserver's `--oidc-*` flags). */
export interface OidcOptions {
  /** An https URL. */
  issuerUrl: string;
  clientId: string;
  /** `sub` if absent. */
  usernameClaim?: string;
  /** Put before names; `-` for none. If absent, `ISSUER#` before every name that is no `email`. */
  usernamePrefix?: string;
  groupsClaim?: string;
  groupsPrefix?: string;
  /** Claims that must be there with these values. */
  requiredClaims?: Record<string, string>;
  /** PEM bundle that the provider's certificate is checked against. */
  ca?: string;
  /** `RS256` if absent. */
  signingAlgorithms?: readonly string[];
}

interface World {
  net: Net;
  clock: Clock;
  ownAudiences: readonly string[];
}

/** How long a provider's keys are believed, and how soon an unknown key may make us ask again, in milliseconds. */
const keysMs = 10 * 60_000;
const keysAgainMs = 10_000;

/** How long a provider may take, in milliseconds, and how much it may say, in bytes. */
const answerMs = 10_000;
const answerBytesMax = 1 << 20;

/** Takes ID tokens of a provider. Its keys are asked for when they are first needed, and again when they may be others. */
export function oidcTokens(options: OidcOptions, world: World): TokenAuthenticator {
  checkOptions(options);
  const keys = providerKeys(options, world);
  return async (token, wanted) => {
    if (unverifiedClaims(token)?.iss !== options.issuerUrl) return undefined;
    const audiences = world.ownAudiences.filter((each) => wanted.includes(each));
    if (audiences.length === 0) return undefined;
    let claims: Record<string, unknown> | undefined;
    try {
      claims = await verified(token, options, keys, world.clock);
    } catch (error) {
      return { error: `oidc: verify token: ${(error as Error).message}` };
    }
    const user = userFrom(claims, options);
    return "error" in user ? user : { user, audiences };
  };
}

function checkOptions({ issuerUrl, clientId }: OidcOptions): void {
  if (!issuerUrl.startsWith("https://"))
    throw new Error(`oidc issuer ${JSON.stringify(issuerUrl)}: wanted a URL that starts with https://`);
  if (clientId === "") throw new Error("oidc: a client id is needed: tokens for others must not be taken");
}

async function verified(
  token: string,
  { issuerUrl, clientId, signingAlgorithms = ["RS256"] }: OidcOptions,
  keys: KeySource,
  clock: Clock,
): Promise<Record<string, unknown>> {
  const { createLocalJWKSet, jwtVerify, errors } = await import("jose");
  const check = async (jwks: JsonWebKeySet) => {
    const facts = { issuer: issuerUrl, audience: clientId, algorithms: [...signingAlgorithms] };
    const result = await jwtVerify(token, createLocalJWKSet(jwks as never), {
      ...facts,
      currentDate: new Date(clock.now()),
      requiredClaims: ["exp"],
    });
    return result.payload;
  };
  try {
    return await check(await keys(false));
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    return await check(await keys(true));
  }
}

/** The user that claims speak of, or why there is none. */
export function userFrom(
  claims: Record<string, unknown>,
  options: OidcOptions,
): UserInfo | (TokenResult & { error: string | undefined }) {
  const usernameClaim = options.usernameClaim ?? "sub";
  const name = claims[usernameClaim];
  if (typeof name !== "string" || name === "")
    return { error: `oidc: parse username claims ${JSON.stringify(usernameClaim)}: claim not present` };
  if (usernameClaim === "email" && claims.email_verified !== undefined && claims.email_verified !== true)
    return { error: "oidc: email not verified" };
  for (const [claim, value] of Object.entries(options.requiredClaims ?? {})) {
    if (claims[claim] === undefined) return { error: `oidc: required claim ${claim} not present in ID token` };
    if (claims[claim] !== value)
      return { error: `oidc: required claim ${claim} value does not match. Got = ${claims[claim]}, want = ${value}` };
  }
  const given = options.groupsClaim === undefined ? [] : (claims[options.groupsClaim] ?? []);
  const groups = typeof given === "string" ? [given] : given;
  if (!Array.isArray(groups) || groups.some((each) => typeof each !== "string"))
    return {
      error: `oidc: parse groups claim ${JSON.stringify(options.groupsClaim)}: wanted a text or a list of texts`,
    };
  const jti = typeof claims.jti === "string" && claims.jti !== "" ? claims.jti : undefined;
  return {
    username: usernamePrefix(options, usernameClaim) + name,
    groups: groups.map((group: string) => (options.groupsPrefix ?? "") + group),
    ...(jti ? { extra: { "authentication.kubernetes.io/credential-id": [`JTI=${jti}`] } } : {}),
  };
}

function usernamePrefix({ usernamePrefix: given, issuerUrl }: OidcOptions, claim: string): string {
  if (given === "-") return "";
  if (given) return given;
  return claim === "email" ? "" : `${issuerUrl}#`;
}

interface JsonWebKeySet {
  keys: Record<string, unknown>[];
}

/** The provider's keys; `again`: the last ones did not have the one that is needed. */
type KeySource = (again: boolean) => Promise<JsonWebKeySet>;

function providerKeys(options: OidcOptions, { net, clock }: World): KeySource {
  let last: { at: number; keys: Promise<JsonWebKeySet> } | undefined;
  return (again) => {
    const now = clock.monotonicMs();
    const age = last === undefined ? Number.POSITIVE_INFINITY : now - last.at;
    if (last && age < (again ? keysAgainMs : keysMs)) return last.keys;
    const keys = askProvider(options, net);
    const own = { at: now, keys };
    last = own;
    keys.catch(() => {
      // The next token asks again, but not each one while the provider is away.
      if (last === own) last = { at: now - keysMs + keysAgainMs, keys };
    });
    return keys;
  };
}

async function askProvider({ issuerUrl, ca }: OidcOptions, net: Net): Promise<JsonWebKeySet> {
  const issuer = issuerUrl.replace(/\/$/, "");
  const configuration = await getJson(net, `${issuer}/.well-known/openid-configuration`, ca);
  if (configuration.issuer !== issuerUrl)
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(issuerUrl)} got ${JSON.stringify(configuration.issuer)}`,
    );
  const { jwks_uri: url } = configuration;
  if (typeof url !== "string" || !url.startsWith("https://"))
    throw new Error("oidc: the provider names no https jwks_uri");
  const keys = await getJson(net, url, ca);
  if (!Array.isArray(keys.keys)) throw new Error(`oidc: no keys at ${url}`);
  return keys as unknown as JsonWebKeySet;
}

async function getJson(net: Net, address: string, ca: string | undefined): Promise<Record<string, unknown>> {
  const { origin, pathname, search } = new URL(address);
  const client = net.httpClient({ url: origin, ca });
  try {
    const signal = AbortSignal.timeout(answerMs);
    const answer = await client.request({
      method: "GET",
      url: pathname + search,
      headers: { accept: "application/json" },
      signal,
    });
    if (answer.status !== 200) throw new Error(`oidc: GET ${address} answered ${answer.status}`);
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of answer.body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > answerBytesMax)
        throw new Error(`oidc: GET ${address} answered with more than ${answerBytesMax} bytes`);
    }
    return JSON.parse(text) as Record<string, unknown>;
  } finally {
    client.close();
  }
}
