import type { KubeObject } from "../api/machinery/object.ts";
import { dumpYaml } from "../api/machinery/yaml.ts";
import { accountTokenSigner } from "../apiserver/mod.ts";
import { type Client, startInformer } from "../client/mod.ts";
import type { ControllersOptions } from "../controllers/mod.ts";
import { startDns } from "../dns/mod.ts";
import type { Machine, Self } from "../host/mod.ts";
import { freeIndex, setUpNetwork } from "../network/mod.ts";
import { startLocalPorts, startProxy } from "../proxy/mod.ts";
import { type Component, type ControlPlane, letDnsRead, publishDns, startControlPlane } from "./control_plane.ts";
import { kubeconfigFor } from "./kubeconfig.ts";
import { isReady, networkFacts, noteForwarding, registryPort, startNode, startNodeRuntime } from "./node.ts";
import { openPki, signerOf } from "./pki.ts";
import { registryHandler } from "./registry.ts";
import { contextName, nthAddress, type Places, readSettings, type Settings } from "./settings.ts";

/** The port of cluster DNS on the machine's end of the link. */
const dnsPort = 53;

type Report = (error: unknown) => void;

/** Runs a whole cluster in this process until it is asked to end. The pods survive it. */
export async function runServer(places: Places, machine: Machine, self: Self, report: Report): Promise<void> {
  const { disk } = machine;
  const settings = await readSettings(places, disk);
  if (!settings) throw new Error(`no cluster in ${places.data}: "typernetes up" makes one`);
  await using stack = new AsyncDisposableStack();
  const asked = self.asked();
  await disk.makeDirectory(places.state, { mode: 0o711 });
  await disk.replace(places.pid, String(self.pid));
  await noteForwarding(settings, places, machine);
  const network = await setUpNetwork(networkFacts(settings), machine);
  const serverNames = namesOf(settings, [network.machineAddress, network.nodeAddress]);
  // The slow things at once: certificates and the API need the processor, containerd mostly waits.
  const runtimeStarting = startNodeRuntime(network, places, machine);
  runtimeStarting.catch(() => {});
  const pki = await openPki(places.pki, { nodeName: settings.nodeName, serverNames }, disk, machine.clock);
  const registry = await machine.net.listenHttp(
    { host: network.machineAddress, port: registryPort },
    registryHandler(places.registry, disk),
  );
  stack.use(registry);
  const plane = stack.use(
    await startControlPlane(settings, places, pki, ["127.0.0.1", network.machineAddress], machine, report),
  );
  const kubeconfig = kubeconfigFor({
    name: contextName(settings.name),
    server: `https://127.0.0.1:${settings.apiPort}`,
    ca: pki.ca,
    identity: pki.admin,
  });
  await disk.replace(places.kubeconfig, dumpYaml(kubeconfig), { mode: 0o600 });
  await plane.server.publish(network.machineAddress, settings.apiPort);
  const trust = {
    rootCa: pki.ca,
    sign: signerOf(places.pki, disk, machine.clock),
    signToken: accountTokenSigner(pki.serviceAccountKey),
  };
  await startLoops(stack, plane, settings, trust, machine, report);
  const { runtime, close } = await runtimeStarting;
  stack.defer(close);
  const node = stack.use(await startNode(settings, places, pki, network, runtime, plane.clientFor("kubelet"), machine));
  await labelNode(plane.clientFor("server"), node.kubelet.nodeName, machine);
  await startServices(stack, plane.clientFor, settings, places, network, machine, report);
  await nodeReady(plane.clientFor("server"), node.kubelet.nodeName, machine, report);
  await disk.replace(
    places.ready,
    JSON.stringify({ pid: self.pid, address: network.nodeAddress, machineAddress: network.machineAddress }),
  );
  await asked;
  await disk.remove(places.ready);
}

/** How often it is looked whether the node has registered, in milliseconds. */
const registeredPollMs = 20;

/** Tells that the control plane runs on the node. A kubelet may not say that of itself. */
async function labelNode(client: Client, name: string, { clock }: Machine): Promise<void> {
  const labels = { "node-role.kubernetes.io/control-plane": "" };
  for (;;) {
    try {
      await client.patch("nodes", { name }, "merge", { metadata: { labels } });
      return;
    } catch (error) {
      if ((error as { reason?: string }).reason !== "NotFound") throw error;
      await clock.sleep(registeredPollMs);
    }
  }
}

