import type { KubeObject } from "../../api/machinery/object.ts";
import { uuid } from "../../base/uuid.ts";
import type { Clock, Random } from "../../base/world.ts";
import type { TokenAuthenticator, TokenResult } from "./authenticate.ts";
import { legacyIssuer, legacyTokenClaims, legacyTokenProblem, readLegacyClaims } from "./legacy_token.ts";
import { showList } from "./rules.ts";
import { type TokenKeys, tokenKeys } from "./token_keys.ts";

/** What the token is bound to besides the account: it dies with it. */
export interface TokenBinding {
  pod?: { name: string; uid: string };
  node?: { name: string; uid?: string };
  secret?: { name: string; uid: string };
}

/** What a token says of whom it is for (KEP-1205). */
interface OwnClaims extends TokenBinding {
  namespace: string;
  serviceaccount: { name: string; uid: string };
}

const accountPrefix = "system:serviceaccount:";

/** How far clocks may be apart, and how long what is being deleted still counts, in milliseconds. */
const leewayMs = 60_000;

/** The groups of every account of a namespace. */
export function accountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}

/** The account that a user name speaks of. Undefined for other users. */
export function splitAccount(username: string): { namespace: string; name: string } | undefined {
  if (!username.startsWith(accountPrefix)) return undefined;
  const parts = username.slice(accountPrefix.length).split(":");
  const [namespace, name] = parts;
  const wellFormed =
    parts.length === 2 && isLabel(namespace!, 63) && name!.split(".").every((each) => isLabel(each, 253));
  return wellFormed ? { namespace: namespace!, name: name! } : undefined;
}

function isLabel(text: string, lettersMax: number): boolean {
  return text.length <= lettersMax && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text);
}

/** The claims of a token for an account (KEP-1205). Times in milliseconds. */
export function tokenClaims(
  account: KubeObject,
  audiences: readonly string[],
  nowMs: number,
  expirationSeconds: number,
  binding: TokenBinding,
  facts: { issuer: string; random: Random },
): Record<string, unknown> {
  const issuedAt = Math.floor(nowMs / 1000);
  const { namespace, name, uid } = account.metadata;
  return {
    aud: audiences,
    exp: issuedAt + expirationSeconds,
    iat: issuedAt,
    iss: facts.issuer,
    jti: uuid(facts.random),
    "kubernetes.io": { namespace, ...binding, serviceaccount: { name, uid } },
    nbf: issuedAt,
    sub: `${accountPrefix}${namespace}:${name}`,
  };
}

/** Finds objects for the checks of a token's bindings. */
export type Lookup = (
  resource: "serviceaccounts" | "pods" | "secrets" | "nodes",
  key: string,
) => KubeObject | undefined;

/** What tokens are judged by. */
export interface TokenFacts {
  keys: TokenKeys;
  lookup: Lookup;
  clock: Clock;
  /** What tokens are for that say nothing of it. */
  ownAudiences: readonly string[];
  /** Told of the Secret whose token was just used. */
  noteUse(secret: KubeObject): void;
}

/**
 * Tokens of service accounts. Signature, times, audiences and everything that the token is bound to are looked at on every
 * use: with the account, the pod or the secret the token goes too.
 */
export function serviceAccountTokens(facts: TokenFacts): TokenAuthenticator {
  const { keys, lookup, clock } = facts;
  return async (token, wanted) => {
    if (!keys.isOurs(token)) return undefined;
    const claims = await keys.verify(token);
    if (claims?.iss === legacyIssuer) return legacyToken(token, claims, wanted, facts);
    const own = claims?.["kubernetes.io"] as OwnClaims | undefined;
    if (!claims || !own?.serviceaccount || typeof own.namespace !== "string") return { error: undefined };
    const now = clock.now();
    const tokenAudiences: string[] = [claims.aud ?? []].flat();
    const error =
      timeError(claims, now) ?? audienceError(tokenAudiences, wanted) ?? bindingError(own, lookup, now - leewayMs);
    if (error !== undefined) return { error };
    const { namespace, serviceaccount } = own;
    // The name comes from what was checked, not from the subject.
    const username = `${accountPrefix}${namespace}:${serviceaccount.name}`;
    const user = {
      username,
      uid: serviceaccount.uid,
      groups: accountGroups(namespace),
      extra: extraOf(own, claims.jti),
    };
    return { user, audiences: tokenAudiences.filter((each) => wanted.includes(each)) };
  };
}

