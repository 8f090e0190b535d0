// Other API servers behind this one ("Aggregated API servers"): keeps APIServices' availability, passes requests on, and
// collects what discovery and OpenAPI say of them.

import type { Definition } from "../../api/apiextensions/types.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { StatusError } from "../../api/machinery/status.ts";
import type { HttpAnswer, HttpRequest, Net, TlsIdentity, UserInfo } from "../../base/http.ts";
import { deleteObject } from "../registry/delete.ts";
import { cacheOf, ownScope, type Registry } from "../registry/scope.ts";
import { updateObject } from "../registry/update.ts";
import { createObject } from "../registry/write.ts";
import {
  type ApiService,
  type ApiServiceStep,
  isAvailable,
  localCondition,
  planApiServices,
  wantedApiServices,
  withAvailability,
} from "./api_services.ts";
import { probeVerdict, serviceProblem } from "./availability.ts";
import type { RemoteVersion } from "./documents.ts";
import { remoteServers } from "./remote.ts";

/** How often a server that answers is asked again, and one that doesn't, in milliseconds. */
const goodMs = 30_000;
const badMs = 2_000;

/** What extension servers add to the server. */
export interface Aggregator extends AsyncDisposable {
  /** Answers a request below an extension server's group and version; undefined if it is ours. */
  answer(path: string, request: HttpRequest, user: UserInfo): Promise<HttpAnswer> | undefined;
  /** All extension servers' versions, as they are now. */
  versions(): RemoteVersion[];
  /** Changes whenever `versions()` does. */
  readonly revision: number;
  /** Reads a document of an extension server. */
  ask(service: ApiService, path: string): Promise<any>;
}

const apiServicesId = "apiservices.apiregistration.k8s.io";
const definitionsId = "customresourcedefinitions.apiextensions.k8s.io";

