import type { KubeObject } from "../api/machinery/object.ts";
import { sameJson } from "../base/equal.ts";
import type { DeleteOptions, PatchType, ResourceLike } from "./client.ts";
import type { EventType } from "./recorder.ts";

/** What is said about an object; `message` may need the answer of the write that it tells about. */
export interface Said {
  about: KubeObject;
  type: EventType;
  reason: string;
  message: string | ((answer: KubeObject) => string);
}

/** Told when a write succeeds, and when it fails (the message gets the error's text). */
interface Telling {
  done?: Said;
  failed?: Omit<Said, "message"> & { message(error: string): string };
}

/** One thing that a plan wants done. The runner does it. */
export type Action =
  | ({ do: "create"; resource: ResourceLike; object: object } & Telling)
  /** Carries the object's resourceVersion: whoever was faster makes the plan run again. */
  | ({ do: "update"; resource: ResourceLike; object: KubeObject; subresource?: string } & Telling)
  | ({
      do: "patch";
      resource: ResourceLike;
      object: KubeObject;
      type: PatchType;
      patch: object;
      subresource?: string;
    } & Telling)
  /** Deletes this very object: one of the same name that came after it stays. */
  | ({ do: "delete"; resource: ResourceLike; object: KubeObject; options?: DeleteOptions } & Telling)
  | { do: "deleteCollection"; resource: ResourceLike; namespace: string }
  | { do: "event"; said: Said }
  /** Plan this key again after a while. */
  | { do: "requeueAfter"; ms: number };

/** Writes `status` if it says anything new: nothing or one action. */
export function updateStatus(resource: ResourceLike, object: KubeObject, status: object): Action[] {
  if (sameJson(status, object.status)) return [];
  return [{ do: "update", resource, object: { ...object, status }, subresource: "status" }];
}

/** Something to tell about an object. */
export function event(about: KubeObject, type: EventType, reason: string, message: string): Action {
  return { do: "event", said: { about, type, reason, message } };
}

/** Plan again after `ms`. */
export function requeueAfter(ms: number): Action {
  return { do: "requeueAfter", ms };
}
