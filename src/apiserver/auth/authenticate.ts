import type { HttpRequest, UserInfo } from "../../base/http.ts";

/** Finds out who asks. Undefined: nothing was presented that this authenticator knows; false: it is wrong. */
export type Authenticator = (
  request: HttpRequest,
) => UserInfo | undefined | false | Promise<UserInfo | undefined | false>;

const authenticatedGroup = "system:authenticated";

export const anonymous: UserInfo = { username: "system:anonymous", groups: ["system:unauthenticated"] };

/** The first authenticator that knows the request decides. Undefined if what was presented is wrong. */
export function authenticate(authenticators: readonly Authenticator[], anonymousAllowed: boolean) {
  return async (request: HttpRequest): Promise<UserInfo | undefined> => {
    if (request.user) return request.user;
    for (const authenticator of authenticators) {
      const user = await authenticator(request);
      if (user === false) return undefined;
      if (user)
        return user.groups.includes(authenticatedGroup)
          ? user
          : { ...user, groups: [...user.groups, authenticatedGroup] };
    }
    if (request.headers.authorization !== undefined && request.headers.authorization !== "") return undefined;
    return anonymousAllowed ? anonymous : undefined;
  };
}

/** Client certificates: the subject's common name is the user, its organizations are the groups. */
export const certificateAuthenticator: Authenticator = ({ peer }) =>
  peer && { username: peer.commonName, groups: [...peer.organizations] };

/** The token of an `Authorization: Bearer` header, or of the WebSocket subprotocol that browsers use. */
export function bearerToken({ headers }: HttpRequest): string | undefined {
  const match = /^bearer +(\S+)/i.exec(headers.authorization ?? "");
  if (match) return match[1];
  for (const protocol of (headers["sec-websocket-protocol"] ?? "").split(",")) {
    const encoded = /^base64url\.bearer\.authorization\.k8s\.io\.(.+)$/.exec(protocol.trim())?.[1];
    if (encoded) return atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  }
  return undefined;
}

/**
 * The users of a static token file: a line is `token,user,uid[,"group1,group2"]`, as kube-apiserver's `--token-auth-file`
 * has it. Throws for a line with fewer than three columns.
 */
export function tokenFileAuthenticator(csv: string): Authenticator {
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
  return (request) => {
    const token = bearerToken(request);
    return token === undefined ? undefined : users.get(token);
  };
}

function csvFields(line: string): string[] {
  return Array.from(line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g), ([, quoted, bare]) =>
    quoted === undefined ? bare!.trim() : quoted.replaceAll('""', '"'),
  );
}
