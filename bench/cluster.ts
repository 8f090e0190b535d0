// A cluster of its own: bring-up, idle memory and CPU, and pod start over raw CRI.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { accessFrom, type Client, overHttp, parseKubeconfig } from "../src/client/mod.ts";
import { openRuntime } from "../src/cluster/node.ts";
import { placesOf } from "../src/cluster/settings.ts";
import { machine } from "../src/host/mod.ts";
import { standIns } from "../tools/images.ts";
import { must, output, typernetes } from "../tools/run.ts";
import { median } from "./report.ts";

const name = "bench";
const idleMs = 10_000;
const podsPerRound = 12;

/** Jiffies of the CPU that a process has used, and its resident memory in bytes. */
function usageOf(pid: string): { jiffies: number; bytes: number } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return { jiffies: Number(fields[11]) + Number(fields[12]), bytes: Number(fields[21]) * 4096 };
  } catch {
    return { jiffies: 0, bytes: 0 };
  }
}

function containerdPids(): string[] {
  const { data } = placesOf(name, "/var/lib/typernetes");
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${data}/containerd`);
    } catch {
      return false;
    }
  });
}

async function benchIdle(server: string): Promise<void> {
  await sleep(3_000);
  const pids = [server, ...containerdPids()];
  const before = pids.reduce((sum, pid) => sum + usageOf(pid).jiffies, 0);
  await sleep(idleMs);
  const after = pids.reduce((sum, pid) => sum + usageOf(pid).jiffies, 0);
  // A jiffy is 10 ms.
  const percent = (((after - before) * 10) / idleMs) * 100;
  console.log(
    `idle: ${(usageOf(server).bytes / 1e6).toFixed(0)} MB resident (without containerd; upstream: 745 MB), ${percent.toFixed(1)} % of a core (with containerd; upstream: 4.2 %)`,
  );
}

const spec = { image: "docker.io/library/busybox:latest", command: ["sleep", "600"] };

/** Milliseconds from create to Running at the API, `atOnce` pods at a time. */
async function kubeletTimes(client: Client, atOnce: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < podsPerRound; index += atOnce) {
    const lanes = Array.from({ length: atOnce }, async (_, lane) => {
      const podName = `bench-${atOnce}-${index + lane}`;
      const began = performance.now();
      const container = { name: "c", image: spec.image, command: spec.command, imagePullPolicy: "IfNotPresent" };
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: podName, namespace: "default" },
        spec: { containers: [container], terminationGracePeriodSeconds: 0 },
      };
      const abort = new AbortController();
      const events = client.watch("pods", {
        namespace: "default",
        fieldSelector: `metadata.name=${podName}`,
        signal: abort.signal,
      });
      const running = (async () => {
        for await (const batch of events) if (batch.some(({ object }) => object.status?.phase === "Running")) return;
      })();
      await client.create("pods", pod);
      await running;
      times.push(performance.now() - began);
      abort.abort();
    });
    await Promise.all(lanes);
    await client.deleteCollection("pods", { namespace: "default", gracePeriodSeconds: 0 });
    while ((await client.list("pods", { namespace: "default" })).items.length > 0) await sleep(50);
    // The kubelet clears away what a pod leaves after the pod is gone: the next one starts on a quiet machine, as raw ones do.
    await sleep(500);
  }
  return times;
}

/** The same by CRI alone: sandbox, container, start. */
async function rawTimes(atOnce: number): Promise<number[]> {
  const { runtime, close } = openRuntime(placesOf(name, "/var/lib/typernetes"), machine);
  const times: number[] = [];
  for (let index = 0; index < podsPerRound; index += atOnce) {
    const lanes = Array.from({ length: atOnce }, async (_, lane) => {
      const id = `raw-${atOnce}-${index + lane}`;
      const began = performance.now();
      const metadata = { name: id, uid: id, namespace: "raw", attempt: 0 };
      const sandboxConfig = {
        metadata,
        logDirectory: "/tmp",
        labels: {},
        annotations: {},
        linux: { cgroupParent: `/typernetes-${name}/raw` },
      } as never;
      const sandbox = await runtime.runSandbox(sandboxConfig, "");
      const containerConfig = {
        metadata: { name: "c", attempt: 0 },
        image: { image: spec.image },
        command: spec.command,
        labels: {},
        annotations: {},
        logPath: `${id}.log`,
        linux: {},
      } as never;
      await runtime.startContainer(await runtime.createContainer(sandbox, containerConfig, sandboxConfig));
      times.push(performance.now() - began);
      return sandbox;
    });
    for (const sandbox of await Promise.all(lanes)) {
      await runtime.stopSandbox(sandbox);
      await runtime.removeSandbox(sandbox);
    }
  }
  close();
  return times;
}

/** Brings a cluster up, measures, and takes it down again. */
export async function benchCluster(): Promise<void> {
  output(typernetes, "down", "--name", name);
  const began = performance.now();
  must(typernetes, "up", "--name", name, "--uplink", "none", "--write-kubeconfig=false");
  console.log(`first up → node Ready: ${(performance.now() - began).toFixed(0)} ms`);
  try {
    output(typernetes, "images", "load", standIns(), "--name", name);
    const places = placesOf(name, "/var/lib/typernetes");
    const access = await accessFrom(
      parseKubeconfig(readFileSync(places.kubeconfig, "utf8")),
      machine.disk,
      places.data,
    );
    const client = overHttp(machine.net, access);
    await benchIdle(readFileSync(places.pid, "utf8"));
    await kubeletTimes(client, 1);
    for (const atOnce of [1, 4]) {
      const [own, raw] = [median(await kubeletTimes(client, atOnce)), median(await rawTimes(atOnce))];
      console.log(
        `pod start over raw CRI, ${atOnce} at once: ${(own / raw).toFixed(2)}× (${own.toFixed(0)} ms over ${raw.toFixed(0)} ms)`,
      );
    }
  } finally {
    must(typernetes, "down", "--name", name);
  }
}
