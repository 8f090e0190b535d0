import { type FieldError, FieldPath, invalid, required, throwInvalid } from "../../api/machinery/field.ts";
import { badRequest } from "../../api/machinery/status.ts";
import type { UserInfo } from "../../base/http.ts";
import type { Attributes, Authorizer } from "./authorizer.ts";
import { joinErrors, type Rbac } from "./rbac.ts";
import type { PolicyRule } from "./rules.ts";

const group = "authorization.k8s.io";
const specPath = new FieldPath("spec");

interface ReviewSpec {
  user?: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
  resourceAttributes?: ResourceQuestion;
  nonResourceAttributes?: { path?: string; verb?: string };
}

interface ResourceQuestion {
  namespace?: string;
  verb?: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  name?: string;
  fieldSelector?: Selector;
  labelSelector?: Selector;
}

interface Selector {
  rawSelector?: string;
  requirements?: { key?: string; operator?: string; values?: string[] }[];
}

/** Answers a SubjectAccessReview or, for `own`, a SelfSubjectAccessReview. Throws a 422 for a question that is none. */
export function accessReview(spec: ReviewSpec, authorize: Authorizer, own?: UserInfo): object {
  throwInvalid(group, own ? "SelfSubjectAccessReview" : "SubjectAccessReview", "", specErrors(spec, own !== undefined));
  return answer(spec, authorize, own);
}

/** Answers a LocalSubjectAccessReview of a namespace. */
export function localAccessReview(
  review: { metadata: { namespace?: string }; spec: ReviewSpec },
  namespace: string,
  authorize: Authorizer,
): object {
  const { spec } = review;
  const own = review.metadata.namespace ?? "";
  const errors = specErrors(spec, false);
  const asked = spec.resourceAttributes?.namespace ?? "";
  if (spec.resourceAttributes && asked !== (own || namespace)) {
    const path = specPath.child("resourceAttributes", "namespace");
    errors.push(invalid(path, asked, "must match metadata.namespace"));
  }
  if (spec.nonResourceAttributes) {
    const { path = "", verb = "" } = spec.nonResourceAttributes;
    const shown = { Path: path, Verb: verb };
    errors.push(invalid(specPath.child("nonResourceAttributes"), shown, "disallowed on this kind of request"));
  }
  throwInvalid(group, "", "", errors);
  if (own !== "" && own !== namespace)
    throw badRequest(`metadata.namespace does not match namespace in request: ${own} is not ${namespace}`);
  return answer(spec, authorize);
}

/** What is wrong with a question (authorization.k8s.io validation). */
function specErrors(spec: ReviewSpec, self: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const [resource, other] = [spec.resourceAttributes, spec.nonResourceAttributes];
  if (resource && other) {
    const shown = { Path: other.path ?? "", Verb: other.verb ?? "" };
    const why = "cannot be specified in combination with resourceAttributes";
    errors.push(invalid(specPath.child("nonResourceAttributes"), shown, why));
  }
  if (!resource && !other) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    errors.push(invalid(specPath.child("resourceAttributes"), null, why));
  }
  if (!self && !spec.user && !spec.groups?.length) {
    errors.push(invalid(specPath.child("user"), "", "at least one of user or group must be specified"));
  }
  if (!resource) return errors;
  for (const [name, selector] of [
    ["fieldSelector", resource.fieldSelector],
    ["labelSelector", resource.labelSelector],
  ] as const) {
    if (selector) errors.push(...selectorErrors(selector, specPath.child("resourceAttributes", name)));
  }
  return errors;
}

function* selectorErrors({ rawSelector, requirements }: Selector, path: FieldPath): Iterable<FieldError> {
  if (rawSelector && requirements?.length) {
    yield invalid(path.child("rawSelector"), rawSelector, "may not specified at the same time as requirements");
  }
  if (!rawSelector && !requirements?.length) {
    yield required(path.child("requirements"), `when ${path} is specified, requirements or rawSelector is required`);
  }
}

function answer(spec: ReviewSpec, authorize: Authorizer, own?: UserInfo): object {
  const { user = "", uid, groups = [], extra } = spec;
  const who = own ?? { username: user, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) };
  const { decision, reason } = authorize(questionOf(who, spec));
  return {
    allowed: decision === "allow",
    ...(decision === "deny" ? { denied: true } : {}),
    ...(reason ? { reason } : {}),
  };
}

function questionOf(user: UserInfo, { resourceAttributes, nonResourceAttributes }: ReviewSpec): Attributes {
  if (!resourceAttributes) {
    const { verb = "", path = "" } = nonResourceAttributes!;
    return { user, verb, path };
  }
  const { verb = "", group: apiGroup = "", version = "*", resource = "", ...rest } = resourceAttributes;
  return {
    user,
    verb,
    resource: {
      group: apiGroup,
      version: version || "*",
      plural: resource,
      subresource: rest.subresource || undefined,
      namespace: rest.namespace || undefined,
      name: rest.name || undefined,
      fieldSelector: selectorText(rest.fieldSelector),
      labelSelector: selectorText(rest.labelSelector),
    },
  };
}

/** A selector as requests write it. Only what narrows to one value counts: the rest cannot allow more. */
function selectorText(selector: Selector | undefined): string | undefined {
  if (selector?.rawSelector) return selector.rawSelector;
  const parts = (selector?.requirements ?? [])
    .filter(({ operator, values }) => operator === "In" && values?.length === 1)
    .map(({ key, values }) => `${key}=${values![0]}`);
  return parts.length > 0 ? parts.join(",") : undefined;
}

/** Answers a SelfSubjectRulesReview: everything that roles allow in a namespace. Throws a 400 without a namespace. */
export function rulesReview(spec: { namespace?: string }, user: UserInfo, rbac: Rbac | undefined): object {
  if (!spec.namespace) throw badRequest("no namespace on request");
  if (!rbac) return { resourceRules: [], nonResourceRules: [], incomplete: true };
  const { rules, errors } = rbac.rulesFor(user, spec.namespace);
  const forResources = rules.filter((rule) => rule.resources?.length);
  const forPaths = rules.filter((rule) => rule.nonResourceURLs?.length);
  const nodes = user.groups.includes("system:nodes");
  const problems = [...errors, ...(nodes ? ["node authorizer does not support user rule resolution"] : [])];
  return {
    resourceRules: forResources.map(({ verbs, apiGroups, resources, resourceNames }: PolicyRule) => ({
      verbs,
      apiGroups,
      resources,
      ...(resourceNames?.length ? { resourceNames } : {}),
    })),
    nonResourceRules: forPaths.map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: problems.length > 0,
    ...(problems.length > 0 ? { evaluationError: joinErrors(problems) } : {}),
  };
}
