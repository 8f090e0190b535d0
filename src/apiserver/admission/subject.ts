import { completer } from "../../api/machinery/complete.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { forbidden, type StatusError } from "../../api/machinery/status.ts";
import { storagePrefix } from "../cache/cache.ts";
import { type AdmissionRequest, cacheOf, type Registry, storedResource } from "../registry/scope.ts";
import { toScale } from "../subresources/scale.ts";

export interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** A request as policies and webhooks look at it. Made once for each time that one of them is asked. */
export interface Subject {
  registry: Registry;
  request: AdmissionRequest;
  operation: AdmissionRequest["operation"];
  resource: Resource;
  /** Empty for the object itself. */
  subresource: string;
  name: string;
  /** Empty for what is in no namespace. A namespace is in itself. */
  namespace: string;
  /** Of the object in the request: a subresource may have a kind of its own. */
  kind: Kind;
}

/** Objects of these are decided by nobody that they configure: a broken one can be repaired. */
const exemptKinds = new Set([
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
]);

/** Who may do what is asked on the way to every decision: nobody stands between. */
const exemptReviews = new Set([
  "selfsubjectreviews.authentication.k8s.io",
  "tokenreviews.authentication.k8s.io",
  "localsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectaccessreviews.authorization.k8s.io",
  "selfsubjectrulesreviews.authorization.k8s.io",
  "subjectaccessreviews.authorization.k8s.io",
]);

/** Whether neither policies nor webhooks are asked about this resource. */
export function isExempt({ group, kind, id }: Resource): boolean {
  return (group === "admissionregistration.k8s.io" && exemptKinds.has(kind)) || exemptReviews.has(id);
}

/** What a request is about. */
export function subjectOf(registry: Registry, request: AdmissionRequest): Subject {
  const { scope, operation, subresource = "" } = request;
  const { resource } = scope;
  const part = resource.subresources?.find(({ name }) => name === subresource);
  const kind: Kind = {
    group: part?.kind ? (part.group ?? resource.group) : resource.group,
    version: part?.kind ? (part.version ?? resource.version) : resource.version,
    kind: part?.kind ?? resource.kind,
  };
  const name = request.name ?? "";
  const namespace = resource.id === "namespaces" ? name : (scope.namespace ?? "");
  return { registry, request, operation, resource, subresource, name, namespace, kind };
}

/** Resources that show the same objects in other words, the asked one first (`matchPolicy: Equivalent`). */
export function equivalents({ registry, resource, subresource }: Subject): readonly Resource[] {
  // A part of its own kind (a Scale) reads the same everywhere, but has no other versions here.
  const prefix = storagePrefix(storedResource(registry, resource));
  const others = registry.resources.all().filter((each) => {
    if (each === resource || !each.stored) return false;
    if (subresource && !each.subresources?.some(({ name }) => name === subresource)) return false;
    return storagePrefix(storedResource(registry, each)) === prefix;
  });
  return [resource, ...others];
}

/** An object of the request in the words of a resource, with everything that an answer would show. */
export async function inWordsOf(subject: Subject, object: KubeObject, resource: Resource): Promise<KubeObject> {
  if (subject.subresource === "scale" && subject.resource.scale) return toScale(subject.resource, object);
  const isPart =
    object.kind !== subject.resource.kind && object.kind !== storedResource(subject.registry, resource).kind;
  if (isPart) return object;
  if (resource.custom) {
    if (object.apiVersion === resource.apiVersion) return object;
    return (await resource.custom.fromStorage([object]))[0]!;
  }
  const { storedAs } = resource;
  const stored = storedResource(subject.registry, resource);
  const own = object.apiVersion === resource.apiVersion ? object : undefined;
  const words = own ?? toWords(subject, object, storedAs);
  const complete = structuredClone(words);
  completer(resource.schema, resource.definitions ?? stored.definitions ?? definitions)(complete);
  return { ...complete, apiVersion: resource.apiVersion, kind: resource.kind };
}

function toWords({ resource }: Subject, object: KubeObject, storedAs: Resource["storedAs"]): KubeObject {
  const from = resource.storedAs && object.apiVersion === resource.apiVersion ? resource.storedAs : undefined;
  const stored = from ? from.toStored(object) : object;
  return storedAs ? storedAs.fromStored(stored) : stored;
}

/** The namespace that a request is in; undefined for what is in none. */
export function namespaceOf({ registry, resource, namespace }: Subject): KubeObject | undefined {
  if (resource.id === "namespaces" || namespace === "") return undefined;
  return cacheOf(registry, registry.resources.byId("namespaces")!).get(namespace)?.object;
}

/** The 403 for a request that somebody refused, as Kubernetes names its object. */
export function refusal({ resource, name, request }: Subject, why: string): StatusError {
  const generated = request.draft?.metadata?.generateName;
  const shown = request.collection ? "Unknown" : name || (generated ? `${generated}xxxxx` : "Unknown");
  return forbidden(resource, shown, why);
}
