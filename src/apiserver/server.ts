import { loadDefinitions } from "../api/machinery/definitions.ts";
import { formatIp, networkOf, parseCidr } from "../api/machinery/ip.ts";
import type { Resource } from "../api/machinery/resource.ts";
import { builtinResources } from "../api/resources.ts";
import type { HttpHandler, Net, TlsIdentity } from "../base/http.ts";
import type { Clock, Disk, Random } from "../base/world.ts";
import type { Store } from "../store/mod.ts";
import { withoutPlugins } from "./admission/names.ts";
import { admissionPlugins } from "./admission/plugins.ts";
import { runAggregator } from "./aggregation/aggregator.ts";
import type { AuditOptions } from "./audit/auditing.ts";
import type { AuthenticationOptions } from "./auth/authentication.ts";
import { type AuthorizationMode, authorizerOf } from "./auth/authorization.ts";
import { bootstrap, ensureFlowControl, publishEndpoint } from "./bootstrap/bootstrap.ts";
import { openWatchCache } from "./cache/cache.ts";
import { packedStore } from "./cache/packed.ts";
import { runDefinitions } from "./crd/controller.ts";
import { type Encryption, encryptedStore } from "./encryption/store.ts";
import { keepConditions } from "./flowcontrol/conditions.ts";
import type { FlowControlOptions } from "./flowcontrol/flow_control.ts";
import { createFront, type ServerState } from "./front.ts";
import { parseRoute, type Route } from "./http/route.ts";
import { type ServerMetrics, serverMetrics } from "./metrics/server_metrics.ts";
import { timedPlugins, timedStore } from "./metrics/timed.ts";
import type { Registry } from "./registry/scope.ts";
import { resourceTable } from "./resource_table.ts";
import { repairAddresses } from "./services/addresses.ts";
import { webhookPoster } from "./services/webhook.ts";
import { compactRegularly } from "./shared/compaction.ts";
import { keepPresence } from "./shared/presence.ts";

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
  /** Admission plugins that are switched off, by Kubernetes' names (`switchablePlugins`). */
  admissionOff?: readonly string[];
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

/** How often the objects of Services' addresses are compared with the Services, in milliseconds. */
const repairMs = 180_000;

/** Before the real one is there, nothing is allowed. */
const nothing = () => ({ decision: "none" as const, reason: "" });

/** Reviews are answered with the largest request at most, in base64, and something around it. */
const admissionCaller = { userAgent: "kube-apiserver-admission", answerBytesMax: 8 * 1024 * 1024 };

/** Opens the store and what operations stand on. */
async function openRegistry(options: ApiServerOptions, metrics: ServerMetrics, signal: AbortSignal) {
  const { clock, random, net, encryption } = options;
  const resources = options.resources ?? builtinResources;
  // What others read too is not packed.
  const packed = options.store.shared ? options.store : packedStore(options.store);
  const safe = encryption ? encryptedStore(packed, encryption, resources, random) : packed;
  const store = timedStore(safe, metrics, clock);
  const [cache] = await Promise.all([openWatchCache(store, resources, clock, signal), loadDefinitions()]);
  const facts = {
    serviceCidr: options.serviceCidr ?? "10.96.0.0/16",
    nodePorts: options.nodePorts ?? { first: 30_000, last: 32_767 },
  };
  const table = resourceTable(resources);
  const current = (): Registry => registry;
  const postReview = webhookPoster(current, net, admissionCaller);
  const plugins = withoutPlugins(admissionPlugins(current, facts, postReview), options.admissionOff ?? []);
  const admission = timedPlugins(plugins, metrics, clock);
  const registry: Registry = { store, cache, clock, random, resources: table, admission, authorizer: nothing };
  registry.authorizer = authorizerOf(registry, options.authorizationModes ?? ["Node", "RBAC"]);
  return { registry, table, postReview, serviceCidr: facts.serviceCidr };
}

/** Loads the store and gives the API as a function. The caller listens, and closes the store afterwards. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, net } = options;
  const metrics = serverMetrics();
  const abort = new AbortController();
  const { signal } = abort;
  const { registry, table, postReview, serviceCidr } = await openRegistry(options, metrics, signal);
  const report = (error: unknown) => options.report?.(error, parseRoute("GET", "/"));
  const state: ServerState = { started: new Set(), leaving: false };
  const front = createFront(registry, options, metrics, state, report);
  await bootstrap(registry, { ...options, serviceCidr }, signal);
  state.started.add("bootstrap");
  const conditions = keepConditions(registry, report, signal);
  const upkeep = repeatedly(clock, upkeepMs, () => ensureFlowControl(registry, signal), report);
  await repairAddresses(registry);
  const repair = repeatedly(clock, repairMs, () => repairAddresses(registry), report);
  state.started.add("flowControl");
  const definitions = await runDefinitions(registry, table, net, report, signal);
  const aggregator = await runAggregator(registry, { net, identity: options.proxyClient }, report, signal);
  state.aggregator = aggregator;
  state.started.add("definitions").add("aggregation");
  const compaction = compactRegularly(registry.store, clock, signal);
  const serviceIp = firstAddress(serviceCidr);
  const { store } = registry;
  const presence = new AsyncDisposableStack();
  return {
    handler: front.handler,
    serviceIp,
    revision: () => registry.cache.revision,
    async publish(address, port) {
      if (address !== undefined) state.advertised = `${address.includes(":") ? `[${address}]` : address}:${port}`;
      const publish = (addresses: readonly string[]) =>
        publishEndpoint(registry, { serviceIp, addresses, port }, signal);
      if (address === undefined) await publish([]);
      else if (!store.shared) await publish([address]);
      else presence.use(await keepPresence(store, clock, address, publish, report));
    },
    announceShutdown() {
      state.leaving = true;
    },
    async [Symbol.asyncDispose]() {
      // While the cache still follows the store: writes wait for it.
      await presence.disposeAsync();
      await conditions[Symbol.asyncDispose]();
      abort.abort();
      upkeep[Symbol.dispose]();
      repair[Symbol.dispose]();
      await front.close();
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
