import type { Clock, Disk } from "../../base/world.ts";
import type { ServerMetrics } from "../metrics/server_metrics.ts";
import { type Auditor, auditor } from "./audit.ts";
import { type AuditLogOptions, type AuditSink, auditLog } from "./log.ts";
import { parseAuditPolicy } from "./policy.ts";

export interface AuditOptions {
  /** The text of an audit.k8s.io/v1 Policy. */
  policy: string;
  log?: AuditLogOptions;
}

/** Auditing as a server has it. */
export interface Auditing {
  /** Undefined: nothing is recorded. */
  begin: Auditor | undefined;
  /** Writes what is still waiting. */
  flush(): Promise<void>;
}

/** Puts auditing together from its options. Throws for a policy that is wrong, or a log without files to write. */
export function auditing(
  options: AuditOptions | undefined,
  disk: Disk | undefined,
  clock: Clock,
  metrics: ServerMetrics,
  report: (error: unknown) => void,
): Auditing {
  if (!options) return { begin: undefined, async flush() {} };
  const policy = parseAuditPolicy(options.policy);
  if (!options.log) return { begin: undefined, async flush() {} };
  if (!disk) throw new Error("audit log: wanted a disk to write to");
  let told = false;
  const log = auditLog(options.log, disk, clock, (error, events) => {
    metrics.auditErrors.add(["log"], events);
    // Once is enough: a full disk loses every event.
    if (!told) report(error);
    told = true;
  });
  const sink: AuditSink = {
    write(event) {
      metrics.auditEvents.add([]);
      metrics.auditLevels.add([event.level]);
      return log.write(event);
    },
    flush: () => log.flush(),
  };
  return { begin: auditor(policy, [sink], clock), flush: () => log.flush() };
}
