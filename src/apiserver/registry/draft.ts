import { canonicalJson } from "../../api/machinery/hash.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { RequestFacts, Resource } from "../../api/machinery/resource.ts";
import type { AdmissionRequest, Registry, Scope } from "./scope.ts";

/** Runs every admission plugin's `mutate`; twice if a policy or a webhook changed what others had seen before. */
export async function admit(registry: Registry, request: AdmissionRequest): Promise<void> {
  await admitOnce(registry, request);
  if (!request.rounds?.again) return;
  request.rounds.second = true;
  await admitOnce(registry, request);
}

async function admitOnce(registry: Registry, request: AdmissionRequest): Promise<void> {
  for (const plugin of registry.admission) {
    const waiting = plugin.mutate?.(request);
    if (waiting) await waiting;
  }
}

/** Runs every admission plugin's `validate`. */
export async function review(registry: Registry, request: AdmissionRequest): Promise<void> {
  for (const plugin of registry.admission) {
    const waiting = plugin.validate?.(request);
    if (waiting) await waiting;
  }
}

/** The object in the version that is stored: custom resources have one of several. */
export function inStorage(stored: Resource, object: KubeObject): KubeObject | Promise<KubeObject> {
  return stored.custom ? stored.custom.toStorage(object) : object;
}

export function definedOnly(fields: Record<string, unknown>): Record<string, unknown> {
  for (const key in fields) if (fields[key] === undefined || isEmpty(fields[key])) delete fields[key];
  return fields;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** kind, apiVersion and metadata first: list answers cut the first two off the JSON. */
export function ordered(object: KubeObject): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata, ...rest } as KubeObject;
}

/** What a resource's hooks may know of a request. */
export function factsOf(registry: Registry, { user, warnings }: Scope): RequestFacts {
  return { now: registry.clock.now(), username: user.username, user, warn: (text) => warnings.push(text) };
}

export const afterAdmission = " after mutating admission happens";

/** An owner counts once however often it is named. The author is told. */
export function dropRepeatedOwners({ metadata }: KubeObject, scope: Scope, when: string): void {
  const owners = metadata.ownerReferences;
  if (!Array.isArray(owners) || owners.length < 2) return;
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const kept = owners.filter((owner) => {
    const text = canonicalJson(owner);
    if (!seen.has(text)) return seen.add(text);
    repeated.add(owner.uid);
    return false;
  });
  if (repeated.size === 0) return;
  metadata.ownerReferences = kept;
  scope.warnings.push(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...repeated].join(", ")}`,
  );
}

/** The draft as admission and the owners of fields see it: with all that its author may leave out. */
export function withDefaults(stored: Resource, resource: Resource, draft: KubeObject): KubeObject {
  if (!resource.storedAs) {
    stored.defaults?.(draft);
    return draft;
  }
  const inStoredForm = resource.storedAs.toStored(draft);
  stored.defaults?.(inStoredForm);
  return resource.storedAs.fromStored(inStoredForm);
}

export function toStored(resource: Resource, draft: KubeObject): KubeObject {
  return resource.storedAs ? resource.storedAs.toStored(draft) : draft;
}
