import { evaluatorOf } from "../../../api/core/quotausage.ts";
import { forbidden } from "../../../api/machinery/status.ts";
import { type Cached, encodeValue, storagePrefix } from "../../cache/cache.ts";
import type { Taken } from "../../registry/beside.ts";
import { type AdmissionPlugin, type AdmissionRequest, cacheOf, type Registry } from "../../registry/scope.ts";
import { charge, type Write } from "./charge.ts";

/**
 * Lets nothing in that would use more than a namespace's quotas allow (ResourceQuota). What an object uses is stored in the
 * quotas' status together with it, in one transaction; what goes, the quota controller gives back.
 *
 * Invariant: whoever reads a quota and then lists what it counts sees all that the quota was charged for.
 */
export function resourceQuota(registry: () => Registry): AdmissionPlugin {
  return {
    name: "ResourceQuota",
    validate(request) {
      const { operation, scope, draft, previous, subresource, beside } = request;
      const { namespace } = scope;
      if (!draft || namespace === undefined || !scope.resource.namespaced) return;
      if (quotasIn(registry(), namespace).length === 0) return;
      const evaluator = evaluatorOf(scope.resource.id);
      const { counts } = evaluator;
      const concerned =
        operation === "CREATE"
          ? counts.create && !subresource
          : operation === "UPDATE" && counts.update && subresource === counts.subresource;
      if (!concerned) return;
      const write: Write = { evaluator, object: draft, previous, now: registry().clock.now() };
      const take = () => charged(registry(), namespace, request, write);
      // A dry run is held to the quotas but uses nothing of them.
      if (scope.dryRun || !beside) take();
      else beside.room = { turn: `quotas of ${namespace}`, take };
    },
  };
}

function quotasIn(registry: Registry, namespace: string): Cached[] {
  return [...cacheOf(registry, registry.resources.byId("resourcequotas")!).list(namespace)];
}

/** What is stored of the quotas, on the very states that it was computed on. Throws a 403 if there is no room. */
function charged(registry: Registry, namespace: string, { scope, name }: AdmissionRequest, write: Write): Taken {
  const stored = quotasIn(registry, namespace);
  const result = charge(
    stored.map(({ object }) => object),
    write,
  );
  if ("refused" in result) throw forbidden(scope.resource, name ?? "", result.refused);
  const prefix = storagePrefix(registry.resources.byId("resourcequotas")!);
  const items = stored.filter(({ object }) => result.used.has(object.metadata.name));
  return {
    preconditions: items.map(({ key, revision }) => ({ key: prefix + key, revision })),
    operations: items.map(({ key, object }) => {
      const used = result.used.get(object.metadata.name);
      return { put: prefix + key, value: encodeValue({ ...object, status: { ...object.status, used } }) };
    }),
  };
}
