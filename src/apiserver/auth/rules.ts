import type { Attributes } from "./authorizer.ts";

// What rules of roles say and grant: matching of requests, comparison of sets of rules, and their wording.

/** A rule of a role (rbac.authorization.k8s.io/v1 PolicyRule). */
export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

const none: readonly string[] = [];

// Of resources only a lone star, and a star for the resource before a subresource, are patterns ("Referring to resources").

/** True if a rule allows a request. */
export function ruleAllows(rule: PolicyRule, { verb, path, resource }: Attributes): boolean {
  if (!hasOrStar(rule.verbs, verb)) return false;
  if (!resource) return path !== undefined && (rule.nonResourceURLs ?? none).some((each) => urlCovers(each, path));
  if (!hasOrStar(rule.apiGroups ?? none, resource.group)) return false;
  if (!resourceMatches(rule.resources ?? none, resource.plural, resource.subresource)) return false;
  const names = rule.resourceNames;
  return names === undefined || names.length === 0 || names.includes(resource.name ?? "");
}

function hasOrStar(list: readonly string[], value: string): boolean {
  return list.includes(value) || list.includes("*");
}

function resourceMatches(list: readonly string[], plural: string, subresource: string | undefined): boolean {
  const whole = subresource ? `${plural}/${subresource}` : plural;
  for (const each of list) {
    if (each === "*" || each === whole) return true;
    if (subresource && each.length === subresource.length + 2 && each.startsWith("*/") && each.endsWith(subresource))
      return true;
  }
  return false;
}

function urlCovers(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path) return true;
  return pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, ""));
}

/** True if whoever has the rules `owned` has everything that the rules `wanted` give. */
export function coveredBy(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): boolean {
  for (const rule of wanted) {
    for (const single of singles(rule)) if (!owned.some((each) => ruleCovers(each, single))) return false;
  }
  return true;
}

/** What `wanted` gives beyond `owned`: as few rules as a reader needs. */
export function missingRights(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const missing: PolicyRule[] = [];
  for (const rule of wanted) {
    for (const single of singles(rule)) if (!owned.some((each) => ruleCovers(each, single))) missing.push(single);
  }
  return compact(missing);
}

/** How many single rights one rule may come to before it is refused: lists multiply. */
const singlesMax = 100_000;

/** Thrown for a rule that comes to more single rights than anybody means. */
export class TooManyRights extends Error {}

/** A rule as rules of one verb, one group, one resource and one name each. */
function* singles(rule: PolicyRule): Iterable<PolicyRule> {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const count = verbs.length * (apiGroups.length * resources.length * Math.max(1, resourceNames.length));
  if (count + verbs.length * nonResourceURLs.length > singlesMax)
    throw new TooManyRights(`a rule of more than ${singlesMax} single rights`);
  for (const group of apiGroups)
    for (const resource of resources)
      for (const verb of verbs) {
        const single = { apiGroups: [group], resources: [resource], verbs: [verb] };
        if (resourceNames.length === 0) yield single;
        for (const name of resourceNames) yield { ...single, resourceNames: [name] };
      }
  for (const url of nonResourceURLs) for (const verb of verbs) yield { nonResourceURLs: [url], verbs: [verb] };
}

/** True if the first rule gives all that the second one, a single right, does. */
function ruleCovers(owner: PolicyRule, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule) {
  if (!hasOrStar(owner.verbs, verbs[0]!)) return false;
  if (nonResourceURLs) return (owner.nonResourceURLs ?? none).some((each) => urlCovers(each, nonResourceURLs[0]!));
  if (!hasOrStar(owner.apiGroups ?? none, apiGroups![0]!)) return false;
  const resource = resources![0]!;
  const slash = resource.indexOf("/");
  const held = owner.resources ?? none;
  const covers =
    held.includes("*") || held.includes(resource) || (slash >= 0 && held.includes(`*${resource.slice(slash)}`));
  if (!covers) return false;
  if (!owner.resourceNames?.length) return true;
  return resourceNames !== undefined && owner.resourceNames.includes(resourceNames[0]!);
}

/** Single rights of one resource and name become one rule with all their verbs. */
function compact(rules: readonly PolicyRule[]): PolicyRule[] {
  const found = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const rule of rules) {
    if (rule.nonResourceURLs) {
      others.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const known = found.get(key);
    if (!known) found.set(key, { ...rule, verbs: [...rule.verbs] });
    else if (!known.verbs.includes(rule.verbs[0]!)) known.verbs.push(rule.verbs[0]!);
  }
  return [...found.values(), ...others];
}

/** A rule in a message: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. */
export function showRule(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ["APIGroups", rule.apiGroups],
    ["Resources", rule.resources],
    ["NonResourceURLs", rule.nonResourceURLs],
    ["ResourceNames", rule.resourceNames],
    ["Verbs", rule.verbs],
  ];
  const shown = parts.filter(([, list]) => list?.length).map(([name, list]) => `${name}:${showList(list!)}`);
  return `{${shown.join(", ")}}`;
}

/** `["a" "b"]`: a list as messages show it. */
export function showList(list: readonly string[]): string {
  return `[${list.map((each) => JSON.stringify(each)).join(" ")}]`;
}
