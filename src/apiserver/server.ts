import { loadDefinitions } from "../api/machinery/definitions.ts";
import { formatIp, networkOf, parseCidr } from "../api/machinery/ip.ts";
import type { Resource } from "../api/machinery/resource.ts";
import { StatusError } from "../api/machinery/status.ts";
import { builtinResources } from "../api/resources.ts";
import type { HttpHandler, Net, TlsIdentity } from "../base/http.ts";
import type { Clock, Random } from "../base/world.ts";
import type { Store } from "../store/mod.ts";
import { admissionPlugins } from "./admission/plugins.ts";
import {
  type Authenticator,
  authenticate,
  certificateAuthenticator,
  tokenFileAuthenticator,
} from "./auth/authenticate.ts";
import type { Authorizer } from "./auth/authorizer.ts";
import { serviceAccountAuthenticator, tokenKeys } from "./auth/service_account.ts";
import { bootstrap, publishEndpoint } from "./bootstrap.ts";
import { openWatchCache } from "./cache/cache.ts";
import { createHandler } from "./http/handler.ts";
import type { Route } from "./http/route.ts";
import { pathHandler } from "./paths/paths.ts";
import { cacheOf, type Registry } from "./registry/scope.ts";
import { resourceTable } from "./resource_table.ts";
import { connector } from "./subresources/connect.ts";
import { virtualKinds } from "./virtual.ts";

export interface ApiServerOptions {
  store: Store;
  clock: Clock;
  random: Random;
  /** For what is passed on to kubelets, pods and services. */
  net: Net;
  resources?: readonly Resource[];
  /** CSV of `token,user,uid,"groups"`. */
  tokenFile?: string;
  anonymous?: boolean;
  /** PKCS #8 PEM of an ES256 key; without it there are no service account tokens. */
  serviceAccountKey?: string;
  issuer?: string;
  kubelet?: { identity?: TlsIdentity; ca?: string };
  serviceCidr?: string;
  nodePorts?: { first: number; last: number };
  report?(error: unknown, route: Route): void;
}

export interface ApiServer extends AsyncDisposable {
  handler: HttpHandler;
  /** The revision that the server has reached. */
  revision(): number;
  /** Publishes where the server is reached as the `kubernetes` Service and its endpoints. */
  publish(address: string, port: number): Promise<void>;
  /** The `kubernetes` Service's cluster IP. */
  serviceIp: string;
}

const defaultIssuer = "https://kubernetes.default.svc.cluster.local";

/** How often old revisions are forgotten, in milliseconds, as etcd's compaction by the real API server does. */
const compactionMs = 300_000;

/** Paths that anybody may read. */
const openPaths = new Set(["/healthz", "/livez", "/readyz", "/version"]);

/** All or nothing, as long as roles are not enforced. */
const authenticatedOnly: Authorizer = ({ user, path }) => {
  const isOpen = path !== undefined && (openPaths.has(path) || /^\/(healthz|livez|readyz)\//.test(path));
  const allowed = isOpen || !user.groups.includes("system:unauthenticated");
  return { decision: allowed ? "allow" : "none", reason: "" };
};

/** Loads the store and gives the API as a function. The caller listens, and closes the store afterwards. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { store, clock, random, net } = options;
  const abort = new AbortController();
  const resources = options.resources ?? builtinResources;
  const [cache] = await Promise.all([openWatchCache(store, resources, clock, abort.signal), loadDefinitions()]);
  const serviceCidr = options.serviceCidr ?? "10.96.0.0/16";
  const nodePorts = options.nodePorts ?? { first: 30_000, last: 32_767 };
  const current = (): Registry => registry;
  const registry: Registry = {
    store,
    cache,
    clock,
    random,
    resources: resourceTable(resources),
    admission: admissionPlugins(current, { serviceCidr, nodePorts }),
    authorizer: authenticatedOnly,
  };
  const issuer = options.issuer ?? defaultIssuer;
  const keys = options.serviceAccountKey === undefined ? undefined : tokenKeys(options.serviceAccountKey, issuer);
  const lookup = (id: string, key: string) => cacheOf(registry, registry.resources.byId(id)!).get(key)?.object;
  const tokens = keys && serviceAccountAuthenticator(keys, lookup, clock, [issuer]);
  const connect = connector(current, { net, ...options.kubelet });
  const handler = createHandler({
    registry,
    authenticate: authenticate(authenticatorsOf(options, tokens?.authenticator), options.anonymous ?? true),
    authorize(user, route) {
      const { verb, path, resource } = route;
      if (registry.authorizer({ user, verb, path, resource }).decision !== "allow")
        throw forbiddenTo(user.username, route);
    },
    paths: pathHandler(registry, keys),
    subresources: { connect, tokens: keys, audiences: [issuer], virtual: virtualKinds(tokens, [issuer]) },
    report: options.report ?? (() => {}),
  });
  await bootstrap(registry, abort.signal);
  const compaction = compactRegularly(registry, abort.signal);
  const serviceIp = firstAddress(serviceCidr);
  return {
    handler,
    serviceIp,
    revision: () => cache.revision,
    publish: (address, port) => publishEndpoint(registry, { serviceIp, address, port }, abort.signal),
    async [Symbol.asyncDispose]() {
      abort.abort();
      connect.close();
      await compaction;
    },
  };
}

function authenticatorsOf(options: ApiServerOptions, serviceAccounts?: Authenticator): Authenticator[] {
  const list: Authenticator[] = [certificateAuthenticator];
  if (options.tokenFile !== undefined) list.push(tokenFileAuthenticator(options.tokenFile));
  if (serviceAccounts) list.push(serviceAccounts);
  return list;
}

function firstAddress(cidr: string): string {
  return formatIp(4, networkOf(parseCidr(cidr)!) + 1n);
}

function forbiddenTo(username: string, { path, verb, resource }: Route): StatusError {
  const user = `User ${JSON.stringify(username)} cannot`;
  if (!resource) {
    return new StatusError({
      code: 403,
      reason: "Forbidden",
      message: `forbidden: ${user} ${verb} path ${JSON.stringify(path)}`,
      details: {},
    });
  }
  const { group, plural, namespace, name, subresource } = resource;
  const what = `${user} ${verb} resource ${JSON.stringify(plural + (subresource ? `/${subresource}` : ""))} in API group ${JSON.stringify(group)}`;
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace ${JSON.stringify(namespace)}`;
  const label = group ? `${plural}.${group}` : plural;
  const message = `${label}${name ? ` ${JSON.stringify(name)}` : ""} is forbidden: ${what} ${where}`;
  return new StatusError({
    code: 403,
    reason: "Forbidden",
    message,
    details: { ...(name ? { name } : {}), ...(group ? { group } : {}), kind: plural },
  });
}

async function compactRegularly({ store, clock }: Registry, signal: AbortSignal): Promise<void> {
  let before = await store.revision();
  while (!signal.aborted) {
    try {
      await clock.sleep(compactionMs, signal);
    } catch {
      return;
    }
    // What was the present one period ago: every client has had that long to come back.
    const now = await store.revision();
    if (before > 1) await store.compact(before);
    before = now;
  }
}
