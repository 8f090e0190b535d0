import { approvalErrors, populateConditionTimes } from "../../api/certificates/certificatesigningrequest.ts";
import { isMirror } from "../../api/core/podspec/annotations.ts";
import { checkResize, neverResized, resizedSpec } from "../../api/core/podspec/resize.ts";
import { checkEphemeralUpdate } from "../../api/core/podspec/update.ts";
import { type FieldError, FieldPath, forbiddenField } from "../../api/machinery/field.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import type { Cached } from "../cache/cache.ts";
import { admit, review } from "../registry/draft.ts";
import { objectErrors, throwIfInvalid } from "../registry/prepare.ts";
import type { AdmissionRequest, Registry, Scope } from "../registry/scope.ts";
import { trackUpdate } from "../registry/tracking.ts";
import { type UpdateOptions, updateObject } from "../registry/update.ts";

/** A part of an object that is written apart from the rest. */
interface Part {
  /** The object with what counts of the wanted one. */
  merge(live: KubeObject, wanted: KubeObject, now: number): KubeObject;
  /** Why no change of the object is looked at any closer: then nothing else is said. */
  never?(previous: KubeObject): string | undefined;
  /** What is wrong with the change; said after what is wrong with the object itself. */
  check(errors: FieldError[], next: KubeObject, previous: KubeObject): void;
}

const specPath = new FieldPath("spec");
/** How the real server shows a path that names nothing. */
const noPath = new FieldPath("[]");

const parts: Record<string, Part> = {
  /** Ephemeral containers can only be added (KEP-277). */
  "pods/ephemeralcontainers": {
    never: (pod) => (isMirror(pod) ? "static pods do not support ephemeral containers" : undefined),
    merge: (pod, { spec }) => ({ ...pod, spec: { ...pod.spec, ephemeralContainers: spec.ephemeralContainers } }),
    check: (errors, next, previous) => checkEphemeralUpdate(errors, next as never, previous as never, specPath),
  },
  /** What containers ask for may change while they run (KEP-1287). */
  "pods/resize": {
    never: (pod) => neverResized(pod as never),
    merge: (pod, wanted) => ({ ...pod, spec: resizedSpec(pod, wanted) }),
    check: (errors, next, previous) => checkResize(errors, next as never, previous as never, specPath),
  },
  /** Whether a certificate shall be issued, and why. */
  "certificatesigningrequests.certificates.k8s.io/approval": {
    merge(live, wanted, now) {
      const { conditions, ...status } = { ...live.status, conditions: wanted.status?.conditions };
      const next = structuredClone({
        ...live,
        metadata: wanted.metadata,
        status: conditions ? { ...status, conditions } : status,
      });
      populateConditionTimes(next, live, now);
      return next;
    },
    check: (errors, next, previous) => errors.push(...approvalErrors(next, previous)),
  },
};

/** The part of a resource's objects that `updatePart` writes, if it is one. */
export function partOf(resource: Resource, name: string): Part | undefined {
  const key = `${resource.id}/${name}`;
  return Object.hasOwn(parts, key) ? parts[key] : undefined;
}

function identityOf({ metadata: { name, namespace, uid, creationTimestamp, generation } }: KubeObject) {
  return { name, ...(namespace === undefined ? {} : { namespace }), uid, creationTimestamp, generation };
}

/** Changes a part of an object. Throws what admission and validation refuse with, and what `updateObject` throws. */
export function updatePart(
  registry: Registry,
  scope: Scope,
  name: string,
  subresource: string,
  wanted: (live: KubeObject) => KubeObject | Promise<KubeObject>,
  { tracked }: Pick<UpdateOptions, "tracked"> = {},
): Promise<Cached> {
  const { merge, never, check } = partOf(scope.resource, subresource)!;
  async function transform(live: KubeObject): Promise<KubeObject> {
    const draft = await wanted(live);
    scope.resource.defaults?.(draft);
    // Who owns what follows from all that was wanted, even from what does not count.
    const { resourceVersion = "" } = draft.metadata;
    draft.metadata = { ...draft.metadata, ...identityOf(live) };
    if (!tracked) trackUpdate(registry, scope, live, draft, subresource);
    const { managedFields } = draft.metadata;
    const merged = structuredClone(merge(live, draft, registry.clock.now()));
    const metadata = { ...merged.metadata, resourceVersion, ...(managedFields ? { managedFields } : {}) };
    const next: KubeObject = { ...merged, metadata };
    const admission: AdmissionRequest = { operation: "UPDATE", scope, name, subresource, draft: next, previous: live };
    await admit(registry, admission);
    const why = never?.(live);
    if (why) throwIfInvalid(scope.resource, name, [forbiddenField(noPath, why)]);
    const errors = [...objectErrors(scope.resource, next)];
    check(errors, next, live);
    throwIfInvalid(scope.resource, name, errors);
    await review(registry, admission);
    return next;
  }
  return updateObject(registry, scope, name, transform, { subresource: "internal", internal: true, counts: true });
}
