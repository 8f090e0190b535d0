// Which families of addresses a service has, and what it may not want of them. The real server settles that before anything
// else: if something is wrong with it, nothing else is said.

import { duplicate, type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import { ipAddress } from "../machinery/names.ts";
import { addInvalid, checkOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { isHeadless, type ServiceSpec } from "./servicetypes.ts";

/** Addresses of the cluster's services, the first family being the main one. */
const clusterFamilies: readonly string[] = ["IPv4"];
const families = ["IPv4", "IPv6"];
const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];

const specPath = new FieldPath("spec");
const addressesPath = specPath.child("clusterIPs");
const familiesPath = specPath.child("ipFamilies");
const policyPath = specPath.child("ipFamilyPolicy");

const familyOf = (address: string): string => (address.includes(":") ? "IPv6" : "IPv4");

/** Whoever makes the endpoints of such a service may make them of any family. */
const isFree = (spec: ServiceSpec): boolean => isHeadless(spec) && Object.keys(spec.selector ?? {}).length === 0;

/** Settles the families, where that can be done. */
export function settleFamilies(spec: ServiceSpec, previous?: ServiceSpec): void {
  if (spec.type === "ExternalName") return;
  spec.ipFamilyPolicy ??= previous?.ipFamilyPolicy ?? (isFree(spec) ? "RequireDualStack" : "SingleStack");
  const isSingle = spec.ipFamilyPolicy === "SingleStack";
  if (isSingle && previous) {
    // Nothing but the policy has changed: so one of the two is to go.
    if (sameValue(spec.clusterIPs, previous.clusterIPs)) spec.clusterIPs = spec.clusterIPs?.slice(0, 1);
    if (sameValue(spec.ipFamilies, previous.ipFamilies)) spec.ipFamilies = spec.ipFamilies?.slice(0, 1);
  }
  // To lose a family takes a word: what has fewer than before is left for the checks.
  if (!isSingle && isReduced(spec.ipFamilies, previous?.ipFamilies)) return;
  const found = [...(spec.ipFamilies ?? [])];
  if (!isHeadless(spec)) {
    for (const address of spec.clusterIPs?.slice(found.length) ?? []) {
      const family = familyOf(address);
      if (clusterFamilies.includes(family) && !found.includes(family)) found.push(family);
    }
  }
  if (found.length === 0 && (isHeadless(spec) || !spec.clusterIPs?.length)) found.push(clusterFamilies[0]!);
  if (isFree(spec) && found.length === 1 && !isSingle) found.push(...families.filter((each) => each !== found[0]));
  if (found.length > 0) spec.ipFamilies = found;
}

function checkWords(errors: Errors, spec: ServiceSpec): void {
  const seen = new Set<string>();
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const at = () => familiesPath.index(index);
    checkOneOf(errors, family, families, at);
    if (seen.has(family)) errors.push(duplicate(at(), family));
    seen.add(family);
  }
  checkOneOf(errors, spec.ipFamilyPolicy, policies, () => policyPath);
}

/** Addresses that can be read; those that were there before may stay as they are. Gives whether they all can. */
function checkReadable(errors: Errors, addresses: string[], kept: readonly string[]): boolean {
  const before = errors.length;
  for (const [index, address] of addresses.entries()) {
    if (index === 0 && address === "None") {
      if (addresses.length > 1) {
        errors.push(invalid(addressesPath, addresses, "'None' must be the first and only value"));
      }
    } else if (!kept.includes(address)) {
      addInvalid(errors, () => addressesPath.index(index), address, ipAddress(address));
    }
  }
  const isReadable = errors.length === before;
  if (addresses.length > 2) errors.push(invalid(addressesPath, addresses, "may only hold up to 2 values"));
  return isReadable;
}

/** `clusterIP`, `clusterIPs` and `ipFamilies` say the same. */
function checkAgree(errors: Errors, spec: ServiceSpec, previous: ServiceSpec | undefined): void {
  const addresses = spec.clusterIPs ?? [];
  if (!spec.clusterIP && addresses.length > 0) {
    errors.push(invalid(addressesPath, addresses, "must be empty when `clusterIP` is not specified"));
  } else if (addresses.length > 0 && addresses[0] !== spec.clusterIP) {
    errors.push(invalid(addressesPath, addresses, "first value must match `clusterIP`"));
  }
  checkWords(errors, spec);
  if (!checkReadable(errors, addresses, previous?.clusterIPs ?? []) || isHeadless(spec)) return;
  if (addresses.length > 1 && new Set(addresses.map(familyOf)).size < 2) {
    errors.push(invalid(addressesPath, addresses, "may specify no more than one IP for each IP family"));
  }
  for (const [index, address] of addresses.entries()) {
    const family = spec.ipFamilies?.[index];
    if (family === undefined || !families.includes(family) || family === familyOf(address)) continue;
    const why = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalid(addressesPath.index(index), address, why));
  }
}

