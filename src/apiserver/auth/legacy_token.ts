// Tokens that lie in Secrets of the type `kubernetes.io/service-account-token`: they have no end of their own, and hold as
// long as their Secret holds them.

import type { KubeObject } from "../../api/machinery/object.ts";

/** The issuer of such tokens, whatever the cluster's own is. */
export const legacyIssuer = "kubernetes/serviceaccount";

/** The day on which a token was used last, and since when it counts for nothing. */
export const lastUsedLabel = "kubernetes.io/legacy-token-last-used";
const invalidSinceLabel = "kubernetes.io/legacy-token-invalid-since";

const claim = "kubernetes.io/serviceaccount/";

/** Whom a token of a Secret is for, as it says itself. */
export interface LegacyClaims {
  namespace: string;
  account: string;
  uid: string;
  secret: string;
}

/** The claims of a token for an account, to lie in a Secret of this name. */
export function legacyTokenClaims({ metadata }: KubeObject, secret: string): Record<string, unknown> {
  const { namespace, name, uid } = metadata;
  return {
    iss: legacyIssuer,
    [`${claim}namespace`]: namespace,
    [`${claim}secret.name`]: secret,
    [`${claim}service-account.name`]: name,
    [`${claim}service-account.uid`]: uid,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
}

/** Reads the claims; undefined if one is missing, or says something else than the subject. */
export function readLegacyClaims(claims: Record<string, unknown>): LegacyClaims | undefined {
  const read = (name: string): string => {
    const value = claims[`${claim}${name}`];
    return typeof value === "string" ? value : "";
  };
  const [namespace, account] = [read("namespace"), read("service-account.name")];
  const [uid, secret] = [read("service-account.uid"), read("secret.name")];
  if (!namespace || !account || !uid || !secret) return undefined;
  return claims.sub === `system:serviceaccount:${namespace}:${account}`
    ? { namespace, account, uid, secret }
    : undefined;
}

/** Why a token does not count, as the Secret that it should lie in stands. Undefined if it does. Pure. */
export function legacyTokenProblem(
  token: string,
  { namespace, account, secret: name }: LegacyClaims,
  secret: KubeObject | undefined,
): string | undefined {
  if (!secret || secret.metadata.deletionTimestamp !== undefined) return "service account token has been invalidated";
  // What anybody may look up is no secret worth comparing in constant time: the signature was checked before.
  if (secret.data?.token !== btoa(token)) return "service account token does not match server's copy";
  if (secret.metadata.labels?.[invalidSinceLabel] === undefined) return undefined;
  const where = `the token in secret ${namespace}/${name} for service account ${namespace}/${account}`;
  return `${where} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`;
}
