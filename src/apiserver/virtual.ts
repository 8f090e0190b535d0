import type { KubeObject } from "../api/machinery/object.ts";
import { StatusError } from "../api/machinery/status.ts";
import { formatTime } from "../api/machinery/time.ts";
import type { HttpAnswer } from "../base/http.ts";
import { accessReview, localAccessReview, rulesReview } from "./auth/access_reviews.ts";
import type { TokenAuthenticator } from "./auth/authenticate.ts";
import type { Rbac } from "./auth/rbac.ts";
import { shownUser, tokenReview } from "./auth/token_review.ts";
import { cached } from "./cache/cache.ts";
import { type ComponentProbes, componentStatus, componentStatuses } from "./component_statuses.ts";
import { itemAnswer, listAnswer, objectAnswer } from "./http/answer.ts";
import { decodeObject } from "./http/body.ts";
import type { Call } from "./http/resources.ts";
import { trackUpdate } from "./registry/tracking.ts";
import { bindPod } from "./subresources/pods.ts";

/** What the answers come from. */
export interface VirtualFacts {
  tokens: TokenAuthenticator;
  audiences: readonly string[];
  /** Undefined if roles are not what decides. */
  rbac(): Rbac | undefined;
  components: ComponentProbes;
}

/** Answers for kinds that are asked and never stored: bindings, reviews and the components' statuses. */
export function virtualKinds(facts: VirtualFacts) {
  return async (call: Call): Promise<HttpAnswer> => {
    const { scope, request, form, registry } = call;
    if (scope.resource.id === "componentstatuses") return componentAnswer(call, facts.components);
    const body = await decodeObject(call, request);
    if (scope.resource.id === "bindings") {
      const pods = registry.resources.byId("pods")!;
      return objectAnswer(201, await bindPod(registry, { ...scope, resource: pods }, body.metadata.name, body), form);
    }
    body.metadata = askedMetadata(body.metadata);
    trackUpdate(registry, scope, undefined, body, undefined);
    const review = await reviewed(call, body, facts);
    return objectAnswer(201, review, form);
  };
}

/** What a client may say of a review's metadata. */
function askedMetadata(metadata: KubeObject["metadata"]): KubeObject["metadata"] {
  const {
    uid: _,
    creationTimestamp: __,
    deletionTimestamp: ___,
    deletionGracePeriodSeconds: ____,
    ...asked
  } = metadata;
  return asked as KubeObject["metadata"];
}

async function reviewed({ scope, registry, now }: Call, body: KubeObject, facts: VirtualFacts): Promise<KubeObject> {
  const { user, namespace } = scope;
  const { authorizer } = registry;
  const spec = body.spec ?? {};
  switch (scope.resource.id) {
    case "selfsubjectreviews.authentication.k8s.io": {
      // The real server answers with a review of its own, as it does below for rules.
      const metadata = { creationTimestamp: formatTime(now) } as KubeObject["metadata"];
      return { ...body, metadata, status: { userInfo: shownUser(user) } };
    }
    case "tokenreviews.authentication.k8s.io":
      return { ...body, status: await tokenReview(spec, facts.tokens, facts.audiences) };
    case "selfsubjectaccessreviews.authorization.k8s.io":
      return { ...body, status: accessReview(spec, authorizer, user) };
    case "subjectaccessreviews.authorization.k8s.io":
      return { ...body, status: accessReview(spec, authorizer) };
    case "localsubjectaccessreviews.authorization.k8s.io": {
      const status = localAccessReview({ metadata: body.metadata, spec }, namespace!, authorizer);
      return { ...body, status };
    }
    case "selfsubjectrulesreviews.authorization.k8s.io":
      return {
        ...body,
        metadata: {} as KubeObject["metadata"],
        spec: {},
        status: rulesReview(spec, user, facts.rbac()),
      };
    default:
      throw new StatusError({
        code: 501,
        reason: "NotImplemented",
        message: `not supported yet: ${scope.resource.id}`,
      });
  }
}

async function componentAnswer(call: Call, probes: ComponentProbes): Promise<HttpAnswer> {
  const { scope, form, name, now } = call;
  const item = (object: KubeObject) => cached(object.metadata.name, object, 0);
  if (name !== undefined)
    return itemAnswer(200, item(await componentStatus(probes, name)), form, scope.resource, "Metadata", now);
  const items = (await componentStatuses(probes)).map(item);
  return listAnswer({ items, revision: 0 }, form, scope.resource, "Metadata", now);
}
