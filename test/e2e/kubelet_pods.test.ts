import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { testPod } from "./kubelet/api.ts";
import type { TestCluster } from "./kubelet/cluster.ts";
import { testCluster } from "./kubelet/cluster.ts";
import { canRunContainers, insideNamespace } from "./kubelet/node.ts";
import { end, ends, exec, goneButFor, runs, said, sleeper } from "./kubelet/pods.ts";

const { inside, succeeded } = insideNamespace(import.meta.filename);

async function quickly(t: TestContext, cluster: TestCluster): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    await cluster.api.client.create("pods", testPod(`quick-${i}`, { containers: [sleeper] }));
    const pod = await cluster.api.until("pods", `quick-${i}`, (found) => found?.status?.phase === "Running");
    times.push(performance.now() - began);
    assert.match(pod.status.podIP, /^10\.199\.0\./);
  }
  t.diagnostic(`create to Running: ${times.map((ms) => ms.toFixed(0)).join(" ")} ms`);
  for (let i = 0; i < 5; i++) await end(cluster, `quick-${i}`);
  await cluster.kubelet.settled();
  assert.deepEqual(await cluster.node.runtime.listSandboxes(), []);
}

async function many(t: TestContext, cluster: TestCluster): Promise<void> {
  const names = Array.from({ length: 16 }, (_, index) => `many-${index}`);
  const began = performance.now();
  await Promise.all(names.map((name) => runs(cluster, testPod(name, { containers: [sleeper] }))));
  const upMs = performance.now() - began;
  await Promise.all(names.map((name) => end(cluster, name)));
  const downMs = performance.now() - began - upMs;
  await cluster.kubelet.settled();
  assert.deepEqual(await cluster.node.runtime.listSandboxes(), []);
  t.diagnostic(`16 pods: up in ${upMs.toFixed(0)} ms, down in ${downMs.toFixed(0)} ms`);
}

async function restarts(_: TestContext, cluster: TestCluster): Promise<void> {
  const { api } = cluster;
  const done = await ends(
    cluster,
    testPod("done", {
      restartPolicy: "Never",
      containers: [{ name: "c", command: ["sh", "-c", "echo bye > /dev/termination-log; exit 0"] }],
    }),
  );
  assert.equal(done.status.phase, "Succeeded");
  assert.deepEqual(
    { ...done.status.containerStatuses[0].state.terminated, startedAt: "", finishedAt: "", containerID: "" },
    { exitCode: 0, reason: "Completed", message: "bye\n", startedAt: "", finishedAt: "", containerID: "" },
  );
  assert.equal(done.status.conditions.find((c: any) => c.type === "Ready").reason, "PodCompleted");

  const failed = await ends(
    cluster,
    testPod("failed", {
      restartPolicy: "Never",
      containers: [
        { name: "c", command: ["sh", "-c", "echo oops; exit 3"], terminationMessagePolicy: "FallbackToLogsOnError" },
      ],
    }),
  );
  assert.equal(failed.status.phase, "Failed");
  assert.equal(failed.status.containerStatuses[0].state.terminated.message, "oops\n");
  assert.equal(failed.status.containerStatuses[0].state.terminated.reason, "Error");

  await api.client.create("pods", testPod("crash", { containers: [{ name: "c", command: ["false"] }] }));
  const crash = await api.until(
    "pods",
    "crash",
    (found) => found?.status?.containerStatuses?.[0]?.state.waiting?.reason === "CrashLoopBackOff",
  );
  const [status] = crash.status.containerStatuses;
  assert.equal(status.restartCount, 1);
  assert.equal(status.lastState.terminated.exitCode, 1);
  assert.equal(
    status.state.waiting.message,
    `back-off 10s restarting failed container=c pod=crash_default(${crash.metadata.uid})`,
  );
  assert.equal(crash.status.phase, "Running");
  await said(
    cluster,
    "crash",
    `Warning BackOff Back-off restarting failed container c in pod crash_default(${crash.metadata.uid})`,
  );

  const oom = await ends(
    cluster,
    testPod("oom", {
      restartPolicy: "Never",
      containers: [
        {
          name: "c",
          command: ["dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"],
          resources: { limits: { memory: "16Mi" } },
        },
      ],
    }),
  );
  assert.equal(oom.status.containerStatuses[0].state.terminated.reason, "OOMKilled");
  assert.equal(oom.status.containerStatuses[0].state.terminated.exitCode, 137);

  await api.client.create(
    "pods",
    testPod("typo", { restartPolicy: "Never", containers: [{ name: "c", command: ["/no/such"] }] }),
  );
  const typo = await api.until("pods", "typo", (found) => found?.status?.phase === "Failed");
  assert.equal(typo.status.containerStatuses[0].state.terminated.reason, "StartError");
  assert.equal(typo.status.containerStatuses[0].state.terminated.exitCode, 128);
  for (const name of ["done", "failed", "crash", "oom", "typo"]) await end(cluster, name);
}

