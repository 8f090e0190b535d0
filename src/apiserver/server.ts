import { loadDefinitions } from "../api/machinery/definitions.ts";
import { formatIp, networkOf, parseCidr } from "../api/machinery/ip.ts";
import type { Resource } from "../api/machinery/resource.ts";
import { builtinResources } from "../api/resources.ts";
import type { HttpHandler, Net, TlsIdentity } from "../base/http.ts";
import type { Clock, Disk, Random } from "../base/world.ts";
import type { Store } from "../store/mod.ts";
import { admissionPlugins } from "./admission/plugins.ts";
import { type Aggregator, runAggregator } from "./aggregation/aggregator.ts";
import { type AuditOptions, auditing } from "./audit/auditing.ts";
import { type AuthenticationOptions, authentication } from "./auth/authentication.ts";
import { type AuthorizationMode, authorizerOf, rbacOf } from "./auth/authorization.ts";
import { attributesOf, requestAuthorizer } from "./auth/denial.ts";
import { impersonated } from "./auth/impersonation.ts";
import { bootstrap, ensureFlowControl, publishEndpoint } from "./bootstrap/bootstrap.ts";
import { openWatchCache } from "./cache/cache.ts";
import { packedStore } from "./cache/packed.ts";
import { componentProbes } from "./component_statuses.ts";
import { runDefinitions } from "./crd/controller.ts";
import { type Encryption, encryptedStore } from "./encryption/store.ts";
import { keepConditions } from "./flowcontrol/conditions.ts";
import { type FlowControlOptions, flowControl } from "./flowcontrol/flow_control.ts";
import { createHandler } from "./http/handler.ts";
import { parseRoute, type Route } from "./http/route.ts";
import { timedAuthentication, timedAuthorization } from "./metrics/auth.ts";
import { requestMeter } from "./metrics/requests.ts";
import { flowObserver, serverMetrics } from "./metrics/server_metrics.ts";
import { timedPlugins, timedStore } from "./metrics/timed.ts";
import { healthChecks, type startSteps } from "./paths/health.ts";
import { pathHandler } from "./paths/paths.ts";
import type { Registry } from "./registry/scope.ts";
import { resourceTable } from "./resource_table.ts";
import { webhookPoster } from "./services/webhook.ts";
import { compactRegularly } from "./shared/compaction.ts";
import { connector } from "./subresources/connect.ts";
import { virtualKinds } from "./virtual.ts";

export interface ApiServerOptions extends AuthenticationOptions {
  store: Store;
  clock: Clock;
  random: Random;
  /** How what is stored is encrypted; not at all if absent. */
  encryption?: Encryption;
  /** For what is passed on to kubelets, pods and services. */
  net: Net;
  resources?: readonly Resource[];
  /** Who is asked whether a request is allowed, in order; Node and RBAC if absent. */
  authorizationModes?: readonly AuthorizationMode[];
  /** PEM bundles that clients and front proxies are checked against, published for extension servers. */
  clientCa?: string;
  requestHeaderCa?: string;
  /** Components that run in this process: `scheduler`, `controller-manager`. */
  localComponents?: readonly string[];
  /** Where the keys of service account tokens are found; below the issuer if absent. */
  jwksUri?: string;
  kubelet?: { identity?: TlsIdentity; ca?: string };
  /** The certificate by which extension servers know that this server tells the truth about who asks. */
  proxyClient?: TlsIdentity;
  serviceCidr?: string;
  nodePorts?: { first: number; last: number };
  flowControl?: FlowControlOptions;
  audit?: AuditOptions;
  /** For the audit log, and the process's own numbers in /proc. */
  disk?: Disk;
  /** What `/flagz` tells. */
  flags?: Readonly<Record<string, string>>;
  report?(error: unknown, route: Route): void;
}

export interface ApiServer extends AsyncDisposable {
  handler: HttpHandler;
  /** The revision that the server has reached. */
  revision(): number;
  /** Publishes where the server is reached as the `kubernetes` Service and, with an address, its endpoints. */
  publish(address: string | undefined, port: number): Promise<void>;
  /** The `kubernetes` Service's cluster IP. */
  serviceIp: string;
  /** From now on `/readyz` tells load balancers to go elsewhere. Everything else goes on. */
  announceShutdown(): void;
}

/** How often the default flow schemas and priority levels are looked after, in milliseconds. */
const upkeepMs = 60_000;

/** Before the real one is there, nothing is allowed. */
const nothing = () => ({ decision: "none" as const, reason: "" });

/** Reviews are answered with the largest request at most, in base64, and something around it. */
const admissionCaller = { userAgent: "kube-apiserver-admission", answerBytesMax: 8 * 1024 * 1024 };

