import type { UserInfo } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import { headerValues } from "../http/headers.ts";
import { type Authenticator, isIssuedBy } from "./authenticate.ts";

/** How a front proxy tells who asks (kube-apiserver's `--requestheader-*` flags). Header names as users write them. */
export interface RequestHeaderOptions {
  /** Common names that the proxy's certificate may have; any if empty. */
  allowedNames: readonly string[];
  usernameHeaders: readonly string[];
  uidHeaders?: readonly string[];
  groupHeaders: readonly string[];
  extraHeaderPrefixes: readonly string[];
}

/** The name under which `host/` reports that a certificate was issued by the front proxies' authority. */
export const requestHeaderAuthority = "requestHeader";

/** Believes headers that a front proxy sends, if it shows a certificate of the proxies' own authority. */
export function requestHeaderAuthenticator(options: RequestHeaderOptions, clock: Clock): Authenticator {
  const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
  const [users, uids, groups] = [options.usernameHeaders, options.uidHeaders ?? [], options.groupHeaders].map(lower);
  const prefixes = lower(options.extraHeaderPrefixes);
  return (request) => {
    const { peer } = request;
    if (!peer) return undefined;
    if (!isIssuedBy(peer, requestHeaderAuthority, clock.now())) return undefined;
    if (options.allowedNames.length > 0 && !options.allowedNames.includes(peer.commonName)) return false;
    const first = (names: readonly string[]) =>
      names.map((name) => headerValues(request, name)[0]).find((value) => value) ?? "";
    const username = first(users!);
    if (username === "") return undefined;
    const user: UserInfo = { username, groups: groups!.flatMap((name) => headerValues(request, name)) };
    const uid = first(uids!);
    if (uid !== "") user.uid = uid;
    const extra: Record<string, string[]> = {};
    for (const name of Object.keys(request.headers)) {
      const prefix = prefixes.find((each) => name.startsWith(each));
      if (prefix === undefined) continue;
      const key = unescaped(name.slice(prefix.length));
      extra[key] = [...(extra[key] ?? []), ...headerValues(request, name)];
    }
    if (Object.keys(extra).length > 0) user.extra = extra;
    return user;
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
