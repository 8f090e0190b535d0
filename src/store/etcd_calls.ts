import type { RpcClient } from "../base/http.ts";
import type { Clock } from "../base/world.ts";

/** How long one member is waited for, in milliseconds, before another is asked. */
const attemptMsMax = 5_000;

/** How long the whole cluster is waited for, in milliseconds. */
const requestMsMax = 10_000;

/** Pauses between tries, in milliseconds. */
const pauseMsMin = 20;
const pauseMsMax = 500;

/** One member of an etcd cluster. */
export interface EtcdMember {
  /** Where it is, for messages. */
  endpoint: string;
  rpc: RpcClient;
}

/** Calls that go to the member that answered last, and to the next one when it does not. */
export interface EtcdCalls {
  /**
   * One call. What only reads is repeated elsewhere after any failure of the member; what writes only if it cannot have
   * arrived: whether a write was done that got no answer is not known, and that is an error.
   */
  call<Answer>(method: string, request: object, options: { reads: boolean }): Promise<Answer>;
  /** Opens a watch at the present member. The caller asks for the `next` member when it ends. */
  watch<Answer>(request: object, signal: AbortSignal): AsyncIterable<Answer>;
  /** Goes on to another member, and waits a little, the longer the more have failed in a row. */
  next(failures: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

// gRPC's status codes.
const deadlineExceeded = 4;
const internalCode = 13;
const unavailable = 14;

interface RpcError {
  code?: number;
  details?: string;
}

/** Members as one: calls with failover. */
export function etcdCalls(members: readonly EtcdMember[], clock: Clock): EtcdCalls {
  let present = 0;

  const next = async (failures: number, signal?: AbortSignal) => {
    // Every member gets its chance before there is a pause.
    const rounds = Math.floor(failures / members.length);
    if (failures > 0) present = (present + 1) % members.length;
    if (rounds > 0) await clock.sleep(Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(rounds, 10)), signal);
  };

  return {
    async call(method, request, { reads }) {
      const began = clock.monotonicMs();
      for (let failures = 1; ; failures++) {
        const left = requestMsMax - (clock.monotonicMs() - began);
        const member = members[present]!;
        try {
          const timeoutMs = Math.max(1, reads ? Math.min(attemptMsMax, left) : left);
          return await member.rpc.call("etcdserverpb.KV", method, request, { timeoutMs });
        } catch (error) {
          if (!isLost(error)) throw error;
          if (members[present] === member) await next(failures);
          const again = (reads || isUnsent(error)) && !isRefused(error);
          if (!again || clock.monotonicMs() - began >= requestMsMax) throw lostError(member, error, reads);
        }
      }
    },
    watch: (request, signal) =>
      members[present]!.rpc.stream("etcdserverpb.Watch", "Watch", request, { signal, headers: { hasleader: "true" } }),
    next,
    close() {
      for (const { rpc } of members) rpc.close();
    },
  };
}

/** Whether the member has failed, and not the request. */
function isLost(error: unknown): boolean {
  const { code, details = "" } = error as RpcError;
  return code === unavailable || code === deadlineExceeded || (code === internalCode && /RST_STREAM/.test(details));
}

/** Whether a request cannot have reached the member: there was no connection to send it on. */
function isUnsent(error: unknown): boolean {
  const { code, details = "" } = error as RpcError;
  return code === unavailable && /^(No connection established|Name resolution failed)/.test(details);
}

/** Whether one side does not take the other's certificate: that does not mend itself. */
function isRefused(error: unknown): boolean {
  const { details = "" } = error as RpcError;
  return /certificate|SSL alert|wrong version number|unable to verify/.test(details);
}

function lostError(member: EtcdMember, error: unknown, reads: boolean): Error {
  const { details } = error as RpcError;
  const what = details ?? (error instanceof Error ? error.message : String(error));
  const unknown = reads ? "" : "; whether the write was done is not known";
  return new Error(`etcd ${member.endpoint}: ${what}${unknown}`, { cause: error });
}
