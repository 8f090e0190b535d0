import { type FrameMap, type Ruleset, table } from "./ruleset.ts";

/**
 * The nft commands that turn one ruleset into another, as one transaction; "" if they are equal. Nothing that stays is
 * touched, so that a change costs what changed. Pure.
 */
export function planChanges(before: Ruleset, after: Ruleset): string {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  for (const [name, declaration] of after.sets) {
    if (before.sets.get(name) !== declaration) say(`add set ip ${table} ${name} { ${declaration} }`);
  }
  const changed = [...after.chains].filter(([name, rules]) => !sameRules(before.chains.get(name), rules));
  // All chains first: rules go to chains that come later in the list.
  for (const [name] of changed) {
    say(`add chain ip ${table} ${name}`);
    if (before.chains.has(name)) say(`flush chain ip ${table} ${name}`);
  }
  for (const [name, rules] of changed) for (const rule of rules) say(`add rule ip ${table} ${name} ${rule}`);
  const maps = Object.keys(after.elements) as FrameMap[];
  for (const map of maps) {
    const [old, next] = [before.elements[map], after.elements[map]];
    const gone = [...old].filter(([key, value]) => next.get(key) !== value).map(([key]) => key);
    const come = [...next].filter(([key, value]) => old.get(key) !== value);
    if (gone.length > 0) say(`delete element ip ${table} ${map} { ${gone.join(", ")} }`);
    if (come.length > 0)
      say(
        `add element ip ${table} ${map} { ${come.map(([key, value]) => (value ? `${key} : ${value}` : key)).join(", ")} }`,
      );
  }
  const dead = [...before.chains.keys()].filter((name) => !after.chains.has(name));
  // Chains may point at each other: empty before they go.
  for (const name of dead) say(`flush chain ip ${table} ${name}`);
  for (const name of dead) say(`delete chain ip ${table} ${name}`);
  for (const name of before.sets.keys()) if (!after.sets.has(name)) say(`delete set ip ${table} ${name}`);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function sameRules(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && a.length === b.length && a.every((rule, index) => rule === b[index]);
}
