// A whole cluster, as a user brings it up: services, recovery after a crash, and that nothing is left behind.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeObject } from "../../src/api/machinery/object.ts";
import { accessFrom, type Client, overHttp, parseKubeconfig } from "../../src/client/mod.ts";
import { machine } from "../../src/host/mod.ts";
import { typernetes } from "../../tools/run.ts";
import { testCluster } from "./support.ts";

const cluster = testCluster("e2e", 0);
const { name, directory, run } = cluster;
const waitMs = 60_000;
let client: Client;
let linkIndex: number;

async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + waitMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${waitMs / 1000} s${last ? ` (${last})` : ""}`);
    await sleep(50);
  }
}

async function connect(): Promise<void> {
  const access = await accessFrom(parseKubeconfig(run("kubeconfig")), machine.disk, directory);
  client = overHttp(machine.net, access);
}

/** What a command inside a pod printed. */
function inPod(pod: string, ...command: string[]): string {
  const { stdout } = spawnSync(
    typernetes,
    ["kubectl", "--kubeconfig", cluster.kubeconfig, "exec", pod, "--", ...command],
    {
      encoding: "utf8",
      timeout: 30_000,
    },
  );
  return stdout;
}

function traces(): string[] {
  const namespaces = spawnSync("ip", ["netns", "list"], { encoding: "utf8" }).stdout;
  const links = spawnSync("ip", ["-o", "link"], { encoding: "utf8" }).stdout;
  const mounts = readFileSync("/proc/self/mounts", "utf8");
  const processes = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(directory));
  return [
    ...(namespaces.includes(`typernetes-${name}`) ? ["network namespace"] : []),
    ...(links.includes(`: tn${linkIndex}@`) ? ["link"] : []),
    ...(mounts.includes(directory) || mounts.includes(`/run/typernetes/${name}/`) ? ["mounts"] : []),
    ...(processes.length > 0 ? [`processes ${processes.map(commandOf).join("; ")}`] : []),
    ...(existsSync(join(directory, name)) ? ["data"] : []),
    ...(existsSync(`/run/typernetes/${name}`) ? ["state"] : []),
    ...readdirSync("/sys/fs/cgroup").flatMap((each) =>
      existsSync(`/sys/fs/cgroup/${each}/typernetes-${name}`) ? [`cgroup ${each}`] : [],
    ),
  ];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

const pod = (podName: string, labels: object, command: string[]) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: podName, namespace: "default", labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image: "nginx:1.14.2", command }] },
});

const phase = async (podName: string) =>
  (await client.get<KubeObject>("pods", { namespace: "default", name: podName })).status?.phase;

before(async () => {
  cluster.up();
  linkIndex = JSON.parse(readFileSync(join(directory, name, "cluster.json"), "utf8")).linkIndex;
  await connect();
});

after(() => cluster.remove());

test("a Deployment's pods answer through its Service: cluster IP, node port, localhost, and by name", async () => {
  const serve = ["sh", "-c", "hostname > /usr/share/nginx/html/index.html && exec nginx"];
  const template = { metadata: { labels: { app: "web" } }, spec: pod("x", {}, serve).spec };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, template },
  };
  await client.create("deployments.apps", deployment);
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, nodePort: 31080 }] },
  };
  const { spec } = await client.create<KubeObject>("services", service);
  await until(
    "the deployment",
    async () =>
      (await client.get<KubeObject>("deployments.apps", { namespace: "default", name: "web" })).status
        ?.readyReplicas === 2,
  );
  const [node] = (await client.list<KubeObject>("nodes")).items;
  const nodeAddress = node!.status.addresses.find((each: any) => each.type === "InternalIP").address;
  const answer = async (url: string) =>
    (await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text()).trim();
  for (const url of [`http://${spec.clusterIP}`, `http://${nodeAddress}:31080`, "http://127.0.0.1:31080"]) {
    assert.match(await until(url, () => answer(url)), /^web-/);
  }
  const answers = new Set(await Promise.all(Array.from({ length: 24 }, () => answer(`http://${spec.clusterIP}`))));
  assert.equal(answers.size, 2, "both pods answer");
  const [first] = (await client.list<KubeObject>("pods", { namespace: "default", labelSelector: "app=web" })).items;
  assert.match(inPod(first!.metadata.name, "wget", "-qO-", "http://web.default.svc.cluster.local"), /^web-/);
});

test("a pod reaches the API at kubernetes.default with its token", async () => {
  await client.create("pods", pod("asks", {}, ["sleep", "600"]));
  await until("the pod", async () => (await phase("asks")) === "Running");
  assert.match(inPod("asks", "nslookup", "kubernetes.default.svc.cluster.local"), /10\.220\.0\.1/);
  const token = inPod("asks", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token");
  assert.equal(token.split(".").length, 3);
  const review = await client.create<KubeObject>("tokenreviews.authentication.k8s.io", {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenReview",
    metadata: {},
    spec: { token },
  });
  assert.equal(review.status.user.username, "system:serviceaccount:default:default");
});

test("after a crash the next up finds everything, and containers went on meanwhile", async () => {
  const look = async () => {
    const { status } = await client.get<KubeObject>("pods", { namespace: "default", name: "asks" });
    return [status.containerStatuses[0].containerID, status.containerStatuses[0].restartCount];
  };
  const earlier = await look();
  process.kill(Number(readFileSync(`/run/typernetes/${name}/server.pid`, "utf8")), "SIGKILL");
  run("up", "--write-kubeconfig=false");
  await connect();
  assert.deepEqual(await until("the pod", look), earlier);
  await client.create("pods", pod("later", {}, ["sleep", "600"]));
  await until("a new pod", async () => (await phase("later")) === "Running");
});

test("down --keep-data keeps the store: the next up runs the same pods anew", async () => {
  run("down", "--keep-data");
  assert.deepEqual(traces(), ["data"]);
  run("up", "--write-kubeconfig=false");
  await connect();
  await until(
    "the deployment",
    async () =>
      (await client.get<KubeObject>("deployments.apps", { namespace: "default", name: "web" })).status
        ?.readyReplicas === 2,
  );
});

test("down leaves nothing behind", () => {
  run("down");
  assert.deepEqual(traces(), []);
});
