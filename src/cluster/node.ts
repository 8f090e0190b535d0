import type { KubeObject } from "../api/machinery/object.ts";
import type { Client } from "../client/mod.ts";
import { type Machine, rpcClient, spdyClient } from "../host/mod.ts";
import {
  containerdEventsProto,
  criProto,
  criRuntime,
  isSystemdInit,
  type Kubelet,
  mayLowerOomScore,
  type Runtime,
  startContainerd,
  startKubelet,
} from "../kubelet/mod.ts";
import { kubeletPort, type NodeNetwork, type NodeNetworkFacts, nodeNetwork, writeCniConfig } from "../network/mod.ts";
import { dnsAddress } from "./control_plane.ts";
import type { Pki } from "./pki.ts";
import { writeRegistryHosts } from "./registry.ts";
import type { Places, Settings } from "./settings.ts";

/** The image that holds every pod's namespaces. */
export const pauseImage = "registry.k8s.io/pause:3.10.1";

/** Where the cluster's own registry listens, on the machine's end of the link. */
export const registryPort = 5000;

/** Where containerd's streams (exec, attach, port-forward) are served, on the node's address. */
const streamPort = 10_010;

/** Where Debian's package puts the CNI plugins. */
const cniBinDir = "/usr/lib/cni";

/** The node's container runtime: a containerd of its own, and the way to talk to it. */
export interface NodeRuntime {
  runtime: Runtime;
  close(): void;
}

/** Opens the way to a cluster's containerd, whether it runs or not. */
export function openRuntime(places: Places, machine: Machine): NodeRuntime {
  const rpc = rpcClient({ target: `unix://${places.socket}`, protos: [criProto, containerdEventsProto] });
  return { runtime: criRuntime(rpc, machine.clock), close: () => rpc.close() };
}

/** Starts the node's containerd in the node's network, or adopts the one that is there. */
export async function startNodeRuntime(network: NodeNetwork, places: Places, machine: Machine): Promise<NodeRuntime> {
  const { disk } = machine;
  await Promise.all([
    writeCniConfig(network, places.cni, `${places.data}/addresses`, disk),
    writeRegistryHosts(places.registry, places.registryHosts, `http://${network.machineAddress}:${registryPort}`, disk),
    disk.makeDirectory(places.state),
    disk.makeDirectory(places.registryHosts),
  ]);
  const opened = openRuntime(places, machine);
  await startContainerd(
    {
      home: `${places.containerd}/home`,
      root: `${places.containerd}/root`,
      state: `${places.state}/containerd`,
      socket: places.socket,
      cniConfDir: places.cni,
      cniBinDir,
      registryConfigDir: places.registryHosts,
      sandboxImage: pauseImage,
      streamAddress: network.nodeAddress,
      streamPort,
      systemdCgroup: await isSystemdInit(disk),
      restrictOomScoreAdj: !(await mayLowerOomScore(disk)),
      disableAppArmor: !(await disk.stat("/sys/kernel/security/apparmor")),
      enter: ["nsenter", `--net=/run/netns/${network.namespace}`],
    },
    opened.runtime,
    machine,
  );
  return opened;
}

/** What makes up the node's network. */
export function networkFacts(settings: Settings): NodeNetworkFacts {
  const { name: cluster, linkIndex: index, nodeCidr: podCidr, clusterCidr, serviceCidr, uplink } = settings;
  return { cluster, index, podCidr, clusterCidr, serviceCidr, uplink, mtu: 1500 };
}

/** The names and addresses of the node's network. */
export function networkOf(settings: Settings): NodeNetwork {
  return nodeNetwork(networkFacts(settings));
}

/** The kernel's switch for passing packets on between networks. */
const forwardingSwitch = "/proc/sys/net/ipv4/ip_forward";

/** Notes how the machine's switch stood before an uplink turned it on. A second start leaves the first note. */
export async function noteForwarding(settings: Settings, places: Places, { disk }: Machine): Promise<void> {
  if (settings.uplink === "none" || (await disk.stat(places.forwarding))) return;
  await disk.write(places.forwarding, await disk.readText(forwardingSwitch));
}

/** Puts the switch back, unless another cluster on the machine needs it. */
export async function restoreForwarding(places: Places, { disk }: Machine): Promise<void> {
  if (!(await disk.stat(places.forwarding)) || (await disk.readText(places.forwarding)).trim() !== "0") return;
  const clusters = places.state.slice(0, places.state.lastIndexOf("/"));
  for (const other of await disk.list(clusters)) {
    const noted = `${clusters}/${other}/ip_forward`;
    if (noted === places.forwarding || !(await disk.stat(noted))) continue;
    // The last one to go puts it back.
    await disk.write(noted, "0\n");
    return;
  }
  await disk.write(forwardingSwitch, "0\n");
}

/** The parent of all pods' cgroups of a cluster. */
export function cgroupParent(settings: Settings): string {
  return `typernetes-${settings.name}`;
}

/** Starts the kubelet and serves its API on the machine's end of the link. */
export async function startNode(
  settings: Settings,
  places: Places,
  pki: Pki,
  network: NodeNetwork,
  runtime: Runtime,
  client: Client,
  machine: Machine,
): Promise<{ kubelet: Kubelet } & AsyncDisposable> {
  const kubelet = await startKubelet({
    client,
    ...machine,
    rpc: rpcClient,
    spdy: spdyClient,
    runtime,
    machine: {
      disk: machine.disk,
      exec: machine.exec,
      dataDir: places.kubelet,
      cgroupParent: cgroupParent(settings),
      systemdCgroup: await isSystemdInit(machine.disk),
    },
    nodeName: settings.nodeName,
    nodeIps: [network.nodeAddress],
    port: kubeletPort,
    clusterDns: [dnsAddress(settings)],
    clusterDomain: settings.domain,
  });
  const tls = { identity: pki.kubelet, clientCa: pki.ca };
  const listener = await machine.net.listenHttp(
    { host: network.machineAddress, port: kubeletPort, tls },
    kubelet.handler,
  );
  return {
    kubelet,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      await kubelet.stop();
    },
  };
}

/** True once the node takes pods. */
export function isReady(node: KubeObject): boolean {
  return (node.status?.conditions ?? []).some((each: any) => each.type === "Ready" && each.status === "True");
}
