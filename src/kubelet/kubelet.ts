import type { KubeObject } from "../api/machinery/object.ts";
import { hasReason } from "../api/machinery/status.ts";
import type { HttpHandler, Net, RpcClient } from "../base/http.ts";
import type { Clock, Disk, Exec, Random } from "../base/world.ts";
import { type Client, eventRecorder, type Recorder } from "../client/mod.ts";
import type { Runtime } from "./cri/runtime.ts";
import { hollowMachine } from "./hollow/machine.ts";
import { imageManager } from "./images/images.ts";
import { podCgroups } from "./node/cgroups.ts";
import type { MachineFacts } from "./node/facts.ts";
import { machineFacts } from "./node/facts.ts";
import { rotateLogs } from "./node/log_rotation.ts";
import { realMachine } from "./node/machine.ts";
import { runNode } from "./node/register.ts";
import type { NodeFacts } from "./node/status.ts";
import { nodeResources } from "./node/status.ts";
import type { PodKit } from "./pods/kit.ts";
import { tellContainer } from "./pods/kit.ts";
import type { PodMachine } from "./pods/machine.ts";
import type { PodManager } from "./pods/manager.ts";
import { listRuntime, podManager } from "./pods/manager.ts";
import type { Pod } from "./pods/pod.ts";
import { containersOf } from "./pods/pod.ts";
import { hookRunner } from "./probes/hooks.ts";
import { proberFor } from "./probes/prober.ts";
import { runProbe } from "./probes/run.ts";
import { kubeletHandler } from "./server/handler.ts";
import type { SpdyDoor } from "./server/streams.ts";
import { follow } from "./support/follow.ts";
import type { References } from "./support/references.ts";
import { references } from "./support/references.ts";
import { semaphore } from "./support/semaphore.ts";

export interface KubeletOptions {
  client: Client;
  clock: Clock;
  random: Random;
  /** Reaches pods: on a node in a network namespace of its own, through that namespace. */
  net: Net;
  rpc(options: { target: string; protos: readonly string[] }): RpcClient;
  /** Opens SPDY on a connection, to carry WebSocket clients to the runtime. */
  spdy: SpdyDoor;
  runtime: Runtime;
  /** The machine's files and programs; without them (and with the hollow runtime) pods have none either. */
  machine?: {
    disk: Disk;
    exec: Exec;
    dataDir: string;
    logDir?: string;
    cgroupParent?: string;
    systemdCgroup?: boolean;
  };
  /** Facts of a machine that is none; overrides what is read from a real one. */
  facts?: Partial<MachineFacts>;
  nodeName?: string;
  nodeIps: readonly string[];
  /** Where the kubelet's own API is served by the caller. */
  port: number;
  podsMax?: number;
  clusterDns?: readonly string[];
  clusterDomain?: string;
  nodeLabels?: Record<string, string>;
  taints?: { key: string; value?: string; effect: string }[];
  reserved?: { cpuMilli?: number; memoryBytes?: number };
  /** Users and groups that may use the kubelet's API besides system:masters. */
  allowedUsers?: readonly string[];
  /** Sandboxes and containers started at once. */
  startsAtOnce?: number;
  signal?: AbortSignal;
}

export interface Kubelet {
  nodeName: string;
  /** The kubelet's API; who serves it puts the peer's certificate into each request. */
  handler: HttpHandler;
  /** Resolves once nothing is under way and every status was taken. */
  settled(): Promise<void>;
  /** Ends the kubelet; pods go on. */
  stop(): Promise<void>;
}

const podsMaxDefault = 110;
/** Every pod is looked at this often even if no event asked for it. */
const resyncMs = 60_000;
/** Files of config maps and tokens are compared this often besides their watches. */
const refreshMs = 60_000;
const startsAtOnceDefault = 4;
const hollowFacts: MachineFacts = {
  hostname: "hollow",
  cpus: 32,
  memoryBytes: 256 * 2 ** 30,
  ephemeralBytes: 1024 * 2 ** 30,
  machineId: "",
  systemUuid: "",
  bootId: "",
  kernelVersion: "hollow",
  osImage: "hollow",
  architecture: "amd64",
};

