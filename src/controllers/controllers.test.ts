import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiServer } from "../apiserver/mod.ts";
import { type Client, inProcess, sharedInformers } from "../client/mod.ts";
import { machineClock as clock, machineNet as net, machineRandom as random } from "../host/mod.ts";
import { openMemoryStore, type Store } from "../store/mod.ts";
import { startControllers } from "./mod.ts";
import type { ControllerOptions } from "./registry.ts";

/** A real server with controllers over it, and a way to wait for a state. */
async function cluster(names: string[], more: Partial<ControllerOptions> = {}, store?: Store) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await createApiServer({ store: store ?? (await openMemoryStore()), clock, random, net }));
  const client = inProcess(server.handler, { username: "admin", groups: ["system:masters"] });
  const problems: unknown[] = [];
  const report = (error: unknown) => problems.push(error);
  const informers = stack.use(sharedInformers({ client, clock }));
  stack.use(startControllers({ client, clock, random, names, options: { rootCa: "PEM", ...more }, report }));
  return {
    client,
    problems,
    /** Resolves once an object is as wanted; a test that never gets there is ended by the runner's time limit. */
    async until(resource: string, key: string, wanted: (object: any) => boolean) {
      const informer = informers.of(resource);
      await informer.synced;
      await informer.until(key, wanted);
      return informer.get(key) as any;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const labels = { app: "web" };
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: { replicas: 3, selector: { matchLabels: labels }, template },
};

async function account(client: Client): Promise<void> {
  const metadata = { name: "default", namespace: "default" };
  await client.create("serviceaccounts", { apiVersion: "v1", kind: "ServiceAccount", metadata }).catch(() => {});
}

/** Does the kubelet's part. */
async function makeReady(client: Client): Promise<void> {
  const pods = await client.list("pods", { namespace: "default" });
  for (const pod of pods.items) {
    const conditions = [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    const status = { phase: "Running", podIP: "10.244.0.9", podIPs: [{ ip: "10.244.0.9" }], conditions };
    await client.patch("pods", pod.metadata, "merge", { status }, { subresource: "status" });
  }
}

test("a deployment gets its pods and tells of it", { timeout: 20_000 }, async () => {
  await using c = await cluster(["deployment", "replicaset"]);
  await account(c.client);
  await c.client.create("deployments.apps", deployment);
  await c.until("deployments.apps", "default/web", (each) => each?.status?.replicas === 3);
  await makeReady(c.client);
  const done = await c.until("deployments.apps", "default/web", (each) => each?.status?.availableReplicas === 3);
  assert.deepEqual(
    done.status.conditions.map(({ type, status, reason }: any) => `${type}=${status} ${reason}`),
    ["Available=True MinimumReplicasAvailable", "Progressing=True NewReplicaSetAvailable"],
  );
  assert.equal((await c.client.list("pods")).items.length, 3);
  const events = await c.client.list("events", { namespace: "default" });
  const texts = events.items.map(({ reason, message, source }) => `${source.component} ${reason} ${message}`);
  assert.match(texts.join("\n"), /deployment-controller ScalingReplicaSet Scaled up replica set web-\w+ from 0 to 3/);
  assert.equal(
    texts.filter((each) => each.startsWith("replicaset-controller SuccessfulCreate Created pod: web-")).length,
    3,
  );
  assert.deepEqual(c.problems, []);
});

test("a new template rolls out", { timeout: 20_000 }, async () => {
  await using c = await cluster(["deployment", "replicaset"]);
  await account(c.client);
  await c.client.create("deployments.apps", deployment);
  await c.until("deployments.apps", "default/web", (each) => each?.status?.updatedReplicas === 3);
  await makeReady(c.client);
  await c.until("deployments.apps", "default/web", (each) => each?.status?.availableReplicas === 3);
  const spec = { template: { spec: { containers: [{ name: "c", image: "nginx:2" }] } } };
  await c.client.patch("deployments.apps", deployment.metadata, "strategic", { spec });
  for (let round = 1; round <= 3; round++) {
    await c.until("deployments.apps", "default/web", (each) => each?.status?.updatedReplicas === round);
    // Old pods have no kubelet to end them.
    for (const pod of (await c.client.list("pods")).items)
      if (pod.metadata.deletionTimestamp) await c.client.delete("pods", pod.metadata, { gracePeriodSeconds: 0 });
    await makeReady(c.client);
  }
  const done = await c.until("deployments.apps", "default/web", (each) =>
    each?.status?.conditions?.some(
      (one: any) =>
        one.reason === "NewReplicaSetAvailable" &&
        each.status.replicas === 3 &&
        each.status.updatedReplicas === 3 &&
        each.status.availableReplicas === 3,
    ),
  );
  assert.equal(done.metadata.annotations["deployment.kubernetes.io/revision"], "2");
  assert.deepEqual(c.problems, []);
});

test("a job takes its pod back, and lets go of one that is its own no more", { timeout: 20_000 }, async () => {
  await using c = await cluster(["job"]);
  await account(c.client);
  const spec = { restartPolicy: "Never", containers: [{ name: "c", image: "busybox" }] };
  await c.client.create("jobs.batch", {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "work", namespace: "default" },
    spec: { parallelism: 2, completions: 4, template: { spec } },
  });
  await c.until("jobs.batch", "default/work", (each) => each?.status?.active === 2);
  const [pod] = (await c.client.list("pods")).items;
  const key = `default/${pod!.metadata.name}`;
  await c.client.patch("pods", pod!.metadata, "merge", { metadata: { ownerReferences: null, finalizers: null } });
  const again = await c.until("pods", key, (each) => each?.metadata.ownerReferences?.[0]?.name === "work");
  assert.deepEqual(again.metadata.finalizers, ["batch.kubernetes.io/job-tracking"]);
  assert.equal((await c.client.list("pods")).items.length, 2);
  const nobodys = Object.fromEntries(Object.keys(pod!.metadata.labels!).map((name) => [name, null]));
  await c.client.patch("pods", pod!.metadata, "merge", { metadata: { labels: nobodys } });
  const free = await c.until("pods", key, (each) => !each?.metadata.ownerReferences);
  assert.equal(free.metadata.finalizers, undefined);
  await c.until("jobs.batch", "default/work", (each) => each?.status?.active === 2);
  while ((await c.client.list("pods")).items.length < 3) await clock.sleep(10);
  assert.deepEqual(c.problems, []);
});

/** A store that takes its time over pods, as disks do. */
async function slowStore(): Promise<Store> {
  const store = await openMemoryStore();
  return {
    ...store,
    async commit(conditions, operations) {
      const isPod = operations.some((each) => "put" in each && each.put.startsWith("/registry/pods/"));
      if (isPod) await clock.sleep(20);
      return store.commit(conditions, operations);
    },
  };
}

test("what a quota allows is never exceeded, however it is counted meanwhile", { timeout: 60_000 }, async () => {
  await using c = await cluster(["resourcequota"], {}, await slowStore());
  await account(c.client);
  const metadata = { name: "few", namespace: "default" };
  await c.client.create("resourcequotas", {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata,
    spec: { hard: { pods: "10" } },
  });
  await c.until("resourcequotas", "default/few", (each) => each?.status?.used?.pods === "0");
  const pod = { apiVersion: "v1", kind: "Pod", spec: template.spec };
  for (let round = 0; round < 5; round++) {
    const tries = Array.from({ length: 50 }, async (_, index) => {
      // Some a little later than others: usage is counted while they come.
      for (let turn = 0; turn < index; turn++) await new Promise(setImmediate);
      return c.client.create("pods", { ...pod, metadata: { name: `p-${round}-${index}`, namespace: "default" } });
    });
    await Promise.allSettled(tries);
    const { items } = await c.client.list("pods", { namespace: "default" });
    assert.equal(items.length, 10);
    await c.until("resourcequotas", "default/few", (each) => each.status.used.pods === "10");
    for (const each of items) await c.client.delete("pods", each.metadata, { gracePeriodSeconds: 0 });
    await c.until("resourcequotas", "default/few", (each) => each.status.used.pods === "0");
  }
  assert.deepEqual(c.problems, []);
});

const owner = async (client: Client) =>
  client.create("configmaps", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "owner", namespace: "default" },
  });

