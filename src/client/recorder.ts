import type { KubeObject } from "../api/machinery/object.ts";
import { hasReason } from "../api/machinery/status.ts";
import { formatTime } from "../api/machinery/time.ts";
import type { Clock, Random } from "../base/world.ts";
import type { Client } from "./client.ts";

export interface EventSubject {
  object: KubeObject;
  /** A part of the object: `spec.containers{web}`. */
  fieldPath?: string;
}

export type EventType = "Normal" | "Warning";

/** Tells what happened to an object, for `kubectl describe` and `kubectl get events`. Never waits, never fails. */
export type Recorder = (about: EventSubject, type: EventType, reason: string, message: string) => void;

/** Who tells: `replicaset-controller`, or `kubelet` on a host. */
export interface EventSource {
  component: string;
  host?: string;
}

export interface RecorderOptions {
  client: Client;
  clock: Clock;
  random: Random;
  source: EventSource;
}

/** Events with one text are counted; those that differ in nothing but the text become one when there are this many… */
const similarMax = 10;
/** …within this time, in milliseconds (client-go's EventAggregator). */
const similarMs = 600_000;
/** What one source may say of one object: a bucket of 25 that gains one every five minutes (EventSourceObjectSpamFilter). */
const spam = { burst: 25, refillMs: 300_000 };
/** How many different things each memory holds; the oldest go. */
const rememberedMax = 4096;

interface Told {
  name: string;
  count: number;
  first: string;
  /** The write before: the next waits for it, so that counts do not go back. */
  sent: Promise<void>;
}

/** A map that forgets its oldest entry when it is full. */
function memory<V>(): Map<string, V> {
  const map = new Map<string, V>();
  const set = map.set.bind(map);
  map.set = (key, value) => {
    if (!map.has(key) && map.size >= rememberedMax) map.delete(map.keys().next().value!);
    return set(key, value);
  };
  return map;
}

/** A recorder that writes core/v1 events, counts repetitions and limits how much is said about one object. */
export function eventRecorder({ client, clock, random, source }: RecorderOptions): Recorder {
  const told = memory<Told>();
  const similar = memory<{ texts: Set<string>; lastMs: number }>();
  const buckets = memory<{ tokens: number; atMs: number }>();

  const nameFor = eventNames(clock, random);

  function isSpam(subject: string): boolean {
    const now = clock.now();
    const bucket = buckets.get(subject) ?? { tokens: spam.burst, atMs: now };
    const tokens = Math.min(spam.burst, bucket.tokens + (now - bucket.atMs) / spam.refillMs);
    buckets.set(subject, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: now });
    return tokens < 1;
  }

  /** Whether there were so many alike that this text stands for all of them. */
  function isOneOfMany(kind: string, message: string): boolean {
    const now = clock.now();
    let known = similar.get(kind);
    if (!known || now - known.lastMs > similarMs) known = { texts: new Set(), lastMs: now };
    known.lastMs = now;
    known.texts.add(message);
    similar.set(kind, known);
    return known.texts.size >= similarMax;
  }

  return (about, type, reason, message) => {
    const { metadata, kind } = about.object;
    const subject = [kind, metadata.namespace, metadata.name, metadata.uid, about.fieldPath].join("\n");
    const alike = [subject, type, reason].join("\n");
    const merged = isOneOfMany(alike, message);
    const text = merged ? `(combined from similar events): ${message}` : message;
    if (isSpam(subject)) return;
    const key = merged ? alike : `${alike}\n${message}`;
    const at = formatTime(clock.now());
    const known = told.get(key);
    if (known) {
      known.count++;
      const where = { namespace: metadata.namespace ?? "default", name: known.name };
      const patch = { count: known.count, lastTimestamp: at, message: text };
      known.sent = known.sent.then(async () => {
        try {
          await client.patch("events", where, "merge", patch);
        } catch (error) {
          // It expired: the next one is a new event.
          if (hasReason(error, "NotFound")) told.delete(key);
        }
      });
      return;
    }
    const name = nameFor(metadata.name);
    const event = eventOf(about, source, { name, type, reason, message: text, at });
    // Nobody waits for an event, and a lost one is no failure.
    const sent = client.create("events", event).then(
      () => {},
      () => void told.delete(key),
    );
    told.set(key, { name, count: 1, first: at, sent });
  };
}

/**
 * Names that sort by time, to a few microseconds, as client-go's do: events of one second are listed in order by their
 * names. The last digits are chance, so that two tellers never choose the same.
 */
function eventNames(clock: Clock, random: Random): (object: string) => string {
  const startMs = clock.now() - clock.monotonicMs();
  return (object) => {
    const microseconds = BigInt(Math.round((startMs + clock.monotonicMs()) * 1000));
    const chance = BigInt(Math.floor(random.next() * 1000));
    return `${object.slice(0, 253 - 17)}.${(microseconds * 1000n + chance).toString(16)}`;
  };
}

/** The event object. Pure. */
function eventOf(
  { object, fieldPath }: EventSubject,
  source: EventSource,
  said: { name: string; type: EventType; reason: string; message: string; at: string },
): object {
  const { metadata } = object;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: said.name, namespace: metadata.namespace ?? "default" },
    involvedObject: {
      kind: object.kind,
      ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
      name: metadata.name,
      uid: metadata.uid,
      apiVersion: object.apiVersion,
      resourceVersion: metadata.resourceVersion,
      ...(fieldPath ? { fieldPath } : {}),
    },
    reason: said.reason,
    message: said.message.length > 1024 ? `${said.message.slice(0, 1021)}...` : said.message,
    source: { component: source.component, ...(source.host ? { host: source.host } : {}) },
    reportingComponent: source.component,
    reportingInstance: source.host ?? "",
    firstTimestamp: said.at,
    lastTimestamp: said.at,
    count: 1,
    type: said.type,
  };
}