const isReduced = (now: string[] | undefined, before: string[] | undefined) =>
  now !== undefined && now.length > 0 && now.length < (before?.length ?? 0);

/** Who wants one family of something has one of all. */
function checkPolicy(errors: Errors, spec: ServiceSpec, previous: ServiceSpec | undefined): void {
  const policy = spec.ipFamilyPolicy;
  const report = (isWrong: boolean, why: string) => {
    if (isWrong) errors.push(invalid(policyPath, policy, why));
  };
  if (policy !== "SingleStack") {
    const why = "must be 'SingleStack' to release the secondary";
    report(isReduced(spec.clusterIPs, previous?.clusterIPs), `${why} cluster IP`);
    report(isReduced(spec.ipFamilies, previous?.ipFamilies), `${why} IP family`);
    return;
  }
  const why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
  report(spec.clusterIPs?.length === 2, `${why} cluster IPs are specified`);
  report(spec.ipFamilies?.length === 2, `${why} IP families are specified`);
}

/** What this cluster does not have. */
function checkCluster(errors: Errors, spec: ServiceSpec): void {
  const known = spec.ipFamilies?.length ?? 0;
  const addresses = isHeadless(spec) ? [] : (spec.clusterIPs ?? []);
  for (const [index, address] of addresses.entries()) {
    const family = familyOf(address);
    if (index < known || clusterFamilies.includes(family)) continue;
    const why = `${family} is not configured on this cluster`;
    errors.push(invalid(addressesPath.index(index), spec.clusterIPs, why));
  }
  if (errors.length > 0 || isFree(spec)) return;
  if (spec.ipFamilyPolicy === "RequireDualStack" && clusterFamilies.length < 2) {
    errors.push(invalid(policyPath, spec.ipFamilyPolicy, "this cluster is not configured for dual-stack services"));
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (clusterFamilies.includes(family)) continue;
    errors.push(invalid(familiesPath.index(index), family, "not configured on this cluster"));
  }
}

/** Errors in the families of a service, new or changed. */
export function familyErrors(spec: ServiceSpec, previous?: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.type === "ExternalName") return errors;
  checkAgree(errors, spec, previous);
  if (errors.length > 0) return errors;
  checkPolicy(errors, spec, previous);
  checkCluster(errors, spec);
  return errors;
}

/** Errors in a change of addresses and families: those that were given stay, a second one may come and go. */
export function addressChangeErrors(now: ServiceSpec, before: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (now.type === "ExternalName" || before.type === "ExternalName") return errors;
  if (isHeadless(now) && isHeadless(before)) return errors;
  checkFixed(errors, now, before, "clusterIPs");
  if (!isHeadless(now) && !isHeadless(before)) checkFixed(errors, now, before, "ipFamilies");
  return errors;
}

const wordsOf = { clusterIPs: "clusterIP", ipFamilies: "ipFamily" } as const;

function checkFixed(errors: Errors, now: ServiceSpec, before: ServiceSpec, field: "clusterIPs" | "ipFamilies"): void {
  const [list, old] = [now[field] ?? [], before[field] ?? []];
  const path = specPath.child(field);
  const shown = now[field] ?? null;
  if (list.length === old.length) {
    for (const [index, each] of old.entries()) {
      if (each === list[index]) continue;
      errors.push(invalid(path.index(field === "clusterIPs" ? index : 0), shown, "may not change once set"));
    }
    return;
  }
  if (list.length === 0) errors.push(invalid(path.index(0), shown, `primary ${wordsOf[field]} can not be unset`));
  else if (old.length > 0 && list[0] !== old[0]) {
    errors.push(invalid(path.index(0), now.clusterIPs ?? null, "may not change once set"));
  }
  if (list.length === 1 && old.length > 1 && now.ipFamilyPolicy !== "SingleStack") {
    const why = `must be set to 'SingleStack' when releasing the secondary ${wordsOf[field]}`;
    errors.push(invalid(policyPath, now.ipFamilyPolicy ?? null, why));
  }
}
