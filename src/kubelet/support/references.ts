import type { KubeObject } from "../../api/machinery/object.ts";
import { hasReason } from "../../api/machinery/status.ts";
import type { Clock } from "../../base/world.ts";
import type { Client } from "../../client/mod.ts";
import { follow } from "./follow.ts";

type Kind = "configmaps" | "secrets";

/** The config maps and secrets that pods of this node use: read when first asked for, then followed. */
export interface References {
  /** Undefined if there is none. */
  get(kind: Kind, namespace: string, name: string): Promise<KubeObject | undefined>;
  /** Forgets what none of these (`configmaps/namespace/name`) names. */
  keep(used: ReadonlySet<string>): void;
}

interface Entry {
  object?: KubeObject;
  /** Set once the watch stands; until then the API is asked. */
  followed: boolean;
  stop: AbortController;
}

/** Calls `changed` with `kind/namespace/name` when a followed object changes. */
export function references(
  client: Client,
  clock: Clock,
  signal: AbortSignal,
  changed: (key: string) => void,
): References {
  const entries = new Map<string, Entry>();

  function start(kind: Kind, namespace: string, name: string, key: string): Entry {
    const entry: Entry = { followed: false, stop: new AbortController() };
    entries.set(key, entry);
    const fieldSelector = `metadata.name=${name}`;
    const either = AbortSignal.any([signal, entry.stop.signal]);
    const follower = follow(client, kind, { namespace, fieldSelector }, clock, either, (object, gone) => {
      entry.object = gone ? undefined : object;
      if (entry.followed) changed(key);
    });
    void follower.synced.then(() => {
      entry.followed = true;
    });
    return entry;
  }

  return {
    async get(kind, namespace, name) {
      const key = `${kind}/${namespace}/${name}`;
      const entry = entries.get(key) ?? start(kind, namespace, name, key);
      if (entry.followed) return entry.object;
      try {
        return await client.get(kind, { namespace, name });
      } catch (error) {
        if (hasReason(error, "NotFound")) return undefined;
        throw error;
      }
    },
    keep(used) {
      for (const [key, entry] of entries) {
        if (used.has(key)) continue;
        entry.stop.abort();
        entries.delete(key);
      }
    },
  };
}
