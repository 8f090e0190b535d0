// Which level of the Pod Security Standards a namespace asks for, and what a pod does against it.

import { type FieldError, FieldPath, invalid } from "../../../api/machinery/field.ts";
import { baselineChecks } from "./baseline.ts";
import type { Check, CheckPod, PodView, Violation } from "./parts.ts";
import { restrictedChecks } from "./restricted.ts";

export type Level = "privileged" | "baseline" | "restricted";

const levels: readonly Level[] = ["privileged", "baseline", "restricted"];

/** A level as a version of Kubernetes defines it; `latest` is the newest. */
export interface LevelVersion {
  level: Level;
  minor: number | "latest";
}

/** What a namespace wants done to pods that are not up to a level: refused, noted in the audit log, told to the user. */
export interface Policy {
  enforce: LevelVersion;
  audit: LevelVersion;
  warn: LevelVersion;
}

export const modes = ["enforce", "audit", "warn"] as const;

const labelPrefix = "pod-security.kubernetes.io/";
const open: LevelVersion = { level: "privileged", minor: "latest" };

/** `restricted:v1.30`. */
export function formatLevel({ level, minor }: LevelVersion): string {
  return `${level}:${minor === "latest" ? "latest" : `v1.${minor}`}`;
}

/** Above 0 if the first is the stricter one. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

/** The policy in a namespace's labels, and what is wrong with them. Labels that are wrong enforce the strictest. */
export function policyOf(labels: Record<string, string> = {}): { policy: Policy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const policy: Policy = { enforce: { ...open }, audit: { ...open }, warn: { ...open } };
  const path = new FieldPath("metadata").child("labels");
  const given = new Set<string>();
  for (const mode of modes) {
    const levelLabel = `${labelPrefix}${mode}`;
    const level = labels[levelLabel];
    if (level !== undefined) {
      if (levels.includes(level as Level)) {
        policy[mode].level = level as Level;
        given.add(mode);
      } else {
        policy[mode].level = mode === "enforce" ? "restricted" : "privileged";
        errors.push(invalid(path.key(levelLabel), level, `must be one of ${levels.join(", ")}`));
      }
    }
    const versionLabel = `${levelLabel}-version`;
    const version = labels[versionLabel];
    if (version === undefined) continue;
    const minor = /^v1\.(0|[1-9]\d{0,6})$/.exec(version)?.[1];
    if (minor !== undefined) policy[mode].minor = Number(minor);
    else if (version !== "latest") errors.push(invalid(path.key(versionLabel), version, 'must be "latest" or "v1.x"'));
  }
  // Whoever will be refused pods is warned of what makes them.
  if (!given.has("warn") && given.has("enforce") && compareLevels(policy.enforce.level, policy.warn.level) > 0) {
    const minor = labels[`${labelPrefix}enforce-version`] === undefined ? policy.warn.minor : policy.enforce.minor;
    policy.warn = { level: policy.enforce.level, minor };
  }
  return { policy, errors };
}

function versionFor({ versions }: Check, minor: number | "latest"): CheckPod | undefined {
  let found: CheckPod | undefined;
  for (const [first, check] of versions) if (minor === "latest" || first <= minor) found = check;
  return found;
}

const checkLists = new Map<string, readonly CheckPod[]>();

function checksFor(wanted: LevelVersion): readonly CheckPod[] {
  // No more lists than there are versions with changes, however many a client asks for.
  const minor = wanted.minor === "latest" || wanted.minor > newestMinor ? "latest" : wanted.minor;
  const key = `${wanted.level} ${minor}`;
  const known = checkLists.get(key);
  if (known) return known;
  const checks: Check[] = [];
  if (wanted.level !== "privileged") checks.push(...baselineChecks);
  if (wanted.level === "restricted") checks.push(...restrictedChecks);
  const overridden = new Set(checks.filter((each) => versionFor(each, minor)).map(({ overrides }) => overrides));
  const list = checks
    .filter(({ id }) => !overridden.has(id))
    .map((each) => versionFor(each, minor))
    .filter((each) => each !== undefined);
  checkLists.set(key, list);
  return list;
}

const newestMinor = Math.max(
  ...[...baselineChecks, ...restrictedChecks].flatMap(({ versions }) => versions.map(([minor]) => minor)),
);

/** What a pod does that the level forbids. Pure. */
export function violations(pod: PodView, wanted: LevelVersion): Violation[] {
  return checksFor(wanted)
    .map((check) => check(pod))
    .filter((each) => each !== undefined);
}

/** All of them in a sentence: `host namespaces (hostPID=true), privileged (…)`. */
export function detailsOf(list: readonly Violation[]): string {
  return list.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(", ");
}

/** The reasons alone. */
export function reasonsOf(list: readonly Violation[]): string {
  return list.map(({ reason }) => reason).join(", ");
}