/** A config map owned by another. */
function ownedBy({ metadata }: any, name: string) {
  const ref = { apiVersion: "v1", kind: "ConfigMap", name: metadata.name, uid: metadata.uid, blockOwnerDeletion: true };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default", ownerReferences: [ref] } };
}

for (const propagationPolicy of ["Background", "Foreground"] as const) {
  test(`${propagationPolicy} deletion takes dependents of dependents`, { timeout: 20_000 }, async () => {
    await using c = await cluster(["garbage-collector"]);
    const top = await owner(c.client);
    const middle = await c.client.create("configmaps", ownedBy(top, "middle"));
    await c.client.create("configmaps", ownedBy(middle, "leaf"));
    await c.client.delete("configmaps", top.metadata, { propagationPolicy });
    for (const name of ["leaf", "middle", "owner"]) await c.until("configmaps", `default/${name}`, (each) => !each);
    assert.deepEqual(c.problems, []);
  });
}

test("a circle of owners goes as a whole", { timeout: 20_000 }, async () => {
  await using c = await cluster(["garbage-collector"]);
  const first = await owner(c.client);
  const second = await c.client.create("configmaps", ownedBy(first, "second"));
  const third = await c.client.create("configmaps", ownedBy(second, "third"));
  const { ownerReferences } = ownedBy(third, "owner").metadata;
  await c.client.patch("configmaps", first.metadata, "merge", { metadata: { ownerReferences } });
  await c.client.delete("configmaps", first.metadata, { propagationPolicy: "Foreground" });
  for (const name of ["owner", "second", "third"]) await c.until("configmaps", `default/${name}`, (each) => !each);
  assert.deepEqual(c.problems, []);
});

