import { legacyIssuer } from "./legacy_token.ts";

/** Signs and checks the tokens of service accounts. */
export interface TokenKeys {
  /** `https://kubernetes.default.svc.cluster.local`: what new tokens name. */
  issuer: string;
  /** True if a token names one of our issuers: nobody else need be asked about it. */
  isOurs(token: string): boolean;
  sign(claims: Record<string, unknown>): Promise<string>;
  /** The claims of a token that one of our keys signed; undefined if none did. Times and audiences are not looked at. */
  verify(token: string): Promise<Record<string, any> | undefined>;
  /** The public key set, for `/openid/v1/jwks`. */
  jwks(): Promise<{ keys: object[] }>;
}

/** What keys may be: elliptic curves and RSA, as Kubernetes has them. */
const algorithms = ["ES256", "RS256", "ES384", "ES512"] as const;

/** How many verified tokens are remembered, so that clients with one token don't pay for its signature each time. */
const verifiedMax = 2_000;

/** No token of ours is longer, in letters. */
const tokenLettersMax = 16_384;

/**
 * Keys from a PKCS #8 PEM, with more public keys (SPKI PEM) of tokens that are still around. The first issuer is that of
 * new tokens; tokens of the others are taken too.
 */
export function tokenKeys(
  privateKeyPem: string,
  issuers: readonly string[],
  publicKeyPems: readonly string[] = [],
): TokenKeys {
  const ready = readKeys(privateKeyPem, publicKeyPems);
  // Whoever needs the keys sees the failure.
  ready.catch(() => {});
  const verified = new Map<string, Record<string, any>>();
  const all = new Set<unknown>([...issuers, legacyIssuer]);
  return {
    issuer: issuers[0]!,
    isOurs: (token) => all.has(unverifiedClaims(token)?.iss),
    async sign(claims) {
      const { SignJWT } = await import("jose");
      const { privateKey, own } = await ready;
      return new SignJWT(claims).setProtectedHeader({ alg: own.alg, kid: own.jwk.kid }).sign(privateKey);
    },
    async verify(token) {
      const known = verified.get(token);
      if (known) return known;
      const claims = await checkSignature(token, (await ready).all);
      if (claims === undefined || !all.has(claims.iss)) return undefined;
      if (verified.size >= verifiedMax) verified.delete(verified.keys().next().value!);
      verified.set(token, claims);
      return claims;
    },
    jwks: async () => ({ keys: (await ready).all.map(({ jwk }) => jwk) }),
  };
}

interface VerifyingKey {
  alg: string;
  jwk: { kid: string } & Record<string, unknown>;
  key: CryptoKey;
}

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

async function readKeys(privateKeyPem: string, publicKeyPems: readonly string[]) {
  const jose = await import("jose");
  const [alg, privateKey] = await firstThatReads((each) =>
    jose.importPKCS8(privateKeyPem, each, { extractable: true }),
  );
  const { kty, crv, x, y, n, e } = await jose.exportJWK(privateKey);
  const own = await verifyingKey(alg, JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })));
  const all = [own];
  for (const pem of publicKeyPems) {
    const [kind, key] = await firstThatReads((each) => jose.importSPKI(pem, each, { extractable: true }));
    const more = await verifyingKey(kind, (await jose.exportJWK(key)) as Record<string, unknown>);
    if (!all.some(({ jwk }) => jwk.kid === more.jwk.kid)) all.push(more);
  }
  return { privateKey, own, all };
}

async function firstThatReads<Key>(read: (alg: string) => Promise<Key>): Promise<[alg: string, key: Key]> {
  let failure: unknown;
  for (const alg of algorithms) {
    try {
      return [alg, await read(alg)];
    } catch (error) {
      failure = error;
    }
  }
  throw new Error(`service account key: wanted a PEM of an elliptic curve or RSA key: ${failure}`);
}

async function verifyingKey(alg: string, publicJwk: Record<string, unknown>): Promise<VerifyingKey> {
  const { calculateJwkThumbprint, importJWK } = await import("jose");
  const kid = await calculateJwkThumbprint(publicJwk);
  const key = (await importJWK(publicJwk, alg)) as CryptoKey;
  return { alg, key, jwk: { ...publicJwk, kid, alg, use: "sig" } };
}

/** The payload if one of the keys signed it with its own algorithm: what the token itself names is not trusted. */
async function checkSignature(token: string, keys: readonly VerifyingKey[]): Promise<Record<string, any> | undefined> {
  const { compactVerify } = await import("jose");
  for (const { key, alg } of keys) {
    try {
      const { payload } = await compactVerify(token, key, { algorithms: [alg] });
      return JSON.parse(new TextDecoder().decode(payload)) as Record<string, any>;
    } catch {
      // Another key may have signed it.
    }
  }
  return undefined;
}

/** The claims of a token that nobody has checked yet: fit only to find out who should. Undefined for what is no token. */
export function unverifiedClaims(token: string): Record<string, unknown> | undefined {
  if (token.length > tokenLettersMax) return undefined;
  const [, payload, signature, more] = token.split(".");
  if (!payload || signature === undefined || more !== undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (letter) =>
      letter.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? (claims as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