/** Runs until the signal is aborted. Resolves once the server's own APIServices are there. */
export async function runAggregator(
  registry: Registry,
  access: { net: Net; identity?: TlsIdentity },
  report: (error: unknown) => void,
  signal: AbortSignal,
): Promise<Aggregator> {
  const resource = registry.resources.byId(apiServicesId)!;
  const cache = cacheOf(registry, resource);
  const definitionCache = cacheOf(registry, registry.resources.byId(definitionsId)!);
  const remote = remoteServers(() => registry, access.net, access.identity);
  /** Extension servers by `group/version`. */
  const services = new Map<string, ApiService>();
  /** What each server's discovery said last, by the APIService's name. */
  const said = new Map<string, any>();
  const timers = new Map<string, Disposable>();
  const probing = new Set<string>();
  let revision = 0;

  const present = (): ApiService[] => [...cache.list()].map(({ object }) => object as ApiService);
  const user = { username: "system:kube-aggregator", groups: ["system:masters"] };
  const scope = () => ({ ...ownScope(resource, signal), user });

  function index(): void {
    services.clear();
    for (const object of present())
      if (object.spec?.service) services.set(`${object.spec.group ?? ""}/${object.spec.version}`, object);
    revision++;
  }

  async function carryOut(step: ApiServiceStep): Promise<void> {
    try {
      if (step.kind === "create") await createObject(registry, scope(), structuredClone(step.object));
      else if (step.kind === "remove") await deleteObject(registry, scope(), step.name, {});
      else {
        const { name } = step.object.metadata;
        await updateObject(registry, scope(), name, (current) => ({
          ...structuredClone(current),
          spec: step.object.spec,
        }));
      }
    } catch (error) {
      const expected = error instanceof StatusError && ["AlreadyExists", "NotFound", "Conflict"].includes(error.reason);
      if (!expected) throw error;
    }
  }

  async function sync(starting: boolean): Promise<void> {
    const definitions = [...definitionCache.list()].map(({ object }) => object as Definition);
    const steps = planApiServices(wantedApiServices(registry.resources.all(), definitions), present(), starting);
    await Promise.all(steps.map(carryOut));
  }

  async function setAvailability(name: string, verdict: Parameters<typeof withAvailability>[1]): Promise<void> {
    const object = cache.get(name)?.object as ApiService | undefined;
    if (!object || !withAvailability(object, verdict, registry.clock.now())) return;
    const change = (current: KubeObject): KubeObject => {
      const draft = structuredClone(current) as ApiService;
      const conditions = withAvailability(draft, verdict, registry.clock.now());
      if (conditions) draft.status = { ...draft.status, conditions };
      return draft;
    };
    await updateObject(registry, scope(), name, change, { subresource: "status" });
  }

  /** Looks whether one server can be reached, and again after a while. */
  async function check(name: string): Promise<void> {
    if (signal.aborted || probing.has(name)) return;
    probing.add(name);
    timers.get(name)?.[Symbol.dispose]();
    timers.delete(name);
    try {
      const object = cache.get(name)?.object as ApiService | undefined;
      if (!object) {
        said.delete(name);
        return;
      }
      if (!object.spec.service) {
        await setAvailability(name, localCondition);
        return;
      }
      const verdict = problemOf(object) ?? probeVerdict(await probe(object));
      await setAvailability(name, verdict);
      timers.set(
        name,
        registry.clock.after(verdict.status === "True" ? goodMs : badMs, () => void check(name)),
      );
    } catch (error) {
      const gone = signal.aborted || (error instanceof StatusError && ["NotFound", "Conflict"].includes(error.reason));
      if (!gone) report(error);
      if (!signal.aborted)
        timers.set(
          name,
          registry.clock.after(badMs, () => void check(name)),
        );
    } finally {
      probing.delete(name);
    }
  }

  function problemOf(object: ApiService): ReturnType<typeof serviceProblem> {
    const { namespace, name } = object.spec.service!;
    const services = registry.resources.byId("services")!;
    const slices = registry.resources.byId("endpointslices.discovery.k8s.io")!;
    const service = cacheOf(registry, services).get(`${namespace}/${name}`)?.object;
    const own = [...cacheOf(registry, slices).list(namespace)].map((item) => item.object);
    return serviceProblem(
      object,
      service,
      own.filter((slice) => slice.metadata.labels?.["kubernetes.io/service-name"] === name),
    );
  }

  /** Asks a server for its discovery; gives why it couldn't. */
  async function probe(object: ApiService): Promise<string | undefined> {
    const { group, version } = object.spec;
    try {
      const answer = await remote.ask(object, group ? `/apis/${group}/${version}` : `/api/${version}`);
      if (JSON.stringify(said.get(object.metadata.name)) !== JSON.stringify(answer)) {
        said.set(object.metadata.name, answer);
        revision++;
      }
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Services and endpoints that an extension server stands behind. */
  function recheck(namespace: string | undefined, serviceName: string | undefined): void {
    for (const { spec, metadata } of services.values())
      if (spec.service!.namespace === namespace && spec.service!.name === serviceName) void check(metadata.name);
  }

  index();
  await sync(true);
  index();
  await Promise.all(present().map(({ metadata, spec }) => (spec.service ? undefined : check(metadata.name))));
  for (const { metadata } of services.values()) void check(metadata.name);
  const subscriptions = [
    cache.subscribe(({ item, previous, type }) => {
      index();
      const before = previous?.object as ApiService | undefined;
      const specChanged = JSON.stringify(before?.spec) !== JSON.stringify((item.object as ApiService).spec);
      if (type === "delete" || specChanged) void check(item.object.metadata.name);
      if (type === "delete" || specChanged) void sync(false).catch(report);
    }),
    definitionCache.subscribe(() => void sync(false).catch(report)),
    cacheOf(registry, registry.resources.byId("services")!).subscribe(({ item }) =>
      recheck(item.object.metadata.namespace, item.object.metadata.name),
    ),
    cacheOf(registry, registry.resources.byId("endpointslices.discovery.k8s.io")!).subscribe(({ item }) =>
      recheck(item.object.metadata.namespace, item.object.metadata.labels?.["kubernetes.io/service-name"]),
    ),
  ];

  return {
    answer(path, request, user) {
      if (services.size === 0) return undefined;
      const match = /^\/(?:apis\/([^/]+)|api)\/([^/]+)(?:\/|$)/.exec(path);
      const service = match && services.get(`${match[1] ?? ""}/${match[2]}`);
      return service ? remote.pass(service, request, user) : undefined;
    },
    versions: () =>
      [...services.values()].map((service) => ({
        service,
        resources: said.get(service.metadata.name),
        available: isAvailable(service),
      })),
    get revision() {
      return revision;
    },
    ask: remote.ask,
    async [Symbol.asyncDispose]() {
      for (const each of subscriptions) each[Symbol.dispose]();
      for (const timer of timers.values()) timer[Symbol.dispose]();
      remote[Symbol.dispose]();
    },
  };
}