const definition = (plural: string) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural, kind: plural },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
});
const established = (each: any) =>
  each?.status?.conditions?.some((one: any) => one.type === "Established" && one.status === "True");

test("custom resources that come and go leave the collector at work", { timeout: 30_000 }, async () => {
  await using c = await cluster(["garbage-collector"]);
  const definitions = "customresourcedefinitions.apiextensions.k8s.io";
  // Gone again before anybody has listed them.
  for (let round = 0; round < 10; round++) {
    const brief = definition(`brief${round}`);
    await c.client.create(definitions, brief);
    await c.until(definitions, brief.metadata.name, established);
    for (let turn = 0; turn < round * 3; turn++) await new Promise(setImmediate);
    await c.client.delete(definitions, brief.metadata);
  }
  await c.client.create(definitions, definition("things"));
  await c.until(definitions, "things.example.com", established);
  const thing = { apiVersion: "example.com/v1", kind: "things", metadata: { name: "owner", namespace: "default" } };
  const ref = { group: "example.com", version: "v1", plural: "things", namespaced: true, kind: "things" };
  const made = await c.client.create(ref, thing);
  await c.client.create("configmaps", {
    ...ownedBy(made, "leaf"),
    metadata: {
      ...ownedBy(made, "leaf").metadata,
      ownerReferences: [
        { ...ownedBy(made, "leaf").metadata.ownerReferences[0]!, apiVersion: "example.com/v1", kind: "things" },
      ],
    },
  });
  await c.client.delete(ref, made.metadata, { propagationPolicy: "Foreground" });
  await c.until("configmaps", "default/leaf", (each) => !each);
  while ((await c.client.list(ref, { namespace: "default" })).items.length > 0) await clock.sleep(10);
});