async function initializes(_: TestContext, cluster: TestCluster): Promise<void> {
  const { api } = cluster;
  const step = (name: string, text: string) => ({
    name,
    command: ["sh", "-c", `echo ${text} >> /w/log`],
    volumeMounts: [{ name: "w", mountPath: "/w" }],
  });
  const pod = await runs(
    cluster,
    testPod("init", {
      initContainers: [
        step("one", "1"),
        {
          ...sleeper,
          name: "side",
          restartPolicy: "Always",
          startupProbe: { exec: { command: ["true"] }, periodSeconds: 1 },
        },
        step("two", "2"),
      ],
      containers: [{ ...sleeper, volumeMounts: [{ name: "w", mountPath: "/w" }] }],
      volumes: [{ name: "w", emptyDir: {} }],
    }),
  );
  assert.equal(await exec(cluster, pod, "cat /w/log"), "1\n2\n");
  assert.deepEqual(
    pod.status.initContainerStatuses.map((one: any) => Object.keys(one.state)[0]),
    ["terminated", "running", "terminated"],
  );
  await end(cluster, "init");

  const job = await ends(
    cluster,
    testPod("job", {
      restartPolicy: "Never",
      initContainers: [{ ...sleeper, name: "side", restartPolicy: "Always" }],
      containers: [{ name: "c", command: ["true"] }],
    }),
  );
  assert.equal(job.status.phase, "Succeeded");
  await end(cluster, "job");

  await api.client.create(
    "pods",
    testPod("stuck", {
      restartPolicy: "Never",
      initContainers: [{ name: "i", command: ["false"] }],
      containers: [sleeper],
    }),
  );
  const stuck = await api.until("pods", "stuck", (found) => found?.status?.phase === "Failed");
  assert.equal(stuck.status.containerStatuses[0].state.waiting.reason, "PodInitializing");
  assert.equal(
    stuck.status.conditions.find((c: any) => c.type === "Initialized").message,
    "containers with incomplete status: [i]",
  );
  await end(cluster, "stuck");
}

