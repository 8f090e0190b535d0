import type { Resource } from "../../api/machinery/resource.ts";
import type { Labels } from "../../api/machinery/selector.ts";
import { selects } from "../../api/machinery/selector.ts";
import { equivalents, namespaceOf, type Subject } from "./subject.ts";

/** A rule of a webhook or a policy (admissionregistration.k8s.io, "RuleWithOperations"). */
export interface Rule {
  operations?: readonly string[];
  apiGroups?: readonly string[];
  apiVersions?: readonly string[];
  resources?: readonly string[];
  scope?: string;
  resourceNames?: readonly string[];
}

/** What a webhook, a policy or a binding says of requests that it is for. */
export interface Matching {
  rules: readonly Rule[];
  /** What is left out after all. */
  excluded?: readonly Rule[];
  matchPolicy?: string;
  namespaceSelector?: any;
  objectSelector?: any;
}

const holds = (list: readonly string[] | undefined, value: string) => list?.includes("*") || list?.includes(value);

function ruleHolds(
  rule: Rule,
  { operation, subresource, name, namespace, resource: asked }: Subject,
  resource: Resource,
): boolean {
  if (!holds(rule.operations, operation) || !holds(rule.apiGroups, resource.group)) return false;
  if (!holds(rule.apiVersions, resource.version)) return false;
  const named = rule.resources?.some((each) => {
    const [plural, part = ""] = each.split("/", 2);
    return (plural === "*" || plural === resource.plural) && (part === "*" || part === subresource);
  });
  if (!named) return false;
  if (rule.resourceNames?.length && !rule.resourceNames.includes(name)) return false;
  const inNamespace = namespace !== "" && asked.id !== "namespaces";
  if (rule.scope === "Namespaced") return inNamespace;
  return rule.scope === "Cluster" ? !inNamespace : true;
}

/** The resource in whose words the request matches one of the rules; undefined if it matches none. */
function matchedRules(subject: Subject, rules: readonly Rule[], matchPolicy: string | undefined): Resource | undefined {
  if (rules.some((rule) => ruleHolds(rule, subject, subject.resource))) return subject.resource;
  if (matchPolicy === "Exact") return undefined;
  // Most requests end here: nobody speaks of their group at all.
  const spoken = rules.filter((rule) => holds(rule.operations, subject.operation));
  if (spoken.length === 0) return undefined;
  return equivalents(subject).find((resource) => spoken.some((rule) => ruleHolds(rule, subject, resource)));
}

/** The labels that a namespace selector looks at; undefined for what is in no namespace. */
function namespaceLabels(subject: Subject): { labels: Labels } | undefined {
  const { resource, operation, subresource, request } = subject;
  if (resource.id === "namespaces") {
    const fresh = subresource === "" && (operation === "CREATE" || operation === "UPDATE");
    return { labels: (fresh ? request.draft : request.previous)?.metadata.labels };
  }
  if (subject.namespace === "") return undefined;
  return { labels: namespaceOf(subject)?.metadata.labels };
}

function isEmpty(selector: any): boolean {
  return !selector || (!selector.matchExpressions?.length && Object.keys(selector.matchLabels ?? {}).length === 0);
}

/**
 * The resource in whose words a webhook or policy wants the request, undefined if it is not for it. Without rules of
 * its own (a binding) it takes every request that its selectors take.
 */
export function matches(subject: Subject, matching: Matching, anyRule = false): Resource | undefined {
  const { rules, excluded = [], matchPolicy, namespaceSelector, objectSelector } = matching;
  const matched = anyRule && rules.length === 0 ? subject.resource : matchedRules(subject, rules, matchPolicy);
  if (!matched) return undefined;
  if (!isEmpty(namespaceSelector)) {
    const namespace = namespaceLabels(subject);
    if (namespace && !selects(namespaceSelector, namespace.labels)) return undefined;
  }
  if (!isEmpty(objectSelector)) {
    const { draft, previous } = subject.request;
    const taken = [draft, previous].some((object) => object && selects(objectSelector, object.metadata?.labels));
    if (!taken) return undefined;
  }
  if (excluded.length > 0 && matchedRules(subject, excluded, matchPolicy)) return undefined;
  return matched;
}

/** `matchConstraints` and `matchResources` of policies and bindings. */
export function policyMatching(match: any): Matching {
  const { resourceRules = [], excludeResourceRules = [], ...rest } = match ?? {};
  return { rules: resourceRules, excluded: excludeResourceRules, ...rest };
}
