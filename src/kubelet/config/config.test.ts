import assert from "node:assert/strict";
import { test } from "node:test";
import { qosClass } from "../pods/qos.ts";
import { podOf } from "../pods/worlds.ts";
import { parseResolvConf, podDns } from "./dns.ts";
import { containerEnv } from "./env.ts";
import { expandVariables } from "./expand.ts";
import { formatMap, resourceField } from "./fields.ts";
import { podHostname, podHosts } from "./hosts.ts";
import { milliCpu, parseQuantity } from "./quantity.ts";
import { linuxResources, oomScoreAdj, podResources } from "./resources.ts";
import { containerSecurity, rootRefusal } from "./security.ts";
import { serviceVariables } from "./services.ts";

const gib = 2 ** 30;

test("variables are expanded as Kubernetes does it", () => {
  const check = (text: string, want: string) =>
    assert.equal(
      expandVariables(text, (name) => ({ A: "1", B: "$(A)" })[name]),
      want,
    );
  check("$(A)-$(B)", "1-$(A)");
  check("$$(A) $$$(A)", "$(A) $1");
  check("$(NONE) $A $(A $", "$(NONE) $A $(A $");
});

test("quantities", () => {
  const check = (text: string, want: number) => assert.equal(parseQuantity(text), want);
  check("1", 1);
  check("100m", 0.1);
  check("1.5Gi", 1.5 * gib);
  check("2G", 2e9);
  check("1e3", 1000);
  check("5E", 5e18);
  assert.equal(milliCpu("0.1"), 100);
  assert.equal(milliCpu("100u"), 1);
  assert.throws(() => parseQuantity("1 Gi"));
});

test("resource fields are rounded up by their divisor", () => {
  const container = { name: "c", resources: { limits: { cpu: "250m", memory: "10Mi" } } };
  const check = (resource: string, divisor: string | undefined, want: string) =>
    assert.equal(resourceField(container, resource, divisor, { "ephemeral-storage": "5" }), want);
  check("limits.cpu", undefined, "1");
  check("limits.cpu", "1m", "250");
  check("limits.memory", "1Mi", "10");
  check("requests.memory", undefined, "0");
  check("limits.ephemeral-storage", "1", "5");
});

test("maps of the downward API are sorted and quoted", () => {
  assert.equal(formatMap({ b: 'say "hi"\n', a: "1" }), 'a="1"\nb="say \\"hi\\"\\n"');
});

test("quality of service", () => {
  const check = (resources: object, want: string) =>
    assert.equal(qosClass(podOf({ containers: [{ name: "c", resources }] })), want);
  check({}, "BestEffort");
  check({ requests: { cpu: "0" } }, "BestEffort");
  check({ requests: { cpu: "1" } }, "Burstable");
  check({ limits: { cpu: "1", memory: "1Gi" } }, "Guaranteed");
  check({ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }, "Burstable");
});

test("limits for the runtime", () => {
  const container = {
    name: "c",
    resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { cpu: "500m", memory: "2Gi" } },
  };
  const pod = podOf({ containers: [container] });
  assert.deepEqual(linuxResources(pod, container, { memoryCapacityBytes: 4 * gib, cgroupV2: false }), {
    cpuShares: 102,
    cpuQuota: 50_000,
    cpuPeriod: 100_000,
    memoryLimitInBytes: 2 * gib,
    oomScoreAdj: 750,
  });
  assert.equal(oomScoreAdj(podOf({}), { name: "c" }, gib), 1000);
  assert.deepEqual(podResources(podOf({ containers: [container, { name: "d" }] })), { cpuShares: 102 });
  assert.deepEqual(podResources(pod), { cpuShares: 102, cpuQuotaUs: 50_000, memoryBytes: 2 * gib });
});

test("name servers by policy", () => {
  const host = parseResolvConf("# x\nnameserver 9.9.9.9\nsearch a.example. b.example\noptions timeout:1\n");
  const node = { clusterDns: ["10.96.0.10"], clusterDomain: "cluster.local", host };
  const check = (spec: object, want: object) => assert.deepEqual(podDns(podOf(spec), node), want);
  const cluster = {
    servers: ["10.96.0.10"],
    searches: ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "a.example", "b.example"],
    options: ["ndots:5"],
  };
  check({}, cluster);
  check({ hostNetwork: true, dnsPolicy: "ClusterFirst" }, host);
  check({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }, cluster);
  check(
    {
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["1.1.1.1"], options: [{ name: "ndots", value: "2" }, { name: "edns0" }] },
    },
    { servers: ["1.1.1.1"], searches: [], options: ["ndots:2", "edns0"] },
  );
  check({ dnsConfig: { options: [{ name: "ndots", value: "1" }] } }, { ...cluster, options: ["ndots:1"] });
});

