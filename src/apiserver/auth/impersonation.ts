import { badRequest } from "../../api/machinery/status.ts";
import type { HttpRequest, UserInfo } from "../../base/http.ts";
import { headerValues } from "../http/headers.ts";
import type { Attributes, Authorizer, ResourceAttributes } from "./authorizer.ts";
import { denied } from "./denial.ts";
import { accountGroups, splitAccount } from "./service_account.ts";

const [userHeader, groupHeader, uidHeader] = ["impersonate-user", "impersonate-group", "impersonate-uid"];
const extraPrefix = "impersonate-extra-";
const [authenticated, unauthenticated] = ["system:authenticated", "system:unauthenticated"];
const nodePrefix = "system:node:";
const authenticationGroup = "authentication.k8s.io";

/**
 * Who a request acts as, where its headers ask for somebody else (Authenticating, "User impersonation"). Undefined if they
 * don't. Every header is authorized by itself, with the verb `impersonate`; where that is refused, the narrower verbs of
 * KEP-5284 are tried, which also name what is done. Throws a 400 for headers without a user and a 403 for what is not
 * allowed.
 *
 * `wanted` is what the request does, with the user who sent it.
 */
export function impersonated(request: HttpRequest, wanted: Attributes, authorize: Authorizer): UserInfo | undefined {
  const asked = askedUser(request);
  if (!asked) return undefined;
  const sender = wanted.user;
  let refused: ReturnType<typeof denied> | undefined;
  for (const resource of legacyChecks(asked)) {
    const attributes: Attributes = { user: sender, verb: "impersonate", resource };
    const { decision, reason } = authorize(attributes);
    if (decision === "allow") continue;
    refused = denied(attributes, reason);
    break;
  }
  if (refused && !constrainedAllows(asked, wanted, authorize)) throw refused;
  return completeUser(asked);
}

/** A copy of the request without the headers: what is passed on must not ask for it again. */
export function withoutImpersonation(request: HttpRequest): HttpRequest {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !isImpersonation(name)));
  const values = request.headerValues && ((name: string) => (isImpersonation(name) ? [] : request.headerValues!(name)));
  return { ...request, headers, headerValues: values };
}

function isImpersonation(name: string): boolean {
  return name.startsWith("impersonate-");
}

/** The user that headers ask for, before groups are added that everybody has. */
function askedUser(request: HttpRequest): UserInfo | undefined {
  const names = Object.keys(request.headers).filter(isImpersonation);
  if (names.length === 0) return undefined;
  const username = headerValues(request, userHeader!)[0] ?? "";
  const groups = headerValues(request, groupHeader!);
  const uid = headerValues(request, uidHeader!)[0] || undefined;
  const extra: Record<string, string[]> = {};
  for (const name of names.filter((each) => each.startsWith(extraPrefix)).sort()) {
    const key = unescaped(name.slice(extraPrefix.length));
    extra[key] = [...(extra[key] ?? []), ...headerValues(request, name)];
  }
  const hasExtra = Object.keys(extra).length > 0;
  const asked: UserInfo = { username, groups, ...(uid ? { uid } : {}), ...(hasExtra ? { extra } : {}) };
  if (username !== "") return asked;
  if (groups.length === 0 && !uid && !hasExtra) return undefined;
  throw badRequest(`requested ${shown(asked)} without impersonating a user name`);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The user as the real server's message has it. */
function shown({ uid, groups, extra }: UserInfo): string {
  const list = (values: readonly string[]) => `[]string{${values.map((each) => JSON.stringify(each)).join(", ")}}`;
  const extras = Object.entries(extra ?? {}).map(([key, values]) => `${JSON.stringify(key)}:${list(values)}`);
  const map = extra ? `map[string][]string{${extras.join(", ")}}` : "map[string][]string(nil)";
  const shownGroups = groups.length > 0 ? list(groups) : "[]string(nil)";
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid ?? "")}, Groups:${shownGroups}, Extra:${map}}`;
}

/** What `impersonate` is needed on: one resource for each thing that is asked for. */
function* legacyChecks(asked: UserInfo): Iterable<ResourceAttributes> {
  const account = splitAccount(asked.username);
  if (account) yield { group: "", version: "v1", plural: "serviceaccounts", ...account };
  else yield { group: "", version: "v1", plural: "users", name: asked.username };
  for (const name of asked.groups) yield { group: "", version: "v1", plural: "groups", name };
  yield* identityChecks(asked);
}

function* identityChecks({ extra, uid }: UserInfo): Iterable<ResourceAttributes> {
  const base = { group: authenticationGroup, version: "v1" };
  for (const [key, values] of Object.entries(extra ?? {}))
    for (const name of values) yield { ...base, plural: "userextras", subresource: key, name };
  if (uid) yield { ...base, plural: "uids", name: uid };
}

/** KEP-5284: the right to be somebody of a kind, and the right to do this very thing as such a one. */
function constrainedAllows(asked: UserInfo, wanted: Attributes, authorize: Authorizer): boolean {
  const base = { group: authenticationGroup, version: "v1" };
  const account = splitAccount(asked.username);
  const isNode = asked.username.startsWith(nodePrefix);
  const modes: [mode: string, checks: Iterable<ResourceAttributes>][] = [];
  const onlyName = asked.groups.length === 0 && !asked.uid && !asked.extra;
  if (account) {
    if (onlyName) modes.push(["serviceaccount", [{ ...base, plural: "serviceaccounts", ...account }]]);
  } else if (isNode) {
    const name = asked.username.slice(nodePrefix.length);
    const [own] = wanted.user.extra?.["authentication.kubernetes.io/node-name"] ?? [];
    const isOwn = splitAccount(wanted.user.username) !== undefined && own === name;
    const bare = !asked.uid && !asked.extra && asked.groups.every((each) => each === "system:nodes");
    if (bare && isOwn) modes.push(["associated-node", [{ ...base, plural: "nodes", name: "*" }]]);
    if (bare) modes.push(["arbitrary-node", [{ ...base, plural: "nodes", name }]]);
  } else {
    const groups = asked.groups.map((name) => ({ ...base, plural: "groups", name }));
    modes.push([
      "user-info",
      [{ ...base, plural: "users", name: asked.username }, ...groups, ...identityChecks(asked)],
    ]);
  }
  const allows = (attributes: Attributes) => authorize(attributes).decision === "allow";
  return modes.some(
    ([mode, checks]) =>
      [...checks].every((resource) => allows({ user: wanted.user, verb: `impersonate:${mode}`, resource })) &&
      allows({ ...wanted, verb: `impersonate-on:${mode}:${wanted.verb}` }),
  );
}

/** Adds the groups that such a user always has. */
function completeUser(asked: UserInfo): UserInfo {
  const account = splitAccount(asked.username);
  const groups = account && asked.groups.length === 0 ? accountGroups(account.namespace) : [...asked.groups];
  const general = asked.username === "system:anonymous" ? unauthenticated! : authenticated!;
  if (!groups.includes(authenticated!) && !groups.includes(unauthenticated!)) groups.push(general);
  return { ...asked, groups };
}