/** Controllers and the scheduler. */
async function startLoops(
  stack: AsyncDisposableStack,
  { clientFor, clientForAccount }: ControlPlane,
  settings: Settings,
  trust: NonNullable<ControllersOptions["options"]>,
  machine: Machine,
  report: Report,
): Promise<void> {
  const { clock, random } = machine;
  const [{ startControllers }, { startScheduler }] = await Promise.all([
    import("../controllers/mod.ts"),
    import("../scheduler/mod.ts"),
  ]);
  const options = { ...trust, clusterCidr: settings.clusterCidr };
  const clients = { client: clientFor("kube-controller-manager"), clientFor: clientForAccount };
  stack.use(startControllers({ ...clients, clock, random, options, report }));
  stack.use(await startScheduler({ client: clientFor("kube-scheduler"), clock, random, report }));
}

/** The proxy, DNS, and node ports on localhost. */
async function startServices(
  stack: AsyncDisposableStack,
  clientFor: (component: Component) => Client,
  settings: Settings,
  places: Places,
  network: { namespace: string; nodeAddress: string; machineAddress: string; podCidr: string },
  machine: Machine,
  report: Report,
): Promise<void> {
  const { clock, net, exec, disk } = machine;
  await letDnsRead(clientFor("server"));
  const client = clientFor("kube-proxy");
  const networkNamespace = `/run/netns/${network.namespace}`;
  stack.use(
    await startProxy({
      client,
      nodeClient: clientFor("kubelet"),
      clock,
      exec,
      disk,
      nodeName: settings.nodeName,
      podCidr: network.podCidr,
      networkNamespace,
      directory: places.state,
      report,
    }),
  );
  const upstreams = settings.uplink === "none" ? [] : await resolvers(machine);
  stack.use(
    await startDns({
      client: clientFor("coredns"),
      clock,
      net,
      host: network.machineAddress,
      port: dnsPort,
      domain: settings.domain,
      upstreams,
      report,
    }),
  );
  await publishDns(clientFor("server"), settings, network.machineAddress, dnsPort);
  stack.use(startLocalPorts({ client, clock, net, nodeAddress: network.nodeAddress, report }));
}

/** The machine's own resolvers. */
async function resolvers({ disk }: Machine): Promise<string[]> {
  const text = await disk.readText("/etc/resolv.conf").catch(() => "");
  return Array.from(text.matchAll(/^nameserver\s+([\d.]+)\s*$/gm), (match) => match[1]!);
}

function namesOf(settings: Settings, addresses: readonly string[]): string[] {
  const service = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    `kubernetes.default.svc.${settings.domain}`,
  ];
  return ["localhost", settings.nodeName, ...service, "127.0.0.1", nthAddress(settings.serviceCidr, 1), ...addresses];
}

async function nodeReady(client: Client, name: string, { clock }: Machine, report: Report): Promise<void> {
  const nodes = startInformer<KubeObject>({
    client,
    clock,
    resource: "nodes",
    fieldSelector: `metadata.name=${name}`,
    report,
  });
  const takesPods = (node: KubeObject) =>
    isReady(node) && !(node.spec.taints ?? []).some((taint: any) => taint.key === "node.kubernetes.io/not-ready");
  await new Promise<void>((resolve) => {
    nodes.onChange((_key, now) => {
      if (now && takesPods(now)) resolve();
    });
  });
  await nodes[Symbol.asyncDispose]();
}

/** Settings for a new cluster. Throws if the machine has no room for it. */
export async function newSettings(
  given: Partial<Settings> & { name: string },
  machine: Machine,
  self: Self,
): Promise<Settings> {
  const clusterCidr = given.clusterCidr ?? "10.244.0.0/16";
  return {
    clusterCidr,
    nodeCidr: given.nodeCidr ?? clusterCidr.replace(/\/\d+$/, "/24"),
    serviceCidr: given.serviceCidr ?? "10.96.0.0/16",
    domain: "cluster.local",
    apiPort: given.apiPort ?? 6443,
    nodePorts: "30000-32767",
    uplink: given.uplink ?? "machine",
    nodeName: given.nodeName ?? self.hostname(),
    name: given.name,
    linkIndex: await freeIndex(machine),
  };
}
