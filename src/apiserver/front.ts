import type { HttpHandler } from "../base/http.ts";
import type { Aggregator } from "./aggregation/aggregator.ts";
import { auditing } from "./audit/auditing.ts";
import { authentication } from "./auth/authentication.ts";
import { rbacOf } from "./auth/authorization.ts";
import { attributesOf, requestAuthorizer } from "./auth/denial.ts";
import { impersonated } from "./auth/impersonation.ts";
import { componentProbes } from "./component_statuses.ts";
import { flowControl } from "./flowcontrol/flow_control.ts";
import { createHandler } from "./http/handler.ts";
import { timedAuthentication, timedAuthorization } from "./metrics/auth.ts";
import { requestMeter } from "./metrics/requests.ts";
import { flowObserver, type ServerMetrics } from "./metrics/server_metrics.ts";
import { healthChecks, type startSteps } from "./paths/health.ts";
import { pathHandler } from "./paths/paths.ts";
import type { Registry } from "./registry/scope.ts";
import type { ApiServerOptions } from "./server.ts";
import { connector } from "./subresources/connect.ts";
import { virtualKinds } from "./virtual.ts";

/** What of a server's life its answers tell. */
export interface ServerState {
  /** The steps of the start that are done. */
  started: Set<keyof typeof startSteps>;
  leaving: boolean;
  /** There once it runs. */
  aggregator?: Aggregator;
  /** `address:port`, once it is published. */
  advertised?: string;
}

/** A server's requests' way, from who asks to the answer, over a registry. */
export interface Front {
  handler: HttpHandler;
  /** Ends what waits and what is connected; resolves when the audit log is written. */
  close(): Promise<void>;
}

/** Puts the way together from the options. Throws for options that are wrong. */
export function createFront(
  registry: Registry,
  options: ApiServerOptions,
  metrics: ServerMetrics,
  state: ServerState,
  report: (error: unknown) => void,
): Front {
  const { clock, net, disk } = options;
  const { authenticate, tokens, keys, audiences } = authentication(registry, net, options);
  const connect = connector(() => registry, { net, ...options.kubelet });
  const storeFailed = () => registry.cache.failed !== undefined;
  const modes = options.authorizationModes;
  const virtual = virtualKinds({
    tokens,
    audiences,
    rbac: () => (!modes || modes.includes("RBAC") ? rbacOf(registry) : undefined),
    components: componentProbes(net, storeFailed, options.localComponents),
  });
  const flow = flowControl(registry, options.flowControl ?? {}, flowObserver(metrics));
  const audit = auditing(options.audit, disk, clock, metrics, report);
  const paths = pathHandler(
    registry,
    keys,
    options.jwksUri,
    () => state.aggregator,
    () => state.advertised,
    healthChecks({ storeFailed, started: state.started, shuttingDown: () => state.leaving }),
    { metrics, flow, clock, disk, flags: options.flags },
  );
  const handler = createHandler({
    registry,
    authenticate: timedAuthentication(authenticate, metrics, clock),
    impersonate: (user, route, request) =>
      impersonated(request, attributesOf(user, route), (attributes) => registry.authorizer(attributes)),
    authorize: timedAuthorization(requestAuthorizer(registry), metrics, clock),
    flow,
    audit: audit.begin,
    meter: requestMeter(metrics, registry.resources, clock),
    paths,
    aggregated: (path, request, user) => state.aggregator?.answer(path, request, user),
    subresources: { connect, tokens: keys, audiences, virtual },
    report: options.report ?? (() => {}),
  });
  return {
    handler,
    async close() {
      flow[Symbol.dispose]();
      connect.close();
      await audit.flush();
    },
  };
}
