// Fills a data directory with pods as a busy cluster has them, through the API.

import { createApiServer } from "../src/apiserver/mod.ts";
import { inProcess } from "../src/client/mod.ts";
import { machine } from "../src/host/mod.ts";
import type { Store } from "../src/store/mod.ts";

const atOnce = 64;
const podsPerNode = 100;

/** A pod as a ReplicaSet makes it, on its node. */
function podOf(index: number): object {
  const app = `app-${index % 300}`;
  const container = {
    name: "main",
    image: `registry.example/team/${app}:v1.${index % 20}.0`,
    env: [
      { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "LOG_LEVEL", value: "info" },
    ],
    ports: [{ name: "http", containerPort: 8080 }],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
    readinessProbe: { httpGet: { path: "/ready", port: "http" }, periodSeconds: 5 },
    livenessProbe: { httpGet: { path: "/live", port: "http" } },
  };
  const owner = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    name: `${app}-5d9c7b`,
    uid: `5f0d1c6e-0000-4000-8000-${String(index % 300).padStart(12, "0")}`,
    controller: true,
    blockOwnerDeletion: true,
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${app}-5d9c7b-${index}`,
      namespace: "default",
      labels: { app, "pod-template-hash": "5d9c7b", tier: index % 2 ? "web" : "back" },
      ownerReferences: [owner],
    },
    spec: { nodeName: `node-${Math.floor(index / podsPerNode)}`, containers: [container] },
  };
}

/** What the kubelet writes of a running pod. */
function statusOf(index: number): object {
  const now = "2026-01-01T00:00:00Z";
  const types = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];
  const ip = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
  const status = {
    name: "main",
    image: `registry.example/team/app-${index % 300}:v1.${index % 20}.0`,
    imageID: `registry.example/team/app@sha256:${String(index % 300).padStart(64, "0")}`,
    containerID: `containerd://${String(index).padStart(64, "0")}`,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: now } },
  };
  return {
    phase: "Running",
    conditions: types.map((type) => ({ type, status: "True", lastTransitionTime: now })),
    containerStatuses: [status],
    hostIP: "192.0.2.1",
    podIP: ip,
    podIPs: [{ ip }],
    startTime: now,
    qosClass: "Burstable",
  };
}

/** Creates as many pods, each with a status. */
export async function fill(store: Store, pods: number): Promise<void> {
  await using server = await createApiServer({ store, ...machine });
  const as = (username: string) => inProcess(server.handler, { username, groups: ["system:masters"] });
  const [controller, kubelet] = [as("system:kube-controller-manager"), as("kubelet")];
  await controller.create("serviceaccounts", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace: "default" },
  });
  let index = 0;
  const lane = async () => {
    while (index < pods) {
      const own = index++;
      const made: any = await controller.create("pods", podOf(own));
      const { name, namespace } = made.metadata;
      const status = statusOf(own);
      await kubelet.patch("pods", { name, namespace }, "strategic", { status }, { subresource: "status" });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
