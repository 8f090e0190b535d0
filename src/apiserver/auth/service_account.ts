import type { KubeObject } from "../../api/machinery/object.ts";
import type { HttpRequest, UserInfo } from "../../base/http.ts";
import { uuid } from "../../base/uuid.ts";
import type { Clock, Random } from "../../base/world.ts";
import { type Authenticator, bearerToken } from "./authenticate.ts";

/** Signs and checks the tokens of service accounts. */
export interface TokenKeys {
  /** `https://kubernetes.default.svc.cluster.local`. */
  issuer: string;
  sign(claims: Record<string, unknown>): Promise<string>;
  /** The claims of a token that we signed; undefined if it is not ours, broken or out of time. */
  verify(token: string, nowMs: number): Promise<Record<string, any> | undefined>;
  /** The public key set, for `/openid/v1/jwks`. */
  jwks(): Promise<object>;
}

/** Keys from a PKCS #8 PEM with an ES256 key. */
export function tokenKeys(privateKeyPem: string, issuer: string): TokenKeys {
  const keys = (async () => {
    const { importPKCS8, exportJWK, importJWK, calculateJwkThumbprint } = await import("jose");
    const privateKey = await importPKCS8(privateKeyPem, "ES256", { extractable: true });
    const { d: _, ...publicJwk } = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(publicJwk);
    const publicKey = await importJWK(publicJwk, "ES256");
    return { privateKey, publicKey, jwk: { ...publicJwk, kid, alg: "ES256", use: "sig" } };
  })();
  // Whoever needs the keys sees the failure.
  keys.catch(() => {});
  return {
    issuer,
    async sign(claims) {
      const { SignJWT } = await import("jose");
      const { privateKey, jwk } = await keys;
      return new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: jwk.kid }).sign(privateKey);
    },
    async verify(token, nowMs) {
      const { jwtVerify } = await import("jose");
      try {
        const { payload } = await jwtVerify(token, (await keys).publicKey, { issuer, currentDate: new Date(nowMs) });
        return payload;
      } catch {
        return undefined;
      }
    },
    jwks: async () => ({ keys: [(await keys).jwk] }),
  };
}

/** What the token is bound to besides the account: it dies with it. */
export interface TokenBinding {
  pod?: { name: string; uid: string };
  node?: { name: string; uid?: string };
  secret?: { name: string; uid: string };
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
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}

/** Finds objects for the checks of a token's bindings. */
export type Lookup = (
  resource: "serviceaccounts" | "pods" | "secrets" | "nodes",
  key: string,
) => KubeObject | undefined;

/** The authenticator for service accounts' tokens, and the user of a token for whoever reviews one. */
export function serviceAccountAuthenticator(
  keys: TokenKeys,
  lookup: Lookup,
  clock: Clock,
  audiences: readonly string[],
) {
  async function userOf(
    token: string,
    wanted: readonly string[],
  ): Promise<{ user: UserInfo; audiences: string[] } | undefined> {
    const claims = await keys.verify(token, clock.now());
    if (!claims) return undefined;
    const own = claims["kubernetes.io"] as
      | (TokenBinding & { namespace: string; serviceaccount: { name: string; uid: string } })
      | undefined;
    const accepted = [claims.aud ?? []].flat().filter((audience: string) => wanted.includes(audience));
    if (!own || accepted.length === 0) return undefined;
    const { namespace, serviceaccount, pod, node } = own;
    if (lookup("serviceaccounts", `${namespace}/${serviceaccount.name}`)?.metadata.uid !== serviceaccount.uid)
      return undefined;
    if (pod && lookup("pods", `${namespace}/${pod.name}`)?.metadata.uid !== pod.uid) return undefined;
    const extra: Record<string, string[]> = { "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`] };
    if (node) extra["authentication.kubernetes.io/node-name"] = [node.name];
    if (pod) {
      extra["authentication.kubernetes.io/pod-name"] = [pod.name];
      extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
    }
    const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
    return { user: { username: String(claims.sub), uid: serviceaccount.uid, groups, extra }, audiences: accepted };
  }

  const authenticator: Authenticator = async (request: HttpRequest) => {
    const token = bearerToken(request);
    if (token === undefined || token.split(".").length !== 3) return undefined;
    return (await userOf(token, audiences))?.user ?? false;
  };
  return { authenticator, userOf };
}
