import { type FieldError, FieldPath, invalid, invalidObject, required } from "../../api/machinery/field.ts";
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  pathSegment,
  qualifiedName,
} from "../../api/machinery/names.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { sameJson } from "../../base/equal.ts";

const metadataPath = new FieldPath("metadata");
const root = new FieldPath("");

/** How many bytes all annotations of an object may have together. */
const annotationBytesMax = 256 * 1024;

/**
 * What is wrong with an object's metadata and, by its declaration, with the rest. `stored` is the kind that it is stored
 * as, if that is another one.
 */
export function* objectErrors(resource: Resource, object: KubeObject, stored = resource): Generator<FieldError> {
  if (!stored.metadataLast) {
    yield* metadataErrors(stored, object);
    yield* ruleErrors(resource, object, stored);
    return;
  }
  const errors = [...ruleErrors(resource, object, stored)];
  yield* errors;
  if (resource !== stored || errors.length === 0) yield* metadataErrors(resource, object);
}

/** What is wrong with an object by its declaration alone. */
export function ruleErrors(resource: Resource, object: KubeObject, stored = resource): Iterable<FieldError> {
  return (resource.validate ?? stored.validate)?.(object, root) ?? [];
}

/** Throws the 422 if anything is wrong. */
export function throwIfInvalid(resource: Resource, name: string | undefined, errors: Iterable<FieldError>): void {
  const list = [...errors];
  if (list.length > 0) throw invalidObject(resource.group, resource.kind, name ?? "", list);
}

function nameErrors(resource: Resource, name: string): string[] {
  switch (resource.nameRule ?? "dns1123subdomain") {
    case "dns1123subdomain":
      return dns1123Subdomain(name);
    case "dns1123label":
      return dns1123Label(name);
    case "dns1035label":
      return dns1035Label(name);
    case "path":
      return pathSegment(name);
    case "none":
      return [];
  }
}

export function* metadataErrors(resource: Resource, object: KubeObject): Generator<FieldError> {
  const { metadata } = object;
  const { generateName } = metadata;
  if (generateName) {
    // What follows a last dash is drawn: here it is a letter.
    const shape =
      generateName.length > 1 && generateName.endsWith("-") ? `${generateName.slice(0, -2)}a` : generateName;
    for (const why of nameErrors(resource, shape)) yield invalid(metadataPath.child("generateName"), generateName, why);
  }
  if (!metadata.name) yield required(metadataPath.child("name"), "name or generateName is required");
  else
    for (const why of nameErrors(resource, metadata.name))
      yield invalid(metadataPath.child("name"), metadata.name, why);
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    for (const why of qualifiedName(key)) yield invalid(metadataPath.child("labels"), key, why);
    for (const why of labelValue(value)) yield invalid(metadataPath.child("labels"), value, why);
  }
  let annotationBytes = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    for (const why of qualifiedName(key.toLowerCase())) yield invalid(metadataPath.child("annotations"), key, why);
    annotationBytes += key.length + value.length;
  }
  if (annotationBytes > annotationBytesMax) {
    yield {
      type: "FieldValueTooLong",
      field: "metadata.annotations",
      body: `Too long: may not be more than ${annotationBytesMax} bytes`,
    };
  }
  for (const [index, finalizer] of (metadata.finalizers ?? []).entries()) {
    const path = metadataPath.child("finalizers").index(index);
    for (const why of qualifiedName(finalizer)) yield invalid(path, finalizer, why);
    if (isCore(resource) && !finalizer.includes("/") && !standardFinalizers.has(finalizer)) {
      yield invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified");
    }
  }
  yield* ownerErrors(metadata.ownerReferences ?? []);
}

/** Kinds of Kubernetes' core: extensions and what they declare are less strict with finalizers' names. */
function isCore({ custom, group }: Resource): boolean {
  return custom === undefined && group !== "apiextensions.k8s.io" && group !== "apiregistration.k8s.io";
}

/** Finalizers that need no domain. */
export const standardFinalizers = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

function* ownerErrors(owners: NonNullable<KubeObject["metadata"]["ownerReferences"]>): Generator<FieldError> {
  const path = metadataPath.child("ownerReferences");
  let controller: string | undefined;
  for (const owner of owners) {
    // The real server names no index here.
    const at = path;
    if (!owner.apiVersion || owner.apiVersion.split("/").length > 2)
      yield invalid(at.child("apiVersion"), owner.apiVersion ?? "", "version must not be empty");
    if (!owner.kind) yield invalid(at.child("kind"), owner.kind ?? "", "must not be empty");
    if (!owner.name) yield invalid(at.child("name"), owner.name ?? "", "must not be empty");
    if (!owner.uid) yield invalid(at.child("uid"), owner.uid ?? "", "must not be empty");
    if (!owner.controller) continue;
    const shown = `${owner.kind}/${owner.name}`;
    if (controller) {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${shown}`;
      yield invalid(path, owners, why);
    }
    controller = shown;
  }
}

/** What a request must not say of metadata that only the server writes; what it leaves out is kept. */
export function* givenMetadataErrors(
  given: Partial<KubeObject["metadata"]>,
  previous: KubeObject["metadata"],
): Generator<FieldError> {
  for (const field of ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] as const) {
    const now = given[field];
    if (now !== undefined && now !== null && now !== "" && now !== previous[field])
      yield invalid(metadataPath.child(field), now, "field is immutable");
  }
}

/** What a change of metadata must not do. */
export function* metadataChangeErrors(next: KubeObject, previous: KubeObject): Generator<FieldError> {
  if (next.metadata.deletionTimestamp !== undefined) {
    const before = new Set(previous.metadata.finalizers ?? []);
    const added = (next.metadata.finalizers ?? []).filter((each) => !before.has(each));
    if (added.length > 0) {
      yield {
        type: "FieldValueForbidden",
        field: "metadata.finalizers",
        body: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((each) => JSON.stringify(each)).join(", ")}}`,
      };
    }
  }
}

/** `sameJson` for objects of built-in kinds: their lists that are written as null are not there when a request is read. */
function sameFields(a: any, b: any): boolean {
  if (a === b || (a ?? undefined) === (b ?? undefined)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b) || (Array.isArray(a) && a.length !== b.length)) return false;
  for (const key in a) if (!sameFields(a[key], b[key])) return false;
  for (const key in b) if (!(key in a) && (b[key] ?? undefined) !== undefined) return false;
  return true;
}

/** True if something besides metadata and status changed: what `metadata.generation` counts. */
export function specChanged(resource: Resource, next: KubeObject, previous: KubeObject): boolean {
  // A custom resource without a status subresource has a field of that name like any other.
  const same = resource.custom ? sameJson : sameFields;
  const countsStatus = resource.custom !== undefined && !resource.statusFields?.includes("status");
  for (const field of new Set([...Object.keys(next), ...Object.keys(previous)])) {
    if (field === "metadata" || (field === "status" && !countsStatus)) continue;
    if (!same(next[field], previous[field])) return true;
  }
  return false;
}
