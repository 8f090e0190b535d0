import { groupOf, type KubeObject } from "../../../api/machinery/object.ts";
import { selects } from "../../../api/machinery/selector.ts";
import { cacheOf, type Registry, serveOne } from "../../registry/scope.ts";
import type { Subject } from "../subject.ts";

/** Why a policy or its binding cannot be asked: shown after `failed to configure binding: `. */
export class ConfigurationError extends Error {}

/**
 * The parameters that a binding gives its policy: one evaluation for each, and one with null where the policy takes none
 * or the binding gives none. Throws a ConfigurationError.
 */
export async function paramsOf(subject: Subject, policy: any, binding: any): Promise<(KubeObject | null)[]> {
  const { paramKind } = policy.spec;
  const { paramRef } = binding.spec;
  if (!paramKind || !paramRef) return [null];
  const { registry } = subject;
  const resource = resourceOfKind(registry, paramKind);
  if (!resource)
    throw new ConfigurationError(`paramKind kind \`${paramKind.apiVersion}, Kind=${paramKind.kind}\` not known`);
  if (!resource.namespaced && paramRef.namespace) {
    throw new ConfigurationError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  }
  const namespace = resource.namespaced ? paramRef.namespace || subject.namespace : undefined;
  if (namespace === "") {
    const why = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources";
    throw new ConfigurationError(why);
  }
  const cache = cacheOf(registry, resource);
  const key = namespace === undefined ? paramRef.name : `${namespace}/${paramRef.name}`;
  const found = paramRef.name
    ? [cache.get(key)].filter((item) => item !== undefined)
    : [...cache.list(namespace)].filter(({ object }) => selects(paramRef.selector, object.metadata.labels));
  if (found.length === 0 && paramRef.parameterNotFoundAction === "Deny") {
    throw new ConfigurationError("no params found for policy binding with `Deny` parameterNotFoundAction");
  }
  return Promise.all(found.map(async (item) => (await serveOne(resource, item)).object));
}

function resourceOfKind(registry: Registry, { apiVersion, kind }: { apiVersion: string; kind: string }) {
  const group = groupOf(apiVersion);
  return registry.resources
    .all()
    .find((each) => each.group === group && each.kind === kind && each.apiVersion === apiVersion && each.stored);
}
