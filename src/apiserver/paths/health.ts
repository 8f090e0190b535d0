import type { HttpAnswer } from "../../base/http.ts";
import type { Route } from "../http/route.ts";
import type { ServerMetrics } from "../metrics/server_metrics.ts";

type Endpoint = "healthz" | "livez" | "readyz";

/** One check. Gives what is wrong, or undefined. */
export interface HealthCheck {
  name: string;
  /** Only of `/readyz`: a server that is not ready must not be restarted for it. */
  readyOnly?: boolean;
  check(): string | undefined;
}

/** What the real server does after its start, and under what names it tells of it, by our steps. */
export const startSteps = {
  bootstrap: [
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
  ],
  flowControl: ["poststarthook/priority-and-fairness-config-consumer", "poststarthook/priority-and-fairness-filter"],
  definitions: [
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
  ],
  aggregation: [
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
  ],
} as const;

/** What the checks look at. */
export interface HealthFacts {
  /** Whether the store is there. */
  storeFailed(): boolean;
  /** The steps of the start that are done. */
  started: ReadonlySet<keyof typeof startSteps>;
  /** Set while the server takes no new clients. */
  shuttingDown(): boolean;
}

/** The checks, in the order in which they are told. */
export function healthChecks({ storeFailed, started, shuttingDown }: HealthFacts): HealthCheck[] {
  const store = () => (storeFailed() ? "the store's watch has ended" : undefined);
  const hooks = (Object.keys(startSteps) as (keyof typeof startSteps)[]).flatMap((step) =>
    startSteps[step].map((name) => ({ name, check: () => (started.has(step) ? undefined : "not finished") })),
  );
  return [
    { name: "ping", check: () => undefined },
    { name: "log", check: () => undefined },
    { name: "etcd", check: store },
    { name: "etcd-readiness", readyOnly: true, check: store },
    { name: "informer-sync", readyOnly: true, check: store },
    ...hooks,
    { name: "shutdown", readyOnly: true, check: () => (shuttingDown() ? "process is shutting down" : undefined) },
  ];
}

/** `/healthz`, `/livez` and `/readyz`, whole or one check. Undefined for other paths and unknown checks. */
export function healthAnswer(
  checks: readonly HealthCheck[],
  { path, query }: Route,
  metrics?: Pick<ServerMetrics, "health" | "healthTotal">,
): HttpAnswer | undefined {
  const match = /^\/(healthz|livez|readyz)(?:\/(.*))?$/.exec(path);
  if (!match) return undefined;
  const endpoint = match[1] as Endpoint;
  const own = checks.filter(({ readyOnly }) => !readyOnly || endpoint === "readyz");
  const one = match[2];
  if (one) {
    const check = own.find(({ name }) => name === one);
    if (!check) return undefined;
    const wrong = check.check();
    return wrong === undefined ? textAnswer(200, "ok") : textAnswer(500, `internal server error: ${wrong}\n`);
  }
  const excluded = new Set(query.getAll("exclude").filter(Boolean));
  const lines: string[] = [];
  let failed = false;
  for (const { name, check } of own) {
    if (excluded.delete(name)) {
      lines.push(`[+]${name} excluded: ok`);
      continue;
    }
    const wrong = check();
    metrics?.health.set([name, endpoint], wrong === undefined ? 1 : 0);
    metrics?.healthTotal.add([name, wrong === undefined ? "success" : "error", endpoint]);
    // Whoever may ask need not know what is wrong inside.
    lines.push(wrong === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`);
    failed ||= wrong !== undefined;
  }
  if (excluded.size > 0) {
    const names = [...excluded].map((name) => JSON.stringify(name)).join(", ");
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (failed) return textAnswer(500, `${lines.join("\n")}\n${endpoint} check failed\n`);
  if (!query.has("verbose")) return textAnswer(200, "ok");
  return textAnswer(200, `${lines.join("\n")}\n${endpoint} check passed\n`);
}

/** An answer of plain text. */
export function textAnswer(status: number, text: string, contentType = "text/plain; charset=utf-8"): HttpAnswer {
  const headers = { "content-type": contentType, "x-content-type-options": "nosniff" };
  return { status, headers, body: new TextEncoder().encode(text) };
}
