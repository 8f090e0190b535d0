import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { storedResource } from "../registry/scope.ts";
import { applyScale } from "../subresources/scale.ts";
import type { Subject } from "./subject.ts";

/**
 * Puts what a policy or a webhook made in the place of the request's draft: read like a request's body, with defaults,
 * and in the words that the request came in. Throws what decoding throws.
 */
export async function changeDraft(subject: Subject, words: Resource, changed: unknown): Promise<void> {
  const { request, registry, resource } = subject;
  const draft = request.draft!;
  if (subject.subresource === "scale" && resource.scale) {
    return replace(draft, applyScale(resource, draft, changed as KubeObject));
  }
  const isPart = draft.kind !== resource.kind && draft.kind !== storedResource(registry, resource).kind;
  const next = isPart ? (changed as KubeObject) : await readBack(subject, words, changed);
  replace(draft, next);
}

/** The draft stays the same object: who asked for admission goes on with it. */
function replace(draft: KubeObject, next: KubeObject): void {
  for (const key of Object.keys(draft)) delete (draft as Record<string, unknown>)[key];
  Object.assign(draft, next);
}

async function readBack(subject: Subject, words: Resource, changed: unknown): Promise<KubeObject> {
  const { registry, resource } = subject;
  const stored = storedResource(registry, words);
  const read = words.custom
    ? words.custom.decode(changed).object
    : decoder(words.schema, words.definitions ?? definitions)(changed).object;
  const object = structuredClone(read) as KubeObject;
  if (words === resource && !resource.storedAs) {
    stored.defaults?.(object);
    return object;
  }
  if (words.custom) {
    const inStorage = await words.custom.toStorage(object);
    return structuredClone((await resource.custom!.fromStorage([inStorage]))[0]!);
  }
  const form = words.storedAs ? words.storedAs.toStored(object) : object;
  stored.defaults?.(form);
  return resource.storedAs ? resource.storedAs.fromStored(form) : form;
}
