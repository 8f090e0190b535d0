import type { KubeObject } from "../../api/machinery/object.ts";
import { addResources, noResources, podRequests, type Resources, resourcesOf } from "./resources.ts";

/** A pod with what scheduling asks about it again and again. */
export interface PodInfo {
  key: string;
  uid: string;
  pod: KubeObject;
  priority: number;
  requests: Resources;
  /** The requests with defaults for containers that ask for nothing; for scores. */
  nonZero: Resources;
  /** `protocol/port`, with the address it is asked on. */
  ports: readonly HostPort[];
}

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/** A node with the sum of what its pods ask for. */
export interface NodeInfo {
  name: string;
  node: KubeObject;
  allocatable: Resources;
  podsMax: number;
  /** Invariant: the sums of `pods`. */
  requested: Resources;
  nonZero: Resources;
  pods: Map<string, PodInfo>;
  /** Image name → size in bytes. */
  images: Map<string, number>;
}

/** Reads a pod once. */
export function podInfoOf(pod: KubeObject): PodInfo {
  const { namespace, name, uid } = pod.metadata;
  const { spec } = pod;
  return {
    key: `${namespace}/${name}`,
    uid,
    pod,
    priority: spec.priority ?? 0,
    requests: podRequests(spec),
    nonZero: podRequests(spec, true),
    ports: hostPortsOf(spec),
  };
}

function hostPortsOf(spec: any): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }: any) => restartPolicy === "Always");
  const found: HostPort[] = [];
  for (const { ports } of [...spec.containers, ...sidecars])
    for (const { hostPort, hostIP, protocol } of ports ?? [])
      if (hostPort) found.push({ ip: hostIP || "0.0.0.0", protocol: protocol ?? "TCP", port: hostPort });
  return found;
}

/** The nodes and what is on them, assumed pods among them. Everything is updated in place: one cycle runs at a time. */
export interface NodeTable {
  /** In the order in which they are looked at. */
  readonly list: readonly NodeInfo[];
  get(name: string): NodeInfo | undefined;
  setNode(node: KubeObject): void;
  removeNode(name: string): void;
  /** Puts a pod on a node, in place of what was known of the same pod. Nodes that are not known yet are remembered. */
  setPod(pod: PodInfo, nodeName: string): void;
  /** True if the pod was on a node. */
  removePod(uid: string): boolean;
  nodeOf(uid: string): string | undefined;
  /** How many nodes have an image. */
  imageSpread(name: string): number;
}

/** An empty table. */
export function nodeTable(): NodeTable {
  const byName = new Map<string, NodeInfo>();
  /** Invariant: the nodes of `byName` that have an object. */
  let list: NodeInfo[] = [];
  const places = new Map<string, string>();
  const spread = new Map<string, number>();

  function infoOf(name: string): NodeInfo {
    let info = byName.get(name);
    if (!info) {
      info = {
        name,
        node: undefined as unknown as KubeObject,
        allocatable: noResources(),
        podsMax: 0,
        requested: noResources(),
        nonZero: noResources(),
        pods: new Map(),
        images: new Map(),
      };
      byName.set(name, info);
    }
    return info;
  }

  function count(info: NodeInfo, pod: PodInfo, times: 1 | -1): void {
    addResources(info.requested, pod.requests, times);
    addResources(info.nonZero, pod.nonZero, times);
  }

  function setImages(info: NodeInfo, images: Map<string, number>): void {
    for (const name of info.images.keys()) spread.set(name, (spread.get(name) ?? 1) - 1);
    for (const name of images.keys()) spread.set(name, (spread.get(name) ?? 0) + 1);
    info.images = images;
  }

  return {
    get list() {
      return list;
    },
    get: (name) => byName.get(name),
    setNode(node) {
      const info = infoOf(node.metadata.name);
      const isNew = info.node === undefined;
      const sameImages = !isNew && info.node.status?.images === node.status?.images;
      info.node = node;
      const allocatable = node.status?.allocatable ?? node.status?.capacity;
      info.allocatable = resourcesOf(allocatable);
      info.podsMax = Number(allocatable?.pods ?? 0);
      if (!sameImages) {
        const images = new Map<string, number>();
        for (const { names, sizeBytes } of node.status?.images ?? [])
          for (const name of names ?? []) images.set(name, sizeBytes ?? 0);
        setImages(info, images);
      }
      if (isNew) list = [...list, info];
    },
    removeNode(name) {
      const info = byName.get(name);
      if (!info) return;
      setImages(info, new Map());
      list = list.filter((each) => each !== info);
      info.node = undefined as unknown as KubeObject;
      if (info.pods.size === 0) byName.delete(name);
    },
    setPod(pod, nodeName) {
      const before = places.get(pod.uid);
      if (before !== undefined) {
        const info = infoOf(before);
        count(info, info.pods.get(pod.uid)!, -1);
        info.pods.delete(pod.uid);
      }
      const info = infoOf(nodeName);
      info.pods.set(pod.uid, pod);
      count(info, pod, 1);
      places.set(pod.uid, nodeName);
    },
    removePod(uid) {
      const name = places.get(uid);
      if (name === undefined) return false;
      places.delete(uid);
      const info = infoOf(name);
      count(info, info.pods.get(uid)!, -1);
      info.pods.delete(uid);
      if (info.pods.size === 0 && info.node === undefined) byName.delete(name);
      return true;
    },
    nodeOf: (uid) => places.get(uid),
    imageSpread: (name) => spread.get(name) ?? 0,
  };
}
