// Whom and what the rules of a flow schema are for.

import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

/** The field that tells more about a subject, by the subject's kind. */
const subjectFields: Readonly<Record<string, string>> = {
  ServiceAccount: "serviceAccount",
  User: "user",
  Group: "group",
};

/** Errors in one of a schema's rules. */
export function* flowRuleErrors(rule: any, path: FieldPath): Iterable<FieldError> {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  for (const [index, each] of subjects.entries()) yield* subjectErrors(each, path.child("subjects").index(index));
  if (subjects.length === 0) yield required(path.child("subjects"), "subjects must contain at least one value");
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    yield required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
  }
  for (const [index, each] of resourceRules.entries()) {
    yield* resourceErrors(each, path.child("resourceRules").index(index));
  }
  for (const [index, each] of nonResourceRules.entries()) {
    yield* urlRuleErrors(each, path.child("nonResourceRules").index(index));
  }
}

function* subjectErrors(subject: any, path: FieldPath): Iterable<FieldError> {
  const { kind = "" } = subject;
  const own = Object.hasOwn(subjectFields, kind) ? subjectFields[kind]! : undefined;
  if (!own) {
    yield notSupported(path.child("kind"), kind, Object.keys(subjectFields).sort());
    return;
  }
  if (!subject[own]) yield required(path.child(own), `${own} is required when subject kind is '${kind}'`);
  else yield* namedErrors(own, subject[own], path.child(own));
  for (const [other, field] of Object.entries(subjectFields)) {
    if (field === own || !subject[field]) continue;
    yield forbiddenField(path.child(field), `${field} is forbidden when subject kind is not '${other}'`);
  }
}

function* namedErrors(field: string, { name = "", namespace = "" }: any, path: FieldPath): Iterable<FieldError> {
  if (name === "") yield required(path.child("name"));
  if (field !== "serviceAccount") return;
  if (name !== "" && name !== "*") {
    for (const why of dns1123Subdomain(name)) yield invalid(path.child("name"), name, why);
  }
  const at = path.child("namespace");
  if (namespace === "") yield required(at, "must specify namespace for service account");
  else for (const why of dns1123Label(namespace)) yield invalid(at, namespace, why);
}

/** A list that must say something; `*` says all, and stands alone. */
function* listErrors(list: readonly string[], what: string, empty: string, path: FieldPath): Iterable<FieldError> {
  if (list.length === 0) yield required(path, empty);
  if (list.length > 1 && list.includes("*"))
    yield invalid(path, list, `if '*' is present, must not specify other ${what}`);
}

function* verbErrors(asked: readonly string[], path: FieldPath): Iterable<FieldError> {
  yield* listErrors(asked, "verbs", "verbs must contain at least one value", path);
  if (!asked.includes("*") && !asked.every((verb) => verbs.includes(verb))) yield notSupported(path, asked, verbs);
}

function* resourceErrors(rule: any, path: FieldPath): Iterable<FieldError> {
  const { apiGroups = [], resources = [], clusterScope } = rule;
  const namespaces: string[] = rule.namespaces ?? [];
  yield* verbErrors(rule.verbs ?? [], path.child("verbs"));
  const must = "resource rules must supply at least one";
  yield* listErrors(apiGroups, "api groups", `${must} api group`, path.child("apiGroups"));
  yield* listErrors(resources, "resources", `${must} resource`, path.child("resources"));
  const at = path.child("namespaces");
  if (namespaces.length === 0 && clusterScope) return;
  const empty = "resource rules that are not cluster scoped must supply at least one namespace";
  yield* listErrors(namespaces, "namespaces", empty, at);
  if (namespaces.includes("*")) return;
  for (const [index, namespace] of namespaces.entries()) {
    for (const why of dns1123Label(namespace)) {
      yield invalid(at.index(index), namespace, `each member of this list must be '*' or a DNS-1123 label; ${why}`);
    }
  }
}

function* urlRuleErrors({ verbs: asked = [], nonResourceURLs: urls = [] }: any, path: FieldPath): Iterable<FieldError> {
  yield* verbErrors(asked, path.child("verbs"));
  const at = path.child("nonResourceURLs");
  yield* listErrors(urls, "non-resource URLs", "nonResourceURLs must contain at least one value", at);
  if (urls.includes("*")) return;
  for (const [index, url] of urls.entries()) {
    const why = urlError(url);
    if (why) yield invalid(at.index(index), url, why);
  }
}

/** What is wrong with the path of a URL; only the first thing counts. */
function urlError(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const star = url.indexOf("*");
  const isSuffix = star === url.length - 1 && url.endsWith("/*");
  return star >= 0 && !isSuffix ? "wildcard can only do suffix matching" : undefined;
}