async function fails(_: TestContext, cluster: TestCluster): Promise<void> {
  const { api } = cluster;
  const waits = (name: string, reason: string) =>
    api.until("pods", name, (found) => found?.status?.containerStatuses?.[0]?.state.waiting?.reason === reason);
  const make = (name: string, container: object, spec: object = {}) =>
    api.client.create("pods", testPod(name, { containers: [{ ...sleeper, ...container }], ...spec }));
  await make("never", { image: "missing.invalid/x:1", imagePullPolicy: "Never" });
  await make("nopull", { image: "missing.invalid/x:1" });
  await make("badname", { image: "BAD NAME" });
  await make("noconf", { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "absent", key: "k" } } }] });
  await make("root", {}, { securityContext: { runAsNonRoot: true } });
  await make(
    "novol",
    { volumeMounts: [{ name: "v", mountPath: "/v" }] },
    { volumes: [{ name: "v", secret: { secretName: "absent" } }] },
  );
  await make(
    "nodir",
    { volumeMounts: [{ name: "v", mountPath: "/v" }] },
    { volumes: [{ name: "v", hostPath: { path: "/etc/passwd", type: "Directory" } }] },
  );
  await waits("never", "ErrImageNeverPull");
  await waits("nopull", "ErrImagePull");
  await waits("nopull", "ImagePullBackOff");
  await waits("badname", "InvalidImageName");
  const noconf = await waits("noconf", "CreateContainerConfigError");
  assert.equal(noconf.status.containerStatuses[0].state.waiting.message, 'configmap "absent" not found');
  const root = await waits("root", "CreateContainerConfigError");
  assert.equal(
    root.status.containerStatuses[0].state.waiting.message,
    `container has runAsNonRoot and image will run as root (pod: "root_default(${root.metadata.uid})", container: c)`,
  );
  await said(
    cluster,
    "never",
    'Warning ErrImageNeverPull Container image "missing.invalid/x:1" is not present with pull policy of Never',
  );
  await said(cluster, "nopull", 'Normal Pulling Pulling image "missing.invalid/x:1"');
  await said(cluster, "nopull", 'Warning Failed Failed to pull image "missing.invalid/x:1": ');
  await said(cluster, "nopull", "Warning Failed Error: ErrImagePull");
  await said(cluster, "nopull", 'Normal BackOff Back-off pulling image "missing.invalid/x:1"');
  await said(
    cluster,
    "novol",
    'Warning FailedMount MountVolume.SetUp failed for volume "v" : secret "absent" not found',
  );
  await said(
    cluster,
    "nodir",
    'Warning FailedMount MountVolume.SetUp failed for volume "v" : hostPath type check failed: /etc/passwd is not a directory',
  );
  const novol = await waits("novol", "ContainerCreating");
  assert.equal(novol.status.phase, "Pending");
  for (const name of ["never", "nopull", "badname", "noconf", "root", "novol", "nodir"]) await end(cluster, name);
}

async function probes(_: TestContext, cluster: TestCluster): Promise<void> {
  const { api } = cluster;
  const web = {
    name: "c",
    command: ["sh", "-c", "mkdir /www; echo ok > /www/ok; exec httpd -f -p 8080 -h /www"],
    ports: [{ name: "http", containerPort: 8080 }],
  };
  const pod = await runs(
    cluster,
    testPod("probed", {
      containers: [
        {
          ...web,
          startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 10 },
          readinessProbe: { httpGet: { path: "/ok", port: "http" }, periodSeconds: 1 },
          livenessProbe: { exec: { command: ["test", "-e", "/www/ok"] }, periodSeconds: 1, failureThreshold: 1 },
        },
      ],
      terminationGracePeriodSeconds: 1,
    }),
  );
  await exec(cluster, pod, "rm /www/ok");
  await api.until("pods", "probed", (found) => found?.status?.containerStatuses?.[0]?.restartCount === 1);
  await said(cluster, "probed", "Normal Killing Container c failed liveness probe, will be restarted");
  await said(cluster, "probed", "Warning Unhealthy Liveness probe failed: ");
  await end(cluster, "probed");

  await api.client.create(
    "pods",
    testPod("unready", {
      containers: [{ ...web, readinessProbe: { httpGet: { path: "/absent", port: 8080 }, periodSeconds: 1 } }],
      terminationGracePeriodSeconds: 1,
    }),
  );
  await said(cluster, "unready", "Warning Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 404");
  await end(cluster, "unready");
}

async function hooks(_: TestContext, cluster: TestCluster): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "tn-hooks-"));
  const pod = testPod("hooked", {
    containers: [
      {
        ...sleeper,
        lifecycle: {
          postStart: { exec: { command: ["sh", "-c", "echo post >> /h/log"] } },
          preStop: { exec: { command: ["sh", "-c", "echo pre >> /h/log"] } },
        },
        volumeMounts: [{ name: "h", mountPath: "/h" }],
      },
    ],
    volumes: [{ name: "h", hostPath: { path: directory, type: "Directory" } }],
  });
  await runs(cluster, pod);
  await end(cluster, "hooked");
  assert.equal(
    readFileSync(join(directory, "log"), "utf8"),
    "post\npre\n",
    (await cluster.api.events("hooked")).join("\n"),
  );
  rmSync(directory, { recursive: true });
  await cluster.api.client.create(
    "pods",
    testPod("badhook", {
      containers: [{ ...sleeper, lifecycle: { postStart: { exec: { command: ["false"] } } } }],
      terminationGracePeriodSeconds: 1,
    }),
  );
  await cluster.api.until("pods", "badhook", (found) => found?.status?.containerStatuses?.[0]?.restartCount >= 1);
  await said(
    cluster,
    "badhook",
    'Warning FailedPostStartHook Exec lifecycle hook ([false]) for Container "c" in Pod "badhook_default(',
  );
  await end(cluster, "badhook");
}

