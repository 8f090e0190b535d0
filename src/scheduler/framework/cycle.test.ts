import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeTable, podInfoOf } from "../cache/nodes.ts";
import { plugins } from "../registry.ts";
import { enoughNodes, schedulePod } from "./cycle.ts";

/** A node of 4 CPUs, 8Gi and 10 pods, or as `over` says. */
function nodeOf(name: string, over: any = {}): any {
  const allocatable = { cpu: "4", memory: "8Gi", pods: "10", ...over.allocatable };
  const labels = { "kubernetes.io/hostname": name, ...over.labels };
  return { metadata: { name, labels }, spec: over.spec ?? {}, status: { allocatable, images: over.images } };
}

function podOf(name: string, spec: any = {}, requests?: object): any {
  const containers = [{ name: "c", image: "nginx", resources: { requests }, ports: spec.ports }];
  return { metadata: { name, namespace: "default", uid: name }, spec: { containers, ...spec } };
}

/** Schedules `pod` among `nodes`, on which `placed` (pod, node) are. Wants a node's name or the message. */
function check(name: string, nodes: any[], pod: any, wanted: string, placed: [any, string][] = []): void {
  test(name, () => {
    const table = nodeTable();
    for (const node of nodes) table.setNode(node);
    for (const [each, where] of placed) table.setPod(podInfoOf(each), where);
    const decision = schedulePod(podInfoOf(pod), { plugins, nodes: table, random: () => 0.99, start: { index: 0 } });
    assert.equal("node" in decision ? decision.node.name : decision.message, wanted);
  });
}

const noVictims = (nodes: number) =>
  `preemption: 0/${nodes} nodes are available: ${nodes} No preemption victims found for incoming pod.`;
const noHelp = (nodes: number) =>
  `preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful for scheduling.`;
const busy: [any, string] = [podOf("busy", {}, { cpu: "3500m", memory: "7Gi" }), "a"];
const taint = (key: string, effect = "NoSchedule") => ({ spec: { taints: [{ key, effect }] } });

check("no nodes", [], podOf("p"), "no nodes available to schedule pods");
check("the only node", [nodeOf("a")], podOf("p"), "a");
check("the emptier node", [nodeOf("a"), nodeOf("b")], podOf("p", {}, { cpu: "1" }), "b", [
  [podOf("o", {}, { cpu: "2" }), "a"],
]);
check(
  "no room",
  [nodeOf("a")],
  podOf("p", {}, { cpu: "1" }),
  `0/1 nodes are available: 1 Insufficient cpu. ${noVictims(1)}`,
  [busy],
);
check(
  "no room in two ways",
  [nodeOf("a")],
  podOf("p", {}, { cpu: "1", memory: "2Gi" }),
  `0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. ${noVictims(1)}`,
  [busy],
);
check(
  "more than any node has",
  [nodeOf("a")],
  podOf("p", {}, { cpu: "100" }),
  `0/1 nodes are available: 1 Insufficient cpu. ${noHelp(1)}`,
);
check(
  "an extended resource",
  [nodeOf("a")],
  podOf("p", {}, { "example.com/gpu": "1" }),
  `0/1 nodes are available: 1 Insufficient example.com/gpu. ${noHelp(1)}`,
);
check(
  "too many pods",
  [nodeOf("a", { allocatable: { pods: "1" } })],
  podOf("p"),
  `0/1 nodes are available: 1 Too many pods. ${noVictims(1)}`,
  [[podOf("o"), "a"]],
);
check("taints", [nodeOf("a", taint("x")), nodeOf("b")], podOf("p"), "b");
check(
  "untolerated",
  [nodeOf("a", taint("x"))],
  podOf("p"),
  `0/1 nodes are available: 1 node(s) had untolerated taint(s). ${noHelp(1)}`,
);
check("tolerated", [nodeOf("a", taint("x"))], podOf("p", { tolerations: [{ key: "x", operator: "Exists" }] }), "a");
check("soft taints count against a node", [nodeOf("a", taint("x", "PreferNoSchedule")), nodeOf("b")], podOf("p"), "b");
check(
  "cordoned",
  [nodeOf("a", { spec: { unschedulable: true } })],
  podOf("p"),
  `0/1 nodes are available: 1 node(s) were unschedulable. ${noHelp(1)}`,
);
check(
  "node selector",
  [nodeOf("a"), nodeOf("b", { labels: { disk: "ssd" } })],
  podOf("p", { nodeSelector: { disk: "ssd" } }),
  "b",
);
check(
  "no such node",
  [nodeOf("a")],
  podOf("p", { nodeSelector: { disk: "ssd" } }),
  `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${noHelp(1)}`,
);
const named = (name: string) => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
      },
    },
  },
});
check("a daemon's node", [nodeOf("a"), nodeOf("b")], podOf("p", named("b")), "b");
check(
  "preferred labels",
  [nodeOf("a"), nodeOf("b", { labels: { z: "1" } })],
  podOf("p", {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [{ key: "z", operator: "In", values: ["1"] }] } },
        ],
      },
    },
  }),
  "b",
);
const port = { ports: [{ hostPort: 80, containerPort: 80 }] };
check(
  "a port that is taken",
  [nodeOf("a")],
  podOf("p", port),
  `0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. ${noVictims(1)}`,
  [[podOf("o", port), "a"]],
);
check(
  "many reasons",
  [nodeOf("a"), nodeOf("b", taint("x")), nodeOf("c", { spec: { unschedulable: true } })],
  podOf("p", {}, { cpu: "1" }),
  "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
  [busy],
);
check(
  "never preempting",
  [nodeOf("a")],
  podOf("p", { preemptionPolicy: "Never" }, { cpu: "1" }),
  "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
  [busy],
);
check(
  "what preemption would help with is told",
  [nodeOf("a")],
  podOf("p", { priority: 5 }, { cpu: "1" }),
  "0/1 nodes are available: 1 Insufficient cpu. preemption: not supported yet: 1 node(s) have pods of lower priority.",
  [busy],
);
check(
  "inter-pod affinity is refused",
  [nodeOf("a")],
  podOf("p", { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } }),
  `0/1 nodes are available: not supported yet: required inter-pod affinity. ${noHelp(1)}`,
);
check(
  "images",
  [nodeOf("a"), nodeOf("b", { images: [{ names: ["nginx:latest"], sizeBytes: 900 * 2 ** 20 }] })],
  podOf("p"),
  "b",
);
check(
  "init containers and sidecars count",
  [nodeOf("a")],
  podOf("p", {
    initContainers: [
      { name: "s", restartPolicy: "Always", resources: { requests: { cpu: "1" } } },
      { name: "i", resources: { requests: { cpu: "3500m" } } },
    ],
  }),
  `0/1 nodes are available: 1 Insufficient cpu. ${noHelp(1)}`,
);

test("larger clusters are looked at in part", () => {
  assert.deepEqual([10, 99, 100, 1000, 5000, 20_000].map(enoughNodes), [10, 99, 100, 420, 500, 1000]);
});
