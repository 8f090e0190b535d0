import type { KubeObject } from "../../api/machinery/object.ts";
import type { Clock, Random } from "../../base/world.ts";
import type { Client } from "../../client/mod.ts";
import { toHex } from "./bytes.ts";

/** Tells what happened to an object, for `kubectl describe` and `kubectl get events`. Never waits, never fails. */
export type Recorder = (about: EventSubject, type: "Normal" | "Warning", reason: string, message: string) => void;

export interface EventSubject {
  object: KubeObject;
  /** A part of the object: `spec.containers{web}`. */
  fieldPath?: string;
}

/** How many different events are remembered for counting repetitions. */
const rememberedMax = 4096;

/** A recorder that writes core/v1 events; the same event again raises the count of the first. */
export function eventRecorder(client: Client, node: string, clock: Clock, random: Random): Recorder {
  const seen = new Map<string, { name: string; count: number; first: string; sent: Promise<void> }>();

  async function create(
    subject: EventSubject,
    type: string,
    reason: string,
    message: string,
    name: string,
    at: string,
  ) {
    const { object, fieldPath } = subject;
    const { metadata } = object;
    const namespace = metadata.namespace ?? "default";
    await client.create("events", {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace },
      involvedObject: {
        kind: object.kind,
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
        apiVersion: object.apiVersion,
        resourceVersion: metadata.resourceVersion,
        ...(fieldPath ? { fieldPath } : {}),
      },
      reason,
      message,
      source: { component: "kubelet", host: node },
      reportingComponent: "kubelet",
      reportingInstance: node,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      type,
    });
  }

  return (subject, type, reason, message) => {
    const at = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const { metadata } = subject.object;
    const key = [metadata.uid, subject.fieldPath, type, reason, message].join("\n");
    const known = seen.get(key);
    if (known) {
      known.count++;
      const where = { namespace: metadata.namespace ?? "default", name: known.name };
      const patch = { count: known.count, lastTimestamp: at };
      known.sent = known.sent.then(async () => {
        await client.patch("events", where, "merge", patch).catch(() => {
          // It expired: the next one is a new event.
          seen.delete(key);
        });
      });
      return;
    }
    if (seen.size >= rememberedMax) seen.delete(seen.keys().next().value!);
    const name = `${metadata.name}.${toHex(random.bytes(8))}`;
    // Nobody waits for an event, and a lost one is no failure.
    const sent = create(subject, type, reason, message, name, at).catch(() => {
      seen.delete(key);
    });
    seen.set(key, { name, count: 1, first: at, sent });
  };
}