/** Loads the store and gives the API as a function. The caller listens, and closes the store afterwards. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, random, net } = options;
  const metrics = serverMetrics();
  // What others read too is not packed.
  const packed = options.store.shared ? options.store : packedStore(options.store);
  const { encryption } = options;
  const safe = encryption ? encryptedStore(packed, encryption, options.resources ?? builtinResources, random) : packed;
  const store = timedStore(safe, metrics, clock);
  const abort = new AbortController();
  const resources = options.resources ?? builtinResources;
  const [cache] = await Promise.all([openWatchCache(store, resources, clock, abort.signal), loadDefinitions()]);
  const serviceCidr = options.serviceCidr ?? "10.96.0.0/16";
  const nodePorts = options.nodePorts ?? { first: 30_000, last: 32_767 };
  const table = resourceTable(resources);
  const current = (): Registry => registry;
  const postReview = webhookPoster(current, net, admissionCaller);
  const registry: Registry = {
    store,
    cache,
    clock,
    random,
    resources: table,
    admission: timedPlugins(admissionPlugins(current, { serviceCidr, nodePorts }, postReview), metrics, clock),
    authorizer: nothing,
  };
  const modes = options.authorizationModes ?? ["Node", "RBAC"];
  registry.authorizer = authorizerOf(registry, modes);
  const { authenticate, tokens, keys, audiences } = authentication(registry, net, options);
  const connect = connector(current, { net, ...options.kubelet });
  const virtual = virtualKinds({
    tokens,
    audiences,
    rbac: () => (modes.includes("RBAC") ? rbacOf(registry) : undefined),
    components: componentProbes(net, () => cache.failed !== undefined, options.localComponents),
  });
  const report = (error: unknown) => options.report?.(error, parseRoute("GET", "/"));
  const flow = flowControl(registry, options.flowControl ?? {}, flowObserver(metrics));
  const audit = auditing(options.audit, options.disk, clock, metrics, report);
  const started = new Set<keyof typeof startSteps>();
  let leaving = false;
  const facts = { storeFailed: () => cache.failed !== undefined, started, shuttingDown: () => leaving };
  let aggregator: Aggregator | undefined;
  let advertised: string | undefined;
  const paths = pathHandler(
    registry,
    keys,
    options.jwksUri,
    () => aggregator,
    () => advertised,
    healthChecks(facts),
    { metrics, flow, clock, disk: options.disk, flags: options.flags },
  );
  const handler = createHandler({
    registry,
    authenticate: timedAuthentication(authenticate, metrics, clock),
    impersonate: (user, route, request) =>
      impersonated(request, attributesOf(user, route), (attributes) => registry.authorizer(attributes)),
    authorize: timedAuthorization(requestAuthorizer(registry), metrics, clock),
    flow,
    audit: audit.begin,
    meter: requestMeter(metrics, table, clock),
    paths: (route, request) => paths(route, request),
    aggregated: (path, request, user) => aggregator?.answer(path, request, user),
    subresources: { connect, tokens: keys, audiences, virtual },
    report: options.report ?? (() => {}),
  });
  await bootstrap(registry, { ...options, serviceCidr }, abort.signal);
  started.add("bootstrap");
  const conditions = keepConditions(registry, report, abort.signal);
  const upkeep = repeatedly(clock, upkeepMs, () => ensureFlowControl(registry, abort.signal), report);
  started.add("flowControl");
  const definitions = await runDefinitions(registry, table, net, report, abort.signal);
  const access = { net, identity: options.proxyClient };
  aggregator = await runAggregator(registry, access, report, abort.signal);
  started.add("definitions").add("aggregation");
  const compaction = compactRegularly(store, clock, abort.signal);
  const serviceIp = firstAddress(serviceCidr);
  return {
    handler,
    serviceIp,
    revision: () => cache.revision,
    publish(address, port) {
      if (address !== undefined) advertised = `${address.includes(":") ? `[${address}]` : address}:${port}`;
      return publishEndpoint(registry, { serviceIp, address, port }, abort.signal);
    },
    announceShutdown() {
      leaving = true;
    },
    async [Symbol.asyncDispose]() {
      // While the cache still follows the store: writes wait for it.
      await conditions[Symbol.asyncDispose]();
      abort.abort();
      upkeep[Symbol.dispose]();
      flow[Symbol.dispose]();
      await audit.flush();
      connect.close();
      postReview[Symbol.dispose]();
      await definitions[Symbol.asyncDispose]();
      await aggregator[Symbol.asyncDispose]();
      await compaction;
    },
  };
}

/** Runs something every so many milliseconds until it is disposed. */
function repeatedly(
  clock: Clock,
  everyMs: number,
  run: () => Promise<void>,
  report: (error: unknown) => void,
): Disposable {
  let timer: Disposable;
  const again = () => {
    timer = clock.after(everyMs, () => {
      run().catch(report);
      again();
    });
  };
  again();
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

function firstAddress(cidr: string): string {
  return formatIp(4, networkOf(parseCidr(cidr)!) + 1n);
}
