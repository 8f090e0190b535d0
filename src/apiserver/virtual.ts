import type { KubeObject } from "../api/machinery/object.ts";
import { StatusError } from "../api/machinery/status.ts";
import { formatTime } from "../api/machinery/time.ts";
import type { HttpAnswer, UserInfo } from "../base/http.ts";
import type { serviceAccountAuthenticator } from "./auth/service_account.ts";
import { objectAnswer } from "./http/answer.ts";
import { decodeAs, readValue } from "./http/body.ts";
import type { Call } from "./http/resources.ts";
import { bindPod } from "./subresources/pods.ts";

/** Answers for kinds that are asked and never stored: bindings and reviews. */
export function virtualKinds(
  tokens: ReturnType<typeof serviceAccountAuthenticator> | undefined,
  audiences: readonly string[],
) {
  return async (call: Call): Promise<HttpAnswer> => {
    const { scope, request, form, registry } = call;
    const { value, problems } = await readValue(request, scope.resource.kind, scope.resource.apiVersion);
    const body = decodeAs(scope.resource, value, { ...scope, parseProblems: problems });
    switch (scope.resource.id) {
      case "bindings": {
        const pods = registry.resources.byId("pods")!;
        return objectAnswer(201, await bindPod(registry, { ...scope, resource: pods }, body.metadata.name, body), form);
      }
      case "selfsubjectreviews.authentication.k8s.io":
        return objectAnswer(201, { ...stamped(body, call), status: { userInfo: shown(scope.user) } }, form);
      case "tokenreviews.authentication.k8s.io": {
        const wanted: string[] = body.spec?.audiences?.length ? body.spec.audiences : [...audiences];
        const found = await tokens?.userOf(body.spec?.token ?? "", wanted);
        const status = found
          ? {
              authenticated: true,
              user: shown({ ...found.user, groups: [...found.user.groups, "system:authenticated"] }),
              audiences: found.audiences,
            }
          : { user: {}, error: "invalid bearer token" };
        return objectAnswer(201, { ...body, status }, form);
      }
      case "selfsubjectaccessreviews.authorization.k8s.io":
        return objectAnswer(201, { ...body, status: accessOf(scope.user.groups) }, form);
      case "subjectaccessreviews.authorization.k8s.io":
      case "localsubjectaccessreviews.authorization.k8s.io":
        return objectAnswer(201, { ...body, status: accessOf(["system:authenticated"]) }, form);
      case "selfsubjectrulesreviews.authorization.k8s.io":
        return objectAnswer(201, { ...body, status: rulesOf(scope.user.groups) }, form);
      default:
        throw new StatusError({
          code: 501,
          reason: "NotImplemented",
          message: `not supported yet: ${scope.resource.id}`,
        });
    }
  };
}

/** What the server lets a member of these groups do: all or nothing, as long as roles are not enforced. */
function accessOf(groups: readonly string[]): object {
  return groups.includes("system:unauthenticated")
    ? { allowed: false }
    : { allowed: true, reason: "authenticated users may do everything: roles are not enforced yet" };
}

function rulesOf(groups: readonly string[]): object {
  if (groups.includes("system:unauthenticated")) return { resourceRules: [], nonResourceRules: [], incomplete: false };
  return {
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
    incomplete: false,
  };
}

function stamped(body: KubeObject, { now }: Call): KubeObject {
  return { ...body, metadata: { ...body.metadata, creationTimestamp: formatTime(now) } };
}

function shown({ username, uid, groups, extra }: UserInfo): object {
  return { username, ...(uid ? { uid } : {}), groups, ...(extra ? { extra } : {}) };
}
