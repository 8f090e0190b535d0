import type { HttpRequest, PeerCertificate, UserInfo } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";

/** Finds out who asks. Undefined: nothing was presented that this authenticator knows; false: it is wrong. */
export type Authenticator = (
  request: HttpRequest,
) => UserInfo | undefined | false | Promise<UserInfo | undefined | false>;

/** Whose token it is, and which of the wanted audiences it is for. */
export interface TokenOwner {
  user: UserInfo;
  audiences: string[];
}

/**
 * Finds out whose token this is, for one of these audiences. Undefined: not known here; an error: known, and wrong. Its
 * text is shown to who reviews tokens, never to who presents one.
 */
export type TokenAuthenticator = (
  token: string,
  audiences: readonly string[],
) => TokenResult | undefined | Promise<TokenResult | undefined>;

export type TokenResult = TokenOwner | { error: string | undefined };

const [authenticatedGroup, unauthenticatedGroup] = ["system:authenticated", "system:unauthenticated"] as const;

export const anonymous: UserInfo = { username: "system:anonymous", groups: [unauthenticatedGroup] };

/**
 * The first authenticator that recognizes the request decides. Undefined if something wrong was presented, and nothing
 * right; without anything it is the anonymous user, unless that is switched off.
 */
export function authenticate(authenticators: readonly Authenticator[], anonymousAllowed: boolean) {
  return async (request: HttpRequest): Promise<UserInfo | undefined> => {
    if (request.user) return withGeneralGroup(request.user);
    let wrong = request.peerError !== undefined;
    for (const authenticator of authenticators) {
      const found = authenticator(request);
      const user = found instanceof Promise ? await found : found;
      if (user) return withGeneralGroup(user);
      if (user === false) wrong = true;
    }
    return anonymousAllowed && !wrong ? anonymous : undefined;
  };
}

/** Everybody who is known is in `system:authenticated`. */
export function withGeneralGroup(user: UserInfo): UserInfo {
  const { groups } = user;
  if (groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup)) return user;
  return { ...user, groups: [...groups, authenticatedGroup] };
}

/** The name under which `host/` reports that a certificate was issued by the authority of clients. */
export const clientAuthority = "client";

/** True if an authority of this name issued the certificate, and it is valid now. */
export function isIssuedBy(peer: PeerCertificate, authority: string, nowMs: number): boolean {
  const { authorities = [clientAuthority], notBeforeMs = 0, notAfterMs = Number.POSITIVE_INFINITY } = peer;
  // A connection may outlive its certificate.
  return authorities.includes(authority) && notBeforeMs <= nowMs && nowMs <= notAfterMs;
}

/** Client certificates: the subject's common name is the user, its organizations are the groups. */
export function certificateAuthenticator(clock: Clock): Authenticator {
  return ({ peer }) => {
    if (!peer || peer.commonName === "") return undefined;
    if (!isIssuedBy(peer, clientAuthority, clock.now())) return false;
    const { commonName: username, organizations, uid, fingerprint } = peer;
    const extra = fingerprint && {
      extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] },
    };
    return { username, groups: [...organizations], ...(uid ? { uid } : {}), ...(extra ?? {}) };
  };
}

/** The token of an `Authorization: Bearer` header, or of the WebSocket subprotocol that browsers use. */
export function bearerToken({ headers }: HttpRequest): string | undefined {
  const [scheme, token] = (headers.authorization ?? "").trim().split(" ", 3);
  if (scheme?.toLowerCase() === "bearer" && token) return token;
  for (const protocol of (headers["sec-websocket-protocol"] ?? "").split(",")) {
    const encoded = /^base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)$/.exec(protocol.trim())?.[1];
    if (encoded) return atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  }
  return undefined;
}

/** Takes requests with a bearer token that one of the authenticators knows; a token that none knows is wrong. */
export function bearerAuthenticator(tokens: TokenAuthenticator, audiences: readonly string[]): Authenticator {
  return async (request) => {
    const token = bearerToken(request);
    if (token === undefined) return undefined;
    const found = await tokens(token, audiences);
    return found && "user" in found ? found.user : false;
  };
}

/** Asks one after another; an error counts only if nobody knows the token. */
export function anyToken(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return async (token, audiences) => {
    const errors: string[] = [];
    for (const authenticator of authenticators) {
      const found = await authenticator(token, audiences);
      if (found && "user" in found) return found;
      if (found?.error !== undefined) errors.push(found.error);
    }
    return { error: errors.length > 0 ? errors.join(", ") : undefined };
  };
}

/**
 * The users of a static token file: a line is `token,user,uid[,"group1,group2"]`, as kube-apiserver's `--token-auth-file`
 * has it. Such tokens are for the server itself. Throws for a line with fewer than three columns.
 */
export function tokenFileTokens(csv: string, ownAudiences: readonly string[]): TokenAuthenticator {
  const users = new Map<string, UserInfo>();
  for (const [index, line] of csv.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [token, username, uid, groups = ""] = csvFields(line);
    if (!token || !username || uid === undefined)
      throw new Error(`token file line ${index + 1}: wanted token,user,uid[,"groups"]`);
    users.set(token, {
      username,
      uid,
      groups: groups
        .split(",")
        .map((each) => each.trim())
        .filter(Boolean),
    });
  }
  return forOwnAudiences(ownAudiences, (token) => users.get(token));
}

/** For tokens that say nothing of audiences: they are meant for the server itself. */
export function forOwnAudiences(
  own: readonly string[],
  userOf: (token: string) => UserInfo | undefined,
): TokenAuthenticator {
  return (token, wanted) => {
    const audiences = own.filter((each) => wanted.includes(each));
    if (audiences.length === 0) return undefined;
    const user = userOf(token);
    return user && { user, audiences };
  };
}

function csvFields(line: string): string[] {
  return Array.from(line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g), ([, quoted, bare]) =>
    quoted === undefined ? bare!.trim() : quoted.replaceAll('""', '"'),
  );
}