/** Starts the node agent. Resolves when it follows its pods; rejects only if the runtime does not answer. */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { client, clock, random, runtime } = options;
  const stopping = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopping.signal]) : stopping.signal;
  const facts = await nodeFacts(options);
  const record = eventRecorder({ client, clock, random, source: { component: "kubelet", host: facts.name } });
  const services = follow<KubeObject>(client, "services", {}, clock, signal, () => {});
  let manager: PodManager | undefined;
  const objects = references(client, clock, signal, (key) => manager?.referenceChanged(key));

  const machine = options.machine
    ? realMachine({
        ...options.machine,
        logDir: options.machine.logDir ?? `${options.machine.dataDir}/logs`,
        clock,
        client,
        references: objects,
        services: () => [...services.list()],
        cgroups: await podCgroups(
          options.machine.cgroupParent ? `/${options.machine.cgroupParent}` : "",
          options.machine.systemdCgroup ?? false,
          options.machine.disk,
        ),
        clusterDns: options.clusterDns ?? [],
        clusterDomain: options.clusterDomain ?? "cluster.local",
        memoryCapacityBytes: facts.memoryBytes,
        allocatable: nodeResources(facts).allocatable,
      })
    : hollowMachine();

  const kit = podKit(options, facts, machine, objects, record);
  manager = podManager(kit, await listRuntime(runtime));
  void runNode({
    client,
    clock,
    runtime,
    disk: options.machine?.disk,
    dataDir: options.machine?.dataDir ?? "/",
    facts,
    record,
    labels: options.nodeLabels,
    taints: options.taints,
    signal,
  });
  if (options.machine) void rotateLogs(manager, { disk: options.machine.disk, clock, runtime }, signal);
  const loops = podLoops(manager, objects, options, facts.name, services.synced, signal);
  return {
    nodeName: facts.name,
    handler: kubeletHandler({ manager, runtime, facts, clock, options }),
    settled: () => manager.settled(),
    async stop() {
      stopping.abort(new Error("the kubelet stops"));
      manager.stop();
      await loops;
    },
  };
}

/** What all pods' workers share. */
function podKit(
  options: KubeletOptions,
  facts: NodeFacts,
  machine: PodMachine,
  objects: References,
  record: Recorder,
): PodKit {
  const { client, clock, runtime, net } = options;
  const kit: PodKit = {
    clock,
    client,
    runtime,
    machine,
    images: imageManager(runtime, clock),
    hooks: hookRunner(runtime, net, clock),
    record,
    turn: semaphore(options.startsAtOnce ?? startsAtOnceDefault),
    hostIps: () => facts.ips,
    pullSecrets: async (pod) => {
      const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []));
      const found = await Promise.all(names.map((name) => objects.get("secrets", pod.metadata.namespace ?? "", name)));
      return found.filter((secret) => secret !== undefined);
    },
    runtimeHandler: (pod) => runtimeHandler(client, pod),
    probe: (pod, container, state, ips, changed) =>
      proberFor({
        clock,
        pod,
        container,
        state,
        changed,
        run: (probe) => runProbe(probe, container, state.id, ips[0] ?? "127.0.0.1", { ...options, runtime, clock }),
        tell: (type, reason, message) => {
          const kind = containersOf(pod()).find((one) => one.container.name === container.name)?.kind ?? "main";
          tellContainer(kit, pod(), kind, container.name)(type, reason, message);
        },
      }),
    resyncMs,
  };
  return kit;
}

/** Follows pods and the runtime's events until the signal is aborted. */
async function podLoops(
  manager: PodManager,
  objects: References,
  { client, clock, runtime }: KubeletOptions,
  nodeName: string,
  servicesSynced: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const events = (async () => {
    for await (const event of runtime.events(signal)) manager.event(event);
  })().catch(() => {});
  // Containers get variables for the services that are known when they start.
  await Promise.race([servicesSynced, clock.sleep(5000, signal).catch(() => {})]);
  if (signal.aborted) return;
  const fieldSelector = `spec.nodeName=${nodeName}`;
  const pods = follow<Pod>(client, "pods", { fieldSelector }, clock, signal, (pod, gone) => manager.changed(pod, gone));
  void pods.synced.then(() => manager.removeOrphans());
  const refreshes = (async () => {
    while (!signal.aborted) {
      await clock.sleep(refreshMs, signal).catch(() => {});
      if (!signal.aborted) {
        for (const worker of manager.workers()) worker.refresh();
        objects.keep(manager.referenced());
      }
    }
  })();
  await Promise.all([events, refreshes]);
}

async function nodeFacts(options: KubeletOptions): Promise<NodeFacts> {
  const { machine, runtime } = options;
  if (machine) await machine.disk.makeDirectory(`${machine.dataDir}/pods`, { mode: 0o750 });
  const read = machine ? await machineFacts(machine.disk, machine.dataDir) : hollowFacts;
  const { runtimeName, runtimeVersion } = await runtime.version();
  const facts = { ...read, ...options.facts };
  const name = (options.nodeName ?? facts.hostname).toLowerCase();
  return {
    ...facts,
    hostname: options.nodeName ?? facts.hostname,
    name,
    ips: options.nodeIps,
    podsMax: options.podsMax ?? podsMaxDefault,
    reserved: options.reserved ?? {},
    containerRuntimeVersion: `${runtimeName}://${runtimeVersion.replace(/^v/, "").replace(/~.*$/, "")}`,
    kubeletPort: options.port,
  };
}

/** The runtime's handler for the pod's runtime class. */
async function runtimeHandler(client: Client, { spec }: Pod): Promise<string> {
  if (!spec.runtimeClassName) return "";
  try {
    const found = await client.get("runtimeclasses.node.k8s.io", { name: spec.runtimeClassName });
    return String(found.handler ?? "");
  } catch (error) {
    if (hasReason(error, "NotFound"))
      throw new Error(`RuntimeClass ${JSON.stringify(spec.runtimeClassName)} not found`);
    throw error;
  }
}
