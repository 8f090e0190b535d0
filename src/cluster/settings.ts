import type { Disk } from "../base/world.ts";
import type { Uplink } from "../network/mod.ts";

/** Everything that distinguishes one cluster from another; kept in its data directory as `cluster.json`. */
export interface Settings {
  name: string;
  /** Pods of the whole cluster; each node gets a /24 of it. */
  clusterCidr: string;
  nodeCidr: string;
  serviceCidr: string;
  domain: string;
  /** The port that the API is served on, on localhost and on the node's link. */
  apiPort: number;
  nodePorts: string;
  uplink: Uplink;
  nodeName: string;
  /** Tells the node's link apart from others on this machine. */
  linkIndex: number;
}

/** Where a cluster keeps its files. All of it goes when the cluster does. */
export interface Places {
  /** What a reboot must not lose. */
  data: string;
  /** Sockets and other things of this boot. */
  state: string;
  settings: string;
  pki: string;
  store: string;
  containerd: string;
  socket: string;
  kubelet: string;
  cni: string;
  /** Images that the cluster serves itself. */
  registry: string;
  /** Which registries are asked for which images. */
  registryHosts: string;
  kubeconfig: string;
  pid: string;
  log: string;
  /** Whether the machine forwarded packets before this cluster needed it to. */
  forwarding: string;
  /** There once the node is ready; holds what `status` shows. */
  ready: string;
}

/** The places of a cluster. `state` is short: socket paths may have 107 bytes. */
export function placesOf(name: string, dataRoot: string): Places {
  const data = `${dataRoot}/${name}`;
  const state = `/run/typernetes/${name}`;
  return {
    data,
    state,
    settings: `${data}/cluster.json`,
    pki: `${data}/pki`,
    store: `${data}/store`,
    containerd: `${data}/containerd`,
    socket: `${state}/containerd.sock`,
    kubelet: `${data}/kubelet`,
    cni: `${data}/cni`,
    registry: `${data}/registry`,
    registryHosts: `${data}/registries`,
    kubeconfig: `${data}/kubeconfig`,
    pid: `${state}/server.pid`,
    log: `${data}/server.log`,
    forwarding: `${state}/ip_forward`,
    ready: `${state}/ready.json`,
  };
}

/** The kubeconfig context (and cluster and user) of a cluster. */
export function contextName(name: string): string {
  return name === "default" ? "typernetes" : `typernetes-${name}`;
}

/** Reads a cluster's settings; undefined if there is none. */
export async function readSettings(places: Places, disk: Disk): Promise<Settings | undefined> {
  if (!(await disk.stat(places.settings))) return undefined;
  return JSON.parse(await disk.readText(places.settings)) as Settings;
}

/** The n-th address of an IPv4 range: `nthAddress("10.96.0.0/16", 10)` is 10.96.0.10. */
export function nthAddress(cidr: string, n: number): string {
  const [base = ""] = cidr.split("/");
  const value = base.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