test("host names and hosts files", () => {
  const named = (spec: object) => podHostname(podOf(spec), "cluster.local");
  assert.deepEqual(named({}), { hostname: "p", fqdn: "" });
  assert.deepEqual(named({ hostname: "h", subdomain: "s" }), { hostname: "h", fqdn: "h.s.ns.svc.cluster.local" });
  assert.equal(named({ subdomain: "s", setHostnameAsFQDN: true }).hostname, "p.s.ns.svc.cluster.local");
  assert.throws(() => named({ hostname: "h".repeat(60), subdomain: "s", setHostnameAsFQDN: true }), /too long/);
  const pod = podOf({ hostAliases: [{ ip: "1.2.3.4", hostnames: ["a", "b"] }] });
  const text = podHosts(pod, ["10.0.0.1"], named({ hostname: "h", subdomain: "s" }), "");
  assert.match(text, /^10\.0\.0\.1\th\.s\.ns\.svc\.cluster\.local\th$/m);
  assert.match(text, /\n\n# Entries added by HostAliases\.\n1\.2\.3\.4\ta\tb\n$/);
});

const service = (name: string, namespace: string, clusterIP: string, port = 80) =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { clusterIP, ports: [{ name: "web", port, protocol: "TCP" }] },
  }) as any;

test("variables of services", () => {
  const all = [
    service("my-db", "ns", "10.0.0.2"),
    service("kubernetes", "default", "10.0.0.1", 443),
    service("other", "else", "10.0.0.3"),
    service("headless", "ns", "None"),
  ];
  const env = serviceVariables(all, "ns", true);
  assert.equal(env.get("MY_DB_SERVICE_HOST"), "10.0.0.2");
  assert.equal(env.get("MY_DB_SERVICE_PORT_WEB"), "80");
  assert.equal(env.get("MY_DB_PORT_80_TCP_ADDR"), "10.0.0.2");
  assert.equal(env.get("KUBERNETES_PORT"), "tcp://10.0.0.1:443");
  assert.ok(!env.has("OTHER_SERVICE_HOST") && !env.has("HEADLESS_SERVICE_HOST"));
  assert.deepEqual(
    [...new Set([...serviceVariables(all, "ns", false).keys()].map((name) => name.split("_")[0]))],
    ["KUBERNETES"],
  );
});

test("a container's environment", async () => {
  const map = (data: object) => ({ kind: "ConfigMap", data }) as any;
  const sources = {
    configMap: async (name: string) => (name === "m" ? map({ k: "v", other: "o" }) : undefined),
    secret: async (name: string) => (name === "s" ? ({ kind: "Secret", data: { p: btoa("ü") } } as any) : undefined),
    services: () => [service("db", "ns", "10.0.0.2")],
    allocatable: {},
  };
  const envOf = async (container: object) =>
    Object.fromEntries(await containerEnv(podOf({ enableServiceLinks: false }), { name: "c", ...container }, sources));
  assert.deepEqual(
    await envOf({
      envFrom: [{ prefix: "X_", configMapRef: { name: "m" } }],
      env: [
        { name: "A", value: "$(X_k)!" },
        { name: "A", value: "$(A)2" },
      ],
    }),
    { X_k: "v", X_other: "o", A: "v!2" },
  );
  assert.deepEqual(
    await envOf({
      env: [
        { name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
        { name: "O", valueFrom: { secretKeyRef: { name: "s", key: "absent", optional: true } } },
      ],
    }),
    { N: "ns" },
  );
  const fails = (container: object, message: string) => assert.rejects(envOf(container), { message });
  await fails(
    { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "x", key: "k" } } }] },
    'configmap "x" not found',
  );
  await fails(
    { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] },
    "couldn't find key k in Secret ns/s",
  );
  await fails({ envFrom: [{ secretRef: { name: "x" } }] }, 'secret "x" not found');
});

test("rights", () => {
  const pod = podOf({
    securityContext: {
      runAsUser: 7,
      fsGroup: 9,
      supplementalGroups: [3],
      seccompProfile: { type: "Localhost", localhostProfile: "a.json" },
    },
  });
  const context = containerSecurity(
    pod,
    { name: "c", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } },
    undefined,
    { seccompRoot: "/sec" },
  );
  assert.deepEqual(context.runAsUser, { value: 7 });
  assert.deepEqual(context.supplementalGroups, [9, 3]);
  assert.deepEqual(context.seccomp, { profileType: "Localhost", localhostRef: "/sec/a.json" });
  assert.equal(context.noNewPrivs, true);
  assert.equal(context.namespaceOptions?.pid, "CONTAINER");
  const privileged = containerSecurity(pod, { name: "c", securityContext: { privileged: true } }, undefined, {
    seccompRoot: "/sec",
  });
  assert.deepEqual(privileged.seccomp, { profileType: "Unconfined" });
  assert.deepEqual(privileged.maskedPaths, []);
});

test("what must not run as root does not", () => {
  const image = (more: object) => ({
    id: "",
    repoTags: [],
    repoDigests: [],
    size: 1,
    username: "",
    pinned: false,
    ...more,
  });
  const check = (spec: object, container: object, more: object, want: RegExp | undefined) => {
    const refusal = rootRefusal(
      podOf({ securityContext: { runAsNonRoot: true, ...spec } }),
      { name: "c", ...container },
      image(more),
    );
    if (want) assert.match(refusal ?? "", want);
    else assert.equal(refusal, undefined);
  };
  check({}, {}, {}, /image will run as root \(pod: "p_ns\(u\)", container: c\)$/);
  check({}, {}, { uid: { value: 5 } }, undefined);
  check({}, {}, { username: "web" }, /non-numeric user \(web\)/);
  check({ runAsUser: 0 }, {}, {}, /runAsUser breaks non-root policy/);
  check({ runAsUser: 5 }, {}, {}, undefined);
  check({}, { securityContext: { runAsNonRoot: false } }, {}, undefined);
});
