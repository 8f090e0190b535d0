import { defineResource } from "../machinery/resource.ts";
import { createOnly } from "../parts/subresources.ts";

const group = "authorization.k8s.io";
const version = "v1";

export const localSubjectAccessReviews = defineResource({
  group,
  version,
  kind: "LocalSubjectAccessReview",
  plural: "localsubjectaccessreviews",
  scope: "Namespaced",
  verbs: createOnly,
  stored: false,
  schema: "io.k8s.api.authorization.v1.LocalSubjectAccessReview",
});

export const selfSubjectAccessReviews = defineResource({
  group,
  version,
  kind: "SelfSubjectAccessReview",
  plural: "selfsubjectaccessreviews",
  scope: "Cluster",
  verbs: createOnly,
  stored: false,
  schema: "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
});

export const selfSubjectRulesReviews = defineResource({
  group,
  version,
  kind: "SelfSubjectRulesReview",
  plural: "selfsubjectrulesreviews",
  scope: "Cluster",
  verbs: createOnly,
  stored: false,
  schema: "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
});

export const subjectAccessReviews = defineResource({
  group,
  version,
  kind: "SubjectAccessReview",
  plural: "subjectaccessreviews",
  scope: "Cluster",
  verbs: createOnly,
  stored: false,
  schema: "io.k8s.api.authorization.v1.SubjectAccessReview",
});
