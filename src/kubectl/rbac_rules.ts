// Rules of roles: taken apart, put together, compared and shown.

export interface Rule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

/** A rule as rules about one thing each: one verb on one resource of one group, by one name or by any; or on one path. */
export function breakDown({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): Rule[] {
  const found: Rule[] = [];
  const names: (string[] | undefined)[] = resourceNames?.length ? resourceNames.map((name) => [name]) : [undefined];
  for (const group of apiGroups ?? [])
    for (const resource of resources ?? [])
      for (const verb of verbs ?? [])
        for (const name of names)
          found.push({
            apiGroups: [group],
            resources: [resource],
            verbs: [verb],
            ...(name && { resourceNames: name }),
          });
  for (const url of nonResourceURLs ?? [])
    for (const verb of verbs ?? []) found.push({ nonResourceURLs: [url], verbs: [verb] });
  return found;
}

/** Rules of one thing each with the verbs on the same thing gathered, in the order in which kubectl shows them. */
export function compactRules(rules: readonly Rule[]): Rule[] {
  const byThing = new Map<string, Rule>();
  const paths: Rule[] = [];
  for (const rule of rules.flatMap(breakDown)) {
    if (rule.nonResourceURLs) {
      paths.push(rule);
      continue;
    }
    const thing = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames]);
    const known = byThing.get(thing);
    if (known) known.verbs!.push(...rule.verbs!);
    else byThing.set(thing, rule);
  }
  return [...byThing.values(), ...paths].sort((a, b) => (orderText(a) < orderText(b) ? -1 : 1));
}

function orderText({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): string {
  return [verbs, apiGroups, resources, resourceNames, nonResourceURLs].map(listText).join(",");
}

function listText(list: readonly string[] | undefined): string {
  return `[${(list ?? []).join(" ")}]`;
}

/** The cells of a compact rule: resource, paths, names, verbs. */
export function ruleCells({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): string[] {
  const [resource = ""] = resources ?? [];
  const [group = ""] = apiGroups ?? [];
  const [plain, sub] = resource.split("/");
  const name = `${plain}${group ? `.${group}` : ""}${sub ? `/${sub}` : ""}`;
  return [name, listText(nonResourceURLs), listText(resourceNames), listText(verbs)];
}

/** A rule as messages have it. */
export function ruleText({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): string {
  const fields = { Verbs: verbs, APIGroups: apiGroups, Resources: resources, ResourceNames: resourceNames };
  const texts = Object.entries({ ...fields, NonResourceURLs: nonResourceURLs });
  return `{${texts.map(([name, list]) => `${name}:${listText(list)}`).join(" ")}}`;
}

/** What of `wanted` no rule of `owned` allows, in rules about one thing each. */
export function uncovered(owned: readonly Rule[], wanted: readonly Rule[]): Rule[] {
  return wanted.flatMap(breakDown).filter((rule) => !owned.some((owner) => covers(owner, rule)));
}

function covers(owner: Rule, one: Rule): boolean {
  const holds = (list: readonly string[] | undefined, item: string | undefined) =>
    item !== undefined && Boolean(list?.includes("*") || list?.includes(item));
  if (!holds(owner.verbs, one.verbs?.[0])) return false;
  const url = one.nonResourceURLs?.[0];
  if (url !== undefined) {
    const matches = (each: string) => each === url || (each.endsWith("*") && url.startsWith(each.slice(0, -1)));
    return (owner.nonResourceURLs ?? []).some(matches);
  }
  const [resource = ""] = one.resources ?? [];
  const [, sub] = resource.split("/");
  const name = one.resourceNames?.[0];
  return (
    holds(owner.apiGroups, one.apiGroups?.[0]) &&
    (holds(owner.resources, resource) || (sub !== undefined && Boolean(owner.resources?.includes(`*/${sub}`)))) &&
    (!owner.resourceNames?.length || (name !== undefined && owner.resourceNames.includes(name)))
  );
}
