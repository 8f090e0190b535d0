import type { FlowObserver } from "../flowcontrol/flow_control.ts";
import { counter, exposition, type Family, gauge, histogram } from "./metrics.ts";

/** Bounds in seconds, as the real server has them for each. */
const requestSeconds = [
  ...[0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
];
const storageSeconds = [
  ...[0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
];
const admissionSeconds = [0.005, 0.025, 0.1, 0.5, 1, 2.5];
const authSeconds = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);
const waitSeconds = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const sizes = Array.from({ length: 7 }, (_, index) => 1000 * 10 ** index);
const seatCounts = [1, 2, 4, 10];

/** What the server counts. Names and labels are kube-apiserver's (its metrics reference). */
export type ServerMetrics = ReturnType<typeof serverMetrics>;

/** What requests are about, as labels. */
const where = ["group", "version", "resource", "subresource", "scope", "component"];

/** Of requests and their answers. */
function requestFamilies() {
  return {
    requests: counter("apiserver_request_total", "Requests by verb, what they were about, and the answer's code.", [
      "verb",
      "dry_run",
      ...where,
      "code",
    ]),
    seconds: histogram(
      "apiserver_request_duration_seconds",
      "How long requests took, in seconds.",
      ["verb", "dry_run", ...where],
      requestSeconds,
    ),
    sliSeconds: histogram(
      "apiserver_request_sli_duration_seconds",
      "How long requests took without the time that others took for them, in seconds.",
      ["verb", ...where],
      requestSeconds,
    ),
    sizes: histogram("apiserver_response_sizes", "Answers' sizes, in bytes.", ["verb", ...where], sizes),
    inFlight: gauge("apiserver_current_inflight_requests", "Requests under way, by kind.", ["request_kind"]),
    longRunning: gauge("apiserver_longrunning_requests", "Requests under way that last.", ["verb", ...where]),
    terminations: counter("apiserver_request_terminations_total", "Requests that the server ended to protect itself.", [
      "verb",
      ...where,
      "code",
    ]),
    watchEvents: counter("apiserver_watch_events_total", "Events sent to watchers.", ["group", "version", "kind"]),
  };
}

/** Of what is stored. */
function storageFamilies() {
  return {
    objects: gauge("apiserver_storage_objects", "Objects stored, by resource.", ["resource"]),
    resourceObjects: gauge("apiserver_resource_objects", "Objects stored, by resource.", ["group", "resource"]),
    storageSeconds: histogram(
      "etcd_request_duration_seconds",
      "How long the store took, in seconds.",
      ["operation", "type"],
      storageSeconds,
    ),
    storageRequests: counter("etcd_requests_total", "Requests to the store.", ["operation", "type"]),
    storageErrors: counter("etcd_request_errors_total", "Requests to the store that failed.", ["operation", "type"]),
  };
}

/** Of who is let in, and what is refused or recorded. */
function decisionFamilies() {
  return {
    pluginSeconds: histogram(
      "apiserver_admission_controller_admission_duration_seconds",
      "How long admission plugins took, in seconds.",
      ["name", "operation", "rejected", "type"],
      admissionSeconds,
    ),
    authentications: counter("authentication_attempts", "Authentications by outcome.", ["result"]),
    authenticationSeconds: histogram(
      "authentication_duration_seconds",
      "How long authentication took, in seconds.",
      ["result"],
      authSeconds,
    ),
    users: counter("authenticated_user_requests", "Authenticated requests by user.", ["username"]),
    authorizations: counter("authorization_attempts_total", "Authorizations by outcome.", ["result"]),
    authorizationSeconds: histogram(
      "authorization_duration_seconds",
      "How long authorization took, in seconds.",
      ["result"],
      authSeconds,
    ),
    auditEvents: counter("apiserver_audit_event_total", "Audit events made."),
    auditErrors: counter("apiserver_audit_error_total", "Audit events that were lost.", ["plugin"]),
    auditLevels: counter("apiserver_audit_level_total", "Requests by audit level.", ["level"]),
  };
}

/** Of priority and fairness. */
function flowFamilies() {
  const flow = ["priority_level", "flow_schema"];
  return {
    flowRejected: counter(
      "apiserver_flowcontrol_rejected_requests_total",
      "Requests that priority and fairness refused.",
      [...flow, "reason"],
    ),
    flowDispatched: counter(
      "apiserver_flowcontrol_dispatched_requests_total",
      "Requests that priority and fairness let run.",
      flow,
    ),
    flowWaited: histogram(
      "apiserver_flowcontrol_request_wait_duration_seconds",
      "How long requests waited in queues, in seconds.",
      [...flow, "execute"],
      waitSeconds,
    ),
    flowRan: histogram(
      "apiserver_flowcontrol_request_execution_seconds",
      "How long requests ran after that, in seconds.",
      [...flow, "type"],
      waitSeconds,
    ),
    flowSeats: histogram(
      "apiserver_flowcontrol_work_estimated_seats",
      "Seats that requests were taken to need.",
      flow,
      seatCounts,
    ),
    flowWaiting: gauge("apiserver_flowcontrol_current_inqueue_requests", "Requests that wait in queues.", [
      "priority_level",
    ]),
    flowRunning: gauge("apiserver_flowcontrol_current_executing_requests", "Requests that run.", ["priority_level"]),
    flowRunningSeats: gauge("apiserver_flowcontrol_current_executing_seats", "Seats of requests that run.", [
      "priority_level",
    ]),
    flowNominal: gauge("apiserver_flowcontrol_nominal_limit_seats", "Seats by shares.", ["priority_level"]),
    flowLower: gauge("apiserver_flowcontrol_lower_limit_seats", "Seats that are not lent.", ["priority_level"]),
    flowUpper: gauge("apiserver_flowcontrol_upper_limit_seats", "Seats with all that may be borrowed.", [
      "priority_level",
    ]),
    flowCurrent: gauge("apiserver_flowcontrol_current_limit_seats", "Seats at present.", ["priority_level"]),
  };
}

/** Of the process. */
function processFamilies() {
  return {
    health: gauge("kubernetes_healthcheck", "Health checks: 1 is well.", ["name", "type"]),
    healthTotal: counter("kubernetes_healthchecks_total", "Health checks done.", ["name", "status", "type"]),
    build: gauge("kubernetes_build_info", "What was built: always 1.", [
      ...["build_date", "git_version", "major", "minor", "platform"],
    ]),
    cpu: counter("process_cpu_seconds_total", "Processor time of the process, in seconds."),
    resident: gauge("process_resident_memory_bytes", "Memory that the process holds, in bytes."),
    virtual: gauge("process_virtual_memory_bytes", "Addresses that the process has, in bytes."),
    files: gauge("process_open_fds", "Open files."),
    filesMax: gauge("process_max_fds", "Files that may be open."),
    started: gauge("process_start_time_seconds", "When the process started, in seconds since the epoch."),
  };
}

/** Makes every family, empty. */
export function serverMetrics() {
  const families = {
    ...requestFamilies(),
    ...storageFamilies(),
    ...decisionFamilies(),
    ...flowFamilies(),
    ...processFamilies(),
  };
  const all: readonly Family[] = Object.values(families);
  return { ...families, text: () => exposition(all), slis: () => exposition([families.health, families.healthTotal]) };
}

/** Counts what priority and fairness does. */
export function flowObserver(metrics: ServerMetrics): FlowObserver {
  const known = new Map<string, ReturnType<typeof seriesOf>>();
  const seriesOf = (level: string, schema: string) => ({
    dispatched: metrics.flowDispatched.of([level, schema]),
    seats: metrics.flowSeats.of([level, schema]),
    waited: metrics.flowWaited.of([level, schema, "true"]),
    ran: metrics.flowRan.of([level, schema, "regular"]),
  });
  const find = (level: string, schema: string) => {
    const key = `${schema}/${level}`;
    const found = known.get(key) ?? seriesOf(level, schema);
    known.set(key, found);
    return found;
  };
  return {
    rejected(level, schema, reason) {
      metrics.flowRejected.add([level, schema, reason]);
    },
    dispatched(level, schema, waitedMs, seats) {
      const series = find(level, schema);
      series.dispatched.add(1);
      series.seats.observe(seats);
      series.waited.observe(waitedMs / 1000);
    },
    finished(level, schema, ranMs) {
      find(level, schema).ran.observe(ranMs / 1000);
    },
  };
}