/** A token that lies in a Secret: it is for the server itself, whatever that is called. */
function legacyToken(
  token: string,
  claims: Record<string, unknown>,
  wanted: readonly string[],
  { lookup, clock, ownAudiences, noteUse }: TokenFacts,
): TokenResult {
  const own = readLegacyClaims(claims);
  if (!own) return { error: undefined };
  const { namespace, account: name, uid } = own;
  const secret = lookup("secrets", `${namespace}/${own.secret}`);
  const bound: OwnClaims = { namespace, serviceaccount: { name, uid } };
  const error =
    audienceError(ownAudiences, wanted) ??
    legacyTokenProblem(token, own, secret) ??
    bindingError(bound, lookup, clock.now() - leewayMs);
  if (error !== undefined) return { error };
  noteUse(secret!);
  const user = { username: `${accountPrefix}${namespace}:${name}`, uid, groups: accountGroups(namespace) };
  return { user, audiences: ownAudiences.filter((each) => wanted.includes(each)) };
}

function timeError({ exp, nbf }: Record<string, any>, now: number): string | undefined {
  if (typeof exp !== "number" || now - leewayMs > exp * 1000) return "service account token has expired";
  if (typeof nbf === "number" && now + leewayMs < nbf * 1000) return "service account token is not valid yet";
  return undefined;
}

function audienceError(audiences: readonly string[], wanted: readonly string[]): string | undefined {
  if (audiences.some((each) => wanted.includes(each))) return undefined;
  return `token audiences ${showList(audiences)} is invalid for the target audiences ${showList(wanted)}`;
}

/** Why what a token is bound to no longer stands. `endedMs`: what was to end before then has ended. */
function bindingError(own: OwnClaims, lookup: Lookup, endedMs: number): string | undefined {
  const { namespace, serviceaccount, pod, secret, node } = own;
  const ended = ({ metadata }: KubeObject) =>
    metadata.deletionTimestamp !== undefined && Date.parse(metadata.deletionTimestamp) < endedMs;
  const account = lookup("serviceaccounts", `${namespace}/${serviceaccount.name}`);
  if (!account) return `serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`;
  if (ended(account)) return `service account ${namespace}/${serviceaccount.name} has been deleted`;
  if (account.metadata.uid !== serviceaccount.uid)
    return `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`;
  const bound = [
    ["pod", "pods", pod, namespace],
    ["secret", "secrets", secret, namespace],
    // With a pod, the node only tells where it runs.
    ["node", "nodes", pod ? undefined : node, undefined],
  ] as const;
  for (const [word, resource, ref, home] of bound) {
    if (!ref) continue;
    const object = lookup(resource, home === undefined ? ref.name : `${home}/${ref.name}`);
    if (!object || ended(object)) return "service account token has been invalidated";
    if (object.metadata.uid !== ref.uid)
      return `${word} UID (${object.metadata.uid}) does not match service account ${word} ref claim (${ref.uid})`;
  }
  return undefined;
}

function extraOf({ pod, node }: OwnClaims, jti: unknown): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  const set = (name: string, value: string | undefined) => {
    if (value) extra[`authentication.kubernetes.io/${name}`] = [value];
  };
  set("credential-id", typeof jti === "string" ? `JTI=${jti}` : undefined);
  set("node-name", node?.name);
  set("node-uid", node?.uid);
  set("pod-name", pod?.name);
  set("pod-uid", pod?.uid);
  return extra;
}

/** Signs tokens that lie in Secrets, with a PKCS #8 PEM: for an account, and the Secret's name. */
export function accountTokenSigner(privateKeyPem: string): (account: KubeObject, secret: string) => Promise<string> {
  const keys = tokenKeys(privateKeyPem, [legacyIssuer]);
  return (account, secret) => keys.sign(legacyTokenClaims(account, secret));
}