test("orphaned dependents stay", { timeout: 20_000 }, async () => {
  await using c = await cluster(["garbage-collector"]);
  const top = await owner(c.client);
  await c.client.create("configmaps", ownedBy(top, "leaf"));
  await c.client.delete("configmaps", top.metadata, { propagationPolicy: "Orphan" });
  await c.until("configmaps", "default/owner", (each) => !each);
  const leaf = await c.until("configmaps", "default/leaf", (each) => !each?.metadata.ownerReferences?.length);
  assert.equal(leaf.metadata.name, "leaf");
});

test("an owner that never was leaves nothing behind", { timeout: 20_000 }, async () => {
  await using c = await cluster(["garbage-collector"]);
  await c.client.create("configmaps", ownedBy({ metadata: { name: "ghost", uid: "nobody" } }, "leaf"));
  await c.until("configmaps", "default/leaf", (each) => !each);
});

test("a namespace gets its account and bundle, and goes with all that it holds", { timeout: 20_000 }, async () => {
  await using c = await cluster(["serviceaccount", "root-ca-certificate-publisher", "namespace"]);
  const metadata = { name: "demo" };
  await c.client.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
  await c.until("serviceaccounts", "demo/default", (each) => each);
  const bundle = await c.until("configmaps", "demo/kube-root-ca.crt", (each) => each);
  assert.deepEqual(bundle.data, { "ca.crt": "PEM" });
  await c.client.delete("namespaces", metadata);
  await c.until("namespaces", "demo", (each) => !each);
  for (const resource of ["serviceaccounts", "configmaps"])
    assert.deepEqual((await c.client.list(resource, { namespace: "demo" })).items, []);
  assert.deepEqual(c.problems, []);
});

test("a namespace waits for finalizers and says so", { timeout: 20_000 }, async () => {
  await using c = await cluster(["namespace"]);
  const metadata = { name: "demo" };
  await c.client.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
  const held = { name: "held", namespace: "demo", finalizers: ["example.com/hold"] };
  await c.client.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata: held });
  await c.client.delete("namespaces", metadata);
  const waiting = await c.until("namespaces", "demo", (each) => each?.status?.conditions?.length === 5);
  assert.deepEqual(
    waiting.status.conditions.filter(({ status }: any) => status === "True").map(({ message }: any) => message),
    [
      "Some resources are remaining: configmaps. has 1 resource instances",
      "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    ],
  );
  await c.client.patch("configmaps", held, "merge", { metadata: { finalizers: null } });
  await c.until("namespaces", "demo", (each) => !each);
});

test("a service gets endpoints and slices of its ready pods", { timeout: 20_000 }, async () => {
  await using c = await cluster(["deployment", "replicaset", "endpoints", "endpointslice"]);
  await account(c.client);
  const ports = [{ name: "http", containerPort: 8080 }];
  const pods = { ...template, spec: { containers: [{ name: "c", image: "nginx", ports }] } };
  await c.client.create("deployments.apps", {
    ...deployment,
    spec: { ...deployment.spec, replicas: 1, template: pods },
  });
  await c.client.create("services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: { selector: labels, ports: [{ port: 80, targetPort: "http" }] },
  });
  await c.until("deployments.apps", "default/web", (each) => each?.status?.replicas === 1);
  await makeReady(c.client);
  const endpoints = await c.until("endpoints", "default/web", (each) => each?.subsets?.[0]?.addresses?.length === 1);
  assert.equal(endpoints.subsets[0].addresses[0].ip, "10.244.0.9");
  assert.deepEqual(endpoints.subsets[0].ports, [{ port: 8080, protocol: "TCP" }]);
  const slicesOf = async () => (await c.client.list("endpointslices.discovery.k8s.io", { namespace: "default" })).items;
  const slice: any = (await slicesOf()).find(({ endpoints: all }) => all?.length === 1);
  assert.deepEqual(slice.endpoints[0].conditions, { ready: true, serving: true, terminating: false });
  assert.deepEqual(slice.ports, [{ name: "", port: 8080, protocol: "TCP" }]);
  await c.client.delete("services", { namespace: "default", name: "web" });
  await c.until("endpoints", "default/web", (each) => !each);
  await c.until("endpointslices.discovery.k8s.io", `default/${slice.metadata.name}`, (each) => !each);
  assert.deepEqual(c.problems, []);
});

