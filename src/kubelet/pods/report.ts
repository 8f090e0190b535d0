import { hasReason } from "../../api/machinery/status.ts";
import type { PodKit } from "./kit.ts";
import type { Pod, PodStatus } from "./pod.ts";

/** Pause before a status that the API did not take is sent again, in milliseconds. */
const retryMs = 1000;

export interface Reporter {
  /** Sends this status unless it was the last one sent; while one is on its way, only the latest waits. */
  report(pod: Pod, status: PodStatus): void;
  /** Resolves when everything reported has been taken (or the pod is gone). */
  settled(): Promise<void>;
}

/** Brings one pod's status to the API, one write at a time. */
export function statusReporter(kit: Pick<PodKit, "client" | "clock" | "record">): Reporter {
  /** What the API was told last; before that, and when in doubt, what it has is what counts. */
  let sent: PodStatus | undefined;
  let reportedText = "";
  let next: { pod: Pod; status: PodStatus } | undefined;
  let sending: Promise<void> | undefined;

  function send(): void {
    sending ??= drain().finally(() => {
      sending = undefined;
      // A status that came between the last look at `next` and here would wait for ever.
      if (next) send();
    });
  }

  async function drain(): Promise<void> {
    while (next) {
      const { pod, status } = next;
      next = undefined;
      const { name, namespace, uid } = pod.metadata;
      const patch = { metadata: { uid }, status: statusPatch(sent ?? pod.status ?? {}, status) };
      try {
        await kit.client.patch("pods", { namespace, name }, "strategic", patch, { subresource: "status" });
        sent = status;
      } catch (error) {
        // A pod that is gone, or replaced by another of its name, needs no status.
        if (hasReason(error, "NotFound") || hasReason(error, "Conflict")) continue;
        if (hasReason(error, "Invalid")) {
          kit.record({ object: pod }, "Warning", "FailedSync", `error syncing pod: status: ${error.message}`);
        }
        await kit.clock.sleep(retryMs);
        const stored = await kit.client.get<Pod>("pods", { namespace, name }).catch(() => pod);
        sent = stored.status;
        next ??= { pod, status };
      }
    }
  }

  return {
    report(pod, status) {
      const text = JSON.stringify(status);
      if (text === reportedText) return;
      next = { pod, status };
      reportedText = text;
      send();
    },
    settled: async () => {
      while (sending) await sending;
    },
  };
}

/** The strategic patch that makes one status of another: fields that went become null, addresses that went are
 * taken out of their merged lists. Pure. */
export function statusPatch(before: PodStatus, after: PodStatus): Record<string, unknown> {
  const patch: Record<string, unknown> = { ...after };
  for (const field of Object.keys(before))
    if (after[field] === undefined && before[field] !== undefined) patch[field] = null;
  patch.conditions = (after.conditions ?? []).map((condition) => {
    const was = before.conditions?.find(({ type }) => type === condition.type);
    const gone = (["reason", "message"] as const).filter((field) => was?.[field] && !condition[field]);
    return { ...condition, ...Object.fromEntries(gone.map((field) => [field, null])) };
  });
  for (const field of ["podIPs", "hostIPs"] as const) {
    const now = after[field] ?? [];
    const gone = (before[field] ?? []).filter(({ ip }) => !now.some((one) => one.ip === ip));
    if (gone.length > 0) patch[field] = [...now, ...gone.map(({ ip }) => ({ $patch: "delete", ip }))];
  }
  return patch;
}
