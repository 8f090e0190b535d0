// Probes and lifecycle hooks: what is done, and how often.

import { type FieldPath, forbiddenField, invalid, required } from "../../machinery/field.ts";
import { httpHeaderName, portName, portNumber } from "../../machinery/names.ts";
import { addInvalid, checkNonNegative, checkRequiredOneOf, type Errors } from "../../parts/checks.ts";
import type { Handler, Lifecycle, Probe } from "./types.ts";

/** A port by number or by name. */
export function checkPort(errors: Errors, port: number | string | undefined, path: () => FieldPath): void {
  const value = port ?? 0;
  addInvalid(errors, path, value, typeof value === "number" ? portNumber(value) : portName(value));
}

function checkHttp(errors: Errors, action: NonNullable<Handler["httpGet"]>, path: FieldPath): void {
  if (!action.path) errors.push(required(path.child("path")));
  checkPort(errors, action.port, () => path.child("port"));
  checkRequiredOneOf(errors, action.scheme, ["HTTP", "HTTPS"], () => path.child("scheme"));
  for (const { name } of action.httpHeaders ?? []) {
    addInvalid(errors, () => path.child("httpHeaders"), name, httpHeaderName(name));
  }
}

type HandlerCheck = (errors: Errors, action: any, path: FieldPath, graceSeconds: number | undefined) => void;

const handlers: Record<string, HandlerCheck> = {
  exec: (errors, { command }, path) => {
    if (!command?.length) errors.push(required(path.child("command")));
  },
  httpGet: checkHttp,
  tcpSocket: (errors, { port }, path) => checkPort(errors, port, () => path.child("port")),
  grpc: (errors, { port }, path) => addInvalid(errors, () => path.child("port"), port ?? 0, portNumber(port ?? 0)),
  sleep: (errors, { seconds }, path, graceSeconds) => {
    // What may not be negative must not outlast the pod's own end either (KEP-3960).
    const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
    if (graceSeconds !== undefined && ((seconds ?? 0) < 0 || seconds > graceSeconds)) {
      errors.push(invalid(path, seconds, why));
    }
  },
};

function checkHandler(errors: Errors, handler: any, graceSeconds: number | undefined, path: FieldPath): void {
  let count = 0;
  for (const name of Object.keys(handlers)) {
    if (!handler[name]) continue;
    if (count > 0) errors.push(forbiddenField(path.child(name), "may not specify more than 1 handler type"));
    else handlers[name]!(errors, handler[name], path.child(name), graceSeconds);
    count++;
  }
  if (count === 0) errors.push(required(path, "must specify a handler type"));
}

const counts = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function checkProbe(errors: Errors, probe: Probe, graceSeconds: number | undefined, path: FieldPath): void {
  const { sleep: _, ...handler } = probe;
  checkHandler(errors, handler, graceSeconds, path);
  for (const name of counts) checkNonNegative(errors, probe[name], () => path.child(name));
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined && own <= 0) {
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), own, "must be greater than 0"));
  }
}

/** Probes whose first success counts at once. */
function checkOnceProbe(errors: Errors, probe: Probe | undefined, graceSeconds: number | undefined, path: FieldPath) {
  if (!probe) return;
  checkProbe(errors, probe, graceSeconds, path);
  if (probe.successThreshold !== 1) {
    errors.push(invalid(path.child("successThreshold"), probe.successThreshold ?? 0, "must be 1"));
  }
}

export const checkLiveness = checkOnceProbe;
export const checkStartup = checkOnceProbe;

/** A readiness probe, which never kills: it has no grace period of its own. */
export function checkReadiness(
  errors: Errors,
  probe: Probe | undefined,
  graceSeconds: number | undefined,
  path: FieldPath,
): void {
  if (!probe) return;
  checkProbe(errors, probe, graceSeconds, path);
  const own = probe.terminationGracePeriodSeconds;
  if (own !== undefined) {
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), own, "must not be set for readinessProbes"));
  }
}

/** What runs after a container's start and before its stop. */
export function checkLifecycle(
  errors: Errors,
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
  path: FieldPath,
): void {
  if (lifecycle?.postStart) checkHandler(errors, lifecycle.postStart, graceSeconds, path.child("postStart"));
  if (lifecycle?.preStop) checkHandler(errors, lifecycle.preStop, graceSeconds, path.child("preStop"));
}
