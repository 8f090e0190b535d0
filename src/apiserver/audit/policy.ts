import { parseYaml } from "../../api/machinery/yaml.ts";
import type { UserInfo } from "../../base/http.ts";
import type { Route } from "../http/route.ts";

export type AuditLevel = "None" | "Metadata" | "Request" | "RequestResponse";
export type AuditStage = "RequestReceived" | "ResponseStarted" | "ResponseComplete" | "Panic";

/** What is recorded of a request. */
export interface AuditVerdict {
  level: AuditLevel;
  omitStages: ReadonlySet<string>;
  omitManagedFields: boolean;
}

interface Rule {
  level: AuditLevel;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: { group?: string; resources?: string[]; resourceNames?: string[] }[];
  namespaces?: string[];
  nonResourceURLs?: string[];
  omitStages?: string[];
  omitManagedFields?: boolean;
}

/** An audit.k8s.io/v1 Policy. */
export interface AuditPolicy {
  rules: readonly Rule[];
  omitStages?: string[];
  omitManagedFields?: boolean;
}

const levels: readonly string[] = ["None", "Metadata", "Request", "RequestResponse"];
const stages: readonly string[] = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];

const ruleFields = new Set([
  ...["level", "users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs", "omitStages"],
  "omitManagedFields",
]);
const policyFields = new Set(["apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"]);

/** Reads a policy file. Throws an Error that names every field that is wrong: a policy that is half read hides things. */
export function parseAuditPolicy(text: string): AuditPolicy {
  const { value } = parseYaml(text);
  const policy = value as (AuditPolicy & { apiVersion?: string; kind?: string }) | null;
  if (policy?.apiVersion !== "audit.k8s.io/v1" || policy.kind !== "Policy")
    throw new Error("audit policy: wanted a Policy of audit.k8s.io/v1");
  const problems = [...unknownFields(policy, policyFields, ""), ...stageProblems(policy.omitStages, "omitStages")];
  const { rules } = policy;
  if (!Array.isArray(rules) || rules.length === 0) problems.push("rules: wanted at least one");
  else for (const [index, rule] of rules.entries()) problems.push(...ruleProblems(rule, `rules[${index}]`));
  if (problems.length > 0) throw new Error(`audit policy: ${problems.join("; ")}`);
  return policy;
}

function* ruleProblems(rule: Rule, path: string): Iterable<string> {
  yield* unknownFields(rule, ruleFields, `${path}.`);
  if (!levels.includes(rule?.level))
    yield `${path}.level: Unsupported value: ${JSON.stringify(rule?.level ?? "")}: supported values: ${levels.join(", ")}`;
  yield* stageProblems(rule?.omitStages, `${path}.omitStages`);
  const ofResources = (rule?.resources?.length ?? 0) > 0 || (rule?.namespaces?.length ?? 0) > 0;
  if (rule?.nonResourceURLs?.length && ofResources)
    yield `${path}.nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs`;
  for (const url of rule?.nonResourceURLs ?? []) {
    if (url !== "*" && (!url.startsWith("/") || url.slice(0, -1).includes("*")))
      yield `${path}.nonResourceURLs: ${JSON.stringify(url)}: wanted a path, or one with * at the end`;
  }
  for (const [index, { group = "", resources = [], resourceNames = [] }] of (rule?.resources ?? []).entries()) {
    if (group.includes("/")) yield `${path}.resources[${index}].group: ${JSON.stringify(group)}: wanted no version`;
    if (resourceNames.length > 0 && resources.length === 0)
      yield `${path}.resources[${index}].resourceNames: using resourceNames requires at least one resource`;
  }
}

function* unknownFields(given: object | null | undefined, known: ReadonlySet<string>, path: string): Iterable<string> {
  for (const name of Object.keys(given ?? {})) if (!known.has(name)) yield `unknown field "${path}${name}"`;
}

function* stageProblems(given: readonly string[] | undefined, path: string): Iterable<string> {
  for (const each of given ?? [])
    if (!stages.includes(each)) yield `${path}: Unsupported value: ${JSON.stringify(each)}`;
}

/** What is recorded of a request: the first rule that fits says so; without one nothing is. Pure. */
export function auditVerdict(policy: AuditPolicy, user: UserInfo | undefined, route: Route): AuditVerdict {
  const rule = policy.rules.find((each) => matches(each, user, route));
  return {
    level: rule?.level ?? "None",
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])]),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: Rule, user: UserInfo | undefined, route: Route): boolean {
  if (rule.users?.length && !(user && rule.users.includes(user.username))) return false;
  if (rule.userGroups?.length && !user?.groups.some((group) => rule.userGroups!.includes(group))) return false;
  if (rule.verbs?.length && !rule.verbs.includes(route.verb)) return false;
  if (rule.namespaces?.length || rule.resources?.length) return matchesResource(rule, route);
  if (!rule.nonResourceURLs?.length) return true;
  return !route.resource && rule.nonResourceURLs.some((url) => matchesUrl(url, route.path));
}

function matchesUrl(wanted: string, path: string): boolean {
  if (wanted === "*" || wanted === path) return true;
  return wanted.endsWith("*") && path.startsWith(wanted.slice(0, -1));
}

function matchesResource({ namespaces = [], resources = [] }: Rule, { resource }: Route): boolean {
  if (!resource) return false;
  const isNamespace = resource.plural === "namespaces" && resource.group === "";
  const namespace = (isNamespace ? resource.name : resource.namespace) ?? "";
  if (namespaces.length > 0 && !namespaces.includes(namespace)) return false;
  if (resources.length === 0) return true;
  const { plural, subresource, name = "" } = resource;
  const whole = subresource ? `${plural}/${subresource}` : plural;
  return resources.some((wanted) => {
    if ((wanted.group ?? "") !== resource.group) return false;
    if (!wanted.resources?.length) return true;
    if (wanted.resourceNames?.length && !wanted.resourceNames.includes(name)) return false;
    return wanted.resources.some((each) => {
      if (each === "*" || each === whole) return true;
      if (!subresource) return false;
      return each === `${plural}/*` || each === `*/${subresource}`;
    });
  });
}
