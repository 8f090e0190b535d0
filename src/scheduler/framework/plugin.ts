import type { Client } from "../../client/mod.ts";
import type { NodeInfo, NodeTable, PodInfo } from "../cache/nodes.ts";

/** Why a pod does not go on a node. */
export interface Rejection {
  reasons: readonly string[];
  /** Set if no pod's leaving the node would help. */
  unresolvable?: boolean;
}

/** What a plugin found out about a pod before it looks at nodes. */
export interface PreFilter<State = any> {
  state?: State;
  /** The plugin has nothing to say about this pod. */
  skip?: boolean;
  /** Only these nodes come into question. */
  nodes?: ReadonlySet<string>;
  /** No node will do. */
  reject?: string;
}

/** What happened in the cluster that may help a pod that found no node. */
export type ClusterEvent =
  | {
      type: "nodeAdded" | "nodeChanged";
      node: NodeInfo;
      changed: ReadonlySet<"allocatable" | "labels" | "taints" | "unschedulable">;
    }
  | { type: "podLeft" };

/** One rule of scheduling. Extension points are verbs; those that are there are used, in the registry's order. */
export interface Plugin<State = any> {
  name: string;
  /** A reason to keep a pod out of the queue for now. */
  preEnqueue?(pod: PodInfo["pod"]): string | undefined;
  /** Negative if `a` is to be scheduled before `b`. Exactly one plugin has it. */
  queueSort?(a: PodInfo, b: PodInfo): number;
  preFilter?(pod: PodInfo, nodes: NodeTable): PreFilter<State>;
  filter?(pod: PodInfo, node: NodeInfo, state: State): Rejection | undefined;
  /** Undefined: the plugin scores nothing for this pod. Else what `score` gets. */
  preScore?(pod: PodInfo, nodes: readonly NodeInfo[], table: NodeTable): unknown;
  /** 0 to 100, or anything if there is `normalize`. */
  score?(pod: PodInfo, node: NodeInfo, state: any): number;
  /** Brings scores to 0 to 100, in place. */
  normalize?(scores: number[]): void;
  /** How much its score counts; 1 if absent. */
  weight?: number;
  /** Takes what the pod needs on its node; undone by `unreserve`. A text refuses. */
  reserve?(pod: PodInfo, node: NodeInfo): string | undefined;
  unreserve?(pod: PodInfo, node: NodeInfo): void;
  /** Holds a pod back before it is bound. A text refuses. */
  permit?(pod: PodInfo, node: NodeInfo): Promise<string | undefined>;
  /** Writes the decision. The first plugin that has it does it. */
  bind?(pod: PodInfo, nodeName: string, client: Client): Promise<void>;
  /** Whether a pod that this plugin turned down may fit after this (queueing hint). */
  wokenBy?(event: ClusterEvent, pod: PodInfo): boolean;
}
