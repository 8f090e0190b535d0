import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Client } from "../../src/client/mod.ts";
import { testPod } from "./kubelet/api.ts";
import { testCluster } from "./kubelet/cluster.ts";
import { canRunContainers, insideNamespace } from "./kubelet/node.ts";
import { end, exec, runs, sleeper } from "./kubelet/pods.ts";

const { inside, succeeded } = insideNamespace(import.meta.filename);

const configured = testPod(
  "conf",
  {
    hostname: "h",
    subdomain: "s",
    hostAliases: [{ ip: "1.2.3.4", hostnames: ["foo.local"] }],
    securityContext: { fsGroup: 2000, runAsUser: 1234, sysctls: [{ name: "kernel.shm_rmid_forced", value: "1" }] },
    containers: [
      {
        ...sleeper,
        args: ["$(A)"],
        env: [
          { name: "A", value: "x" },
          { name: "B", value: "$(A)-$(MY_DB_SERVICE_HOST)-$$(A)" },
          { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
          { name: "CM", valueFrom: { configMapKeyRef: { name: "cfg", key: "b" } } },
          { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
        ],
        envFrom: [{ prefix: "P_", secretRef: { name: "sec" } }],
        resources: { limits: { cpu: "500m", memory: "64Mi" }, requests: { cpu: "100m" } },
        volumeMounts: [
          { name: "e", mountPath: "/e" },
          { name: "m", mountPath: "/m" },
          { name: "c", mountPath: "/c" },
          { name: "k", mountPath: "/k" },
          { name: "c", mountPath: "/one", subPath: "a" },
          { name: "e", mountPath: "/sub", subPath: "deep/er" },
          { name: "d", mountPath: "/d" },
        ],
      },
    ],
    volumes: [
      { name: "e", emptyDir: {} },
      { name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
      { name: "c", configMap: { name: "cfg", defaultMode: 0o640 } },
      { name: "d", downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
      {
        name: "k",
        projected: {
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
          ],
        },
      },
    ],
  },
  { labels: { app: "conf" } },
);

async function createObjects(client: Client): Promise<void> {
  await client.create("configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "cfg", namespace: "default" },
    data: { a: "1", b: "two" },
  });
  await client.create("secrets", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "sec", namespace: "default" },
    data: { key: btoa("hidden") },
  });
  await client.create("services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "my-db", namespace: "default" },
    spec: { clusterIP: "10.96.0.9", ports: [{ name: "sql", port: 5432, protocol: "TCP" }] },
  });
}

test("a container's environment, files, volumes and limits", { skip: !canRunContainers }, async (t) => {
  if (!inside) return assert.ok(succeeded);
  await using cluster = await testCluster();
  const { client } = cluster.api;
  await createObjects(client);
  const pod = await runs(cluster, configured);
  await t.test("variables", async () => {
    const env = await exec(cluster, pod, "env");
    for (const line of [
      "A=x",
      "B=x-10.96.0.9-$(A)",
      `IP=${pod.status.podIP}`,
      "CM=two",
      "CPU=500",
      "P_key=hidden",
      "MY_DB_PORT=tcp://10.96.0.9:5432",
    ])
      assert.ok(env.split("\n").includes(line), `${line} in\n${env}`);
  });
  await t.test("files and users", async () => {
    const look = await exec(
      cluster,
      pod,
      "cat /c/a /k/token /k/namespace /d/labels /one; hostname; id; cat /etc/hosts /etc/resolv.conf; touch /e/x /m/x /sub/y; stat -L -c '%a %g' /c/a /e; ls -l /proc/self/fd >/dev/null; grep ' /m ' /proc/mounts",
    );
    assert.match(look, /^1eyJ[\w-]+\.[\w-]+\.[\w-]+defaultapp="conf"1h\n/);
    assert.match(look, /uid=1234\(web\) gid=1234\(web\) groups=1234\(web\),2000/);
    assert.match(
      look,
      /# Kubernetes-managed hosts file\.[\s\S]*\th\.s\.default\.svc\.cluster\.local\th\n[\s\S]*1\.2\.3\.4\tfoo\.local/,
    );
    assert.match(look, /nameserver 10\.96\.0\.10[\s\S]*options ndots:5|options ndots:5[\s\S]*nameserver 10\.96\.0\.10/);
    assert.match(look, /default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/);
    assert.match(look, /640 2000\n2777 2000\n/);
    assert.match(look, /tmpfs \/m tmpfs rw.*size=1024k/);
    assert.equal(pod.status.qosClass, "Burstable");
  });
  const cgroup = `/sys/fs/cgroup/cpu/${cluster.node.cgroupParent}/kubepods/burstable/pod${pod.metadata.uid}`;
  assert.equal(readFileSync(`${cgroup}/cpu.shares`, "utf8"), "102\n");
  assert.equal(readFileSync(`${cgroup}/cpu.cfs_quota_us`, "utf8"), "50000\n");

  await client.patch("configmaps", { namespace: "default", name: "cfg" }, "merge", { data: { a: "changed", b: null } });
  await exec(
    cluster,
    pod,
    "i=0; while [ $i -lt 50 ]; do grep -q changed /c/a && [ ! -e /c/b ] && exit 0; sleep 0.1; i=$((i+1)); done; ls -la /c; exit 1",
  );
  await end(cluster, "conf");
  await cluster.kubelet.settled();
  assert.throws(() => readFileSync(`${cgroup}/cpu.shares`), { code: "ENOENT" });
});
