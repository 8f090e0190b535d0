import type { UserInfo } from "../../base/http.ts";
import { splitAccount } from "../auth/service_account.ts";
import type { Route } from "../http/route.ts";

/** A FlowSchema as far as requests are sorted by it. */
export interface FlowSchema {
  metadata: { name: string; uid: string };
  spec: {
    priorityLevelConfiguration: { name: string };
    matchingPrecedence?: number;
    distinguisherMethod?: { type: string } | null;
    rules?: readonly FlowRule[];
  };
}

interface FlowRule {
  subjects: readonly {
    kind: string;
    user?: { name: string };
    group?: { name: string };
    serviceAccount?: { namespace: string; name: string };
  }[];
  resourceRules?: readonly ResourceRule[];
  nonResourceRules?: readonly { verbs: readonly string[]; nonResourceURLs: readonly string[] }[];
}

interface ResourceRule {
  verbs: readonly string[];
  apiGroups: readonly string[];
  resources: readonly string[];
  clusterScope?: boolean;
  namespaces?: readonly string[];
}

/** A flow schema made ready: asking it costs a few look-ups. */
export interface Compiled {
  name: string;
  uid: string;
  level: string;
  distinguisher: "ByUser" | "ByNamespace" | undefined;
  matches(user: UserInfo, route: Route): boolean;
}

/** What a schema without a precedence has (API reference, FlowSchemaSpec). */
const standardPrecedence = 1000;

/** Schemas in the order in which they are asked: those whose priority level exists, by precedence and then by name. */
export function compileSchemas(schemas: Iterable<FlowSchema>, levels: { has(name: string): boolean }): Compiled[] {
  const precedence = ({ spec }: FlowSchema) => spec.matchingPrecedence ?? standardPrecedence;
  return [...schemas]
    .filter(({ spec }) => levels.has(spec.priorityLevelConfiguration.name))
    .sort((a, b) => precedence(a) - precedence(b) || (a.metadata.name < b.metadata.name ? -1 : 1))
    .map(compile);
}

/** The first schema that a request belongs to. Undefined only if not even the catch-all schema is there. */
export function classify(schemas: readonly Compiled[], user: UserInfo, route: Route): Compiled | undefined {
  for (const schema of schemas) if (schema.matches(user, route)) return schema;
  return undefined;
}

/** What tells the flows of one schema from each other. */
export function distinguish({ distinguisher }: Compiled, user: UserInfo, route: Route): string {
  if (distinguisher === "ByUser") return user.username;
  return distinguisher === "ByNamespace" ? namespaceOf(route) : "";
}

function compile({ metadata, spec }: FlowSchema): Compiled {
  const rules = (spec.rules ?? []).map((rule) => {
    const isSubject = subjectMatcher(rule);
    const resource = (rule.resourceRules ?? []).map(resourceMatcher);
    const paths = (rule.nonResourceRules ?? []).map(pathMatcher);
    return (user: UserInfo, route: Route) =>
      isSubject(user) && (route.resource ? resource : paths).some((matches) => matches(route));
  });
  const type = spec.distinguisherMethod?.type;
  return {
    name: metadata.name,
    uid: metadata.uid,
    level: spec.priorityLevelConfiguration.name,
    distinguisher: type === "ByUser" || type === "ByNamespace" ? type : undefined,
    matches: (user, route) => rules.some((matches) => matches(user, route)),
  };
}

function subjectMatcher({ subjects }: FlowRule): (user: UserInfo) => boolean {
  const users = new Set(subjects.filter(({ kind }) => kind === "User").map(({ user }) => user?.name));
  const groups = new Set(subjects.filter(({ kind }) => kind === "Group").map(({ group }) => group?.name));
  const accounts = subjects.flatMap(({ kind, serviceAccount }) =>
    kind === "ServiceAccount" && serviceAccount ? [serviceAccount] : [],
  );
  return (user) => {
    if (users.has(user.username) || users.has("*") || groups.has("*")) return true;
    if (user.groups.some((group) => groups.has(group))) return true;
    if (accounts.length === 0) return false;
    const account = splitAccount(user.username);
    if (!account) return false;
    return accounts.some(
      ({ namespace, name }) => namespace === account.namespace && (name === "*" || name === account.name),
    );
  };
}

/** Membership in a list in which `*` stands for everything. */
function anyOf(given: readonly string[] | null | undefined): (value: string) => boolean {
  const list = given ?? [];
  if (list.includes("*")) return () => true;
  const set = new Set(list);
  return (value) => set.has(value);
}

function resourceMatcher(rule: ResourceRule): (route: Route) => boolean {
  const [verbs, groups] = [anyOf(rule.verbs), anyOf(rule.apiGroups)];
  const [resources, namespaces] = [anyOf(rule.resources), anyOf(rule.namespaces)];
  return (route) => {
    const { group, plural, subresource } = route.resource!;
    if (!verbs(route.verb) || !groups(group)) return false;
    if (!resources(subresource ? `${plural}/${subresource}` : plural)) return false;
    const namespace = namespaceOf(route);
    return namespace === "" ? rule.clusterScope === true : namespaces(namespace);
  };
}

function pathMatcher(rule: {
  verbs: readonly string[];
  nonResourceURLs: readonly string[];
}): (route: Route) => boolean {
  const verbs = anyOf(rule.verbs);
  const exact = anyOf(rule.nonResourceURLs);
  const prefixes = rule.nonResourceURLs.filter((url) => url.endsWith("/*")).map((url) => url.slice(0, -1));
  return ({ verb, path }) => verbs(verb) && (exact(path) || prefixes.some((prefix) => path.startsWith(prefix)));
}

/** A namespace's own path is within the namespace. */
function namespaceOf({ resource }: Route): string {
  if (!resource) return "";
  const isNamespace = resource.plural === "namespaces" && resource.group === "";
  return (isNamespace ? resource.name : resource.namespace) ?? "";
}
