// The pod's own DNS settings. Limits are those of KEP-2595.

import { type FieldPath, invalid, required } from "../../machinery/field.ts";
import { dns1123Subdomain, ipAddress } from "../../machinery/names.ts";
import { addInvalid, type Errors } from "../../parts/checks.ts";
import type { PodSpec } from "./types.ts";

const nameserversMax = 3;
const searchesMax = 32;
const searchLettersMax = 2048;

function checkSearch(errors: Errors, search: string, path: FieldPath): void {
  // A trailing dot and a lone dot are how resolv.conf marks absolute names; underscores stand in real zones.
  const name = search.replace(/\.$/, "");
  if (search === ".") return;
  const label = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
  const isName = new RegExp(`^${label}(\\.${label})*$`).test(name);
  // Each underscore as a letter: only the length can be wrong then.
  addInvalid(errors, () => path, name, dns1123Subdomain(isName ? name.replaceAll("_", "a") : name));
}

/** `dnsConfig`, and that there is one where nothing else names a server. */
export function checkDns(errors: Errors, spec: PodSpec, path: FieldPath): void {
  const config = spec.dnsConfig;
  if (spec.dnsPolicy === "None") {
    if (!config) {
      errors.push(required(path, "must provide `dnsConfig` when `dnsPolicy` is None"));
      return;
    }
    if (!config.nameservers?.length) {
      const why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
      errors.push(required(path.child("nameservers"), why));
      return;
    }
  }
  if (!config) return;
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > nameserversMax) {
    const why = `must not have more than ${nameserversMax} nameservers`;
    errors.push(invalid(path.child("nameservers"), nameservers, why));
  }
  for (const [index, server] of nameservers.entries()) {
    addInvalid(errors, () => path.child("nameservers").index(index), server, ipAddress(server));
  }
  if (searches.length > searchesMax) {
    errors.push(invalid(path.child("searches"), searches, `must not have more than ${searchesMax} search paths`));
  }
  if (searches.join(" ").length > searchLettersMax) {
    const why = `must not have more than ${searchLettersMax} characters (including spaces) in the search list`;
    errors.push(invalid(path.child("searches"), searches, why));
  }
  for (const [index, search] of searches.entries()) checkSearch(errors, search, path.child("searches").index(index));
  for (const [index, { name }] of options.entries()) {
    if (!name) errors.push(required(path.child("options").index(index), "must not be empty"));
  }
}