async function survives(_: TestContext, cluster: TestCluster): Promise<void> {
  const before = await runs(cluster, testPod("kept", { containers: [sleeper] }));
  await runs(cluster, testPod("orphan", { containers: [sleeper] }));
  await cluster.kubelet.stop();
  await cluster.api.client.delete("pods", { namespace: "default", name: "orphan" }, { gracePeriodSeconds: 0 });
  await cluster.node.restartContainerd();
  await cluster.restart();
  await cluster.kubelet.settled();
  const after = await cluster.api.until("pods", "kept", (found) => found?.status?.phase === "Running");
  assert.equal(after.status.containerStatuses[0].containerID, before.status.containerStatuses[0].containerID);
  assert.equal(after.status.containerStatuses[0].restartCount, 0);
  await goneButFor(cluster, 1);

  // The sandbox dies: another takes its place, and the container starts again in it.
  const [sandbox] = await cluster.node.runtime.listSandboxes();
  await cluster.node.runtime.stopSandbox(sandbox!.id);
  const again = await cluster.api.until(
    "pods",
    "kept",
    (found) =>
      found?.status?.containerStatuses?.[0]?.restartCount >= 1 &&
      found?.status?.containerStatuses[0].ready &&
      found.status.podIP !== before.status.podIP,
  );
  assert.notEqual(again.status.podIP, before.status.podIP);
  assert.equal(again.status.podIPs.length, 1);
  await said(cluster, "kept", "Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.");
  await end(cluster, "kept");
}

async function limits(_: TestContext, cluster: TestCluster): Promise<void> {
  const late = await ends(
    cluster,
    testPod("late", {
      activeDeadlineSeconds: 1,
      containers: [{ ...sleeper, command: ["sleep", "1000"] }],
      terminationGracePeriodSeconds: 1,
    }),
  );
  assert.equal(late.status.reason, "DeadlineExceeded");
  assert.equal(late.status.message, "Pod was active on the node longer than the specified deadline");
  await end(cluster, "late");

  await runs(
    cluster,
    testPod("forced", {
      containers: [{ ...sleeper, command: ["sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"] }],
    }),
  );
  await cluster.api.client.delete("pods", { namespace: "default", name: "forced" }, { gracePeriodSeconds: 0 });
  await cluster.kubelet.settled();
  await goneButFor(cluster, 0);

  const shared = await runs(
    cluster,
    testPod("shared", { shareProcessNamespace: true, containers: [sleeper, { ...sleeper, name: "d" }] }),
  );
  assert.match(await exec(cluster, shared, "ps"), /pause/);
  await end(cluster, "shared");
  const hosted = await runs(
    cluster,
    testPod("hosted", {
      hostNetwork: true,
      hostPID: true,
      dnsPolicy: "Default",
      containers: [{ ...sleeper, securityContext: { privileged: true } }],
    }),
  );
  assert.equal(hosted.status.podIP, "10.199.0.1");
  assert.match(await exec(cluster, hosted, "ip addr; cat /etc/hosts"), /tnbr0[\s\S]*host network/);
  await end(cluster, "hosted");
}

test("pods with real containers", { skip: !canRunContainers }, async (t) => {
  if (!inside) return assert.ok(succeeded);
  await using cluster = await testCluster();
  const ready = (node: any) =>
    node?.status?.conditions?.some((c: any) => c.type === "Ready" && c.status === "True") === true;
  await cluster.api.until("nodes", "node-a", ready);
  const cases = { quickly, many, restarts, initializes, fails, probes, hooks, survives, limits };
  const only = process.env.TYPERNETES_CASES?.split(",");
  for (const [name, run] of Object.entries(cases))
    if (!only || only.includes(name)) await t.test(name, (child) => run(child, cluster));
});
