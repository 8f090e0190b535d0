import { defineResource } from "../machinery/resource.ts";
import { createOnly } from "../parts/subresources.ts";

const group = "authentication.k8s.io";
const version = "v1";

export const selfSubjectReviews = defineResource({
  group,
  version,
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  scope: "Cluster",
  verbs: createOnly,
  stored: false,
  schema: "io.k8s.api.authentication.v1.SelfSubjectReview",
});

export const tokenReviews = defineResource({
  group,
  version,
  kind: "TokenReview",
  plural: "tokenreviews",
  scope: "Cluster",
  verbs: createOnly,
  stored: false,
  schema: "io.k8s.api.authentication.v1.TokenReview",
});
