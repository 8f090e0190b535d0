import { badRequest } from "../../api/machinery/status.ts";
import type { UserInfo } from "../../base/http.ts";
import { type TokenAuthenticator, withGeneralGroup } from "./authenticate.ts";

/** What the status of a TokenReview says. Throws a 400 without a token. */
export async function tokenReview(
  spec: { token?: string; audiences?: string[] },
  tokens: TokenAuthenticator,
  ownAudiences: readonly string[],
): Promise<object> {
  if (!spec.token) throw badRequest("token is required for TokenReview in authentication");
  const wanted = spec.audiences?.length ? spec.audiences : ownAudiences;
  const found = await tokens(spec.token, wanted);
  if (found && "user" in found)
    return { authenticated: true, user: shownUser(withGeneralGroup(found.user)), audiences: found.audiences };
  const error = "invalid bearer token";
  return { user: {}, error: found?.error === undefined ? error : `[${error}, ${found.error}]` };
}

/** A user as objects have it (authentication.k8s.io UserInfo). */
export function shownUser({ username, uid, groups, extra }: UserInfo): object {
  const extras = extra && Object.fromEntries(Object.entries(extra).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    username,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extras && Object.keys(extras).length > 0 ? { extra: extras } : {}),
  };
}
