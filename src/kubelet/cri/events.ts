import type { RpcClient } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import type { RuntimeEvent } from "./runtime.ts";
import { readFields } from "./wire.ts";

/** Milliseconds between attempts to subscribe; each attempt relists, so this is also the pace of relisting. */
const resubscribeMs = 1000;
/** Events of the CRI's own containers. */
const filter = 'namespace==k8s.io,topic~="^/tasks/(start|exit|oom)$"';

interface Envelope {
  topic: string;
  event: { typeUrl: string; value: Uint8Array } | null;
}

/**
 * containerd's events as the kubelet's. Where the stream breaks or the runtime has none (it is not containerd), a
 * `relist` comes every second instead.
 */
export async function* containerdEvents(
  rpc: RpcClient,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  while (!signal.aborted) {
    try {
      const request = { filters: [filter] };
      const stream = rpc.stream<Envelope>("containerd.services.events.v1.Events", "Subscribe", request, { signal });
      yield { type: "relist" };
      for await (const envelope of stream) {
        const event = decodeEvent(envelope);
        if (event) yield event;
      }
    } catch {
      // The runtime is away for now, or speaks no events: what was missed comes with the next listing.
    }
    if (signal.aborted) return;
    await clock.sleep(resubscribeMs, signal).catch(() => {});
  }
}

/** One of containerd's messages (`containerd.events.TaskExit` and others) as an event; undefined if it says nothing. */
export function decodeEvent({ event }: Envelope): RuntimeEvent | undefined {
  if (!event) return undefined;
  const name = event.typeUrl.slice(event.typeUrl.lastIndexOf(".") + 1);
  const fields = readFields(event.value);
  const id = fields.text(1);
  if (name === "TaskOOM") return { type: "oom", id };
  if (name === "TaskStart") return { type: "started", id };
  if (name !== "TaskExit") return undefined;
  // An exec in a container has an id of its own; the container's own process has the container's.
  if (fields.text(2) !== id) return undefined;
  const exitedAt = fields.message(5);
  const atMs = exitedAt.number(1) * 1000 + Math.floor(exitedAt.number(2) / 1e6);
  return { type: "exited", id, exitCode: fields.number(4), atMs };
}
