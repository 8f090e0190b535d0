import type { PolicyRule } from "../auth/rules.ts";

/** Short words for lists of verbs. */
const verbWords: Record<string, string[]> = {
  read: ["get", "list", "watch"],
  write: ["create", "delete", "deletecollection", "patch", "update"],
};

/**
 * Reads rules, one a line: `VERBS GROUPS: RESOURCES = NAMES`. `core` is the group without a name, `url` stands for paths
 * instead of resources. A line without a colon goes on with the one before.
 */
export function parseRules(text: string): PolicyRule[] {
  const lines: string[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    if (/^\S+ \S+:( |$)/.test(line)) lines.push(line);
    else lines[lines.length - 1] += ` ${line}`;
  }
  return lines.map(parseRule);
}

function parseRule(line: string): PolicyRule {
  const [, verbText, groupText, body] = /^(\S+) (\S+): (.*)$/.exec(line)!;
  const [targets, names] = body!.split(" = ").map((part) => part.split(" "));
  const verbs = [...(verbWords[verbText!] ?? verbText!.split(","))];
  if (groupText === "url") return { verbs, nonResourceURLs: targets! };
  const apiGroups = groupText!.split(",").map((group) => (group === "core" ? "" : group));
  return { verbs, apiGroups, resources: targets!, ...(names ? { resourceNames: names } : {}) };
}