test("nodes get their part of the addresses and lose the taint of new ones", { timeout: 20_000 }, async () => {
  await using c = await cluster(["node-ipam", "nodelifecycle"]);
  for (const name of ["n1", "n2"]) {
    const conditions = [
      { type: "Ready", status: "True", lastHeartbeatTime: new Date(clock.now()).toISOString().replace(/\.\d+/, "") },
    ];
    await c.client.create("nodes", { apiVersion: "v1", kind: "Node", metadata: { name }, status: { conditions } });
    await c.until("nodes", name, (each) => each?.spec?.podCIDR && !each.spec.taints?.length);
  }
  const { items } = await c.client.list("nodes");
  assert.deepEqual(
    items.map(({ spec }) => spec.podCIDR),
    ["10.244.0.0/24", "10.244.1.0/24"],
  );
  assert.deepEqual(c.problems, []);
});

test("the default roles for users gather their rules", { timeout: 20_000 }, async () => {
  await using c = await cluster(["clusterrole-aggregation"]);
  const roles = "clusterroles.rbac.authorization.k8s.io";
  // What view has comes to admin through edit.
  const admin = await c.until(roles, "admin", (role) => role?.rules?.length > 20);
  const gives = (verb: string, resource: string) =>
    admin.rules.some((rule: any) => rule.verbs.includes(verb) && rule.resources.includes(resource));
  await c.until(roles, "view", (role) => role?.rules?.length > 0);
  assert.ok(gives("create", "rolebindings") && gives("create", "pods"));
  assert.deepEqual(c.problems, []);
});

test("a Secret that asks for an account's token gets it, and goes with the account", { timeout: 20_000 }, async () => {
  const signToken = async ({ metadata }: any, secret: string) => `token of ${metadata.name} in ${secret}`;
  await using c = await cluster(["serviceaccount-token"], { signToken });
  const { uid } = await c.client
    .create<any>("serviceaccounts", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "robot", namespace: "default" },
    })
    .then(({ metadata }) => metadata);
  const secret = (name: string, account: string, more = {}) => ({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    metadata: { name, namespace: "default", annotations: { "kubernetes.io/service-account.name": account, ...more } },
  });
  await c.client.create("secrets", secret("s", "robot"));
  const { data, metadata } = await c.until("secrets", "default/s", (each) => each?.data?.token);
  assert.deepEqual(data, { token: btoa("token of robot in s"), "ca.crt": btoa("PEM"), namespace: btoa("default") });
  assert.equal(metadata.annotations["kubernetes.io/service-account.uid"], uid);
  await c.client.patch("secrets", { namespace: "default", name: "s" }, "merge", { data: { "ca.crt": null } });
  await c.until("secrets", "default/s", (each) => each?.data?.["ca.crt"] === btoa("PEM"));

  await c.client.create("secrets", secret("nobodys", "nobody"));
  await c.until("secrets", "default/nobodys", (each) => each === undefined);
  await c.client.create("secrets", secret("former", "robot", { "kubernetes.io/service-account.uid": "another" }));
  await c.until("secrets", "default/former", (each) => each === undefined);
  await c.client.delete("serviceaccounts", { namespace: "default", name: "robot" });
  await c.until("secrets", "default/s", (each) => each === undefined);
  assert.deepEqual(c.problems, []);
});
