import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../api/machinery/object.ts";
import { StatusError } from "../api/machinery/status.ts";
import { type Client, inProcess } from "../client/mod.ts";
import { machine } from "../host/mod.ts";
import { openMemoryStore } from "../store/mod.ts";
import { createApiServer } from "./mod.ts";

interface World {
  client: Client;
  /** `404 NotFound configmaps "x" not found`: how a call failed. */
  failure(call: Promise<unknown>): Promise<string>;
}

/** One behaviour of the server, on a fresh one. */
function check(what: string, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    const client = inProcess(server.handler, { username: "tester", groups: ["system:masters"] });
    await client.create("serviceaccounts", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
    const failure = (call: Promise<unknown>) =>
      call.then(
        () => "none",
        (error: unknown) =>
          error instanceof StatusError ? `${error.code} ${error.reason} ${error.message}` : String(error),
      );
    await body({ client, failure });
  });
}

const configMap = (name: string, more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...more },
  data: { a: "1" },
});
const pod = (name: string, spec: object = {}) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: { containers: [{ name: "c", image: "i" }], ...spec },
});
const here = (name: string) => ({ namespace: "default", name });

check("what is created can be read, with what the server adds", async ({ client }) => {
  const made = await client.create<KubeObject>("configmaps", configMap("x"));
  assert.match(made.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.deepEqual(await client.get("configmaps", here("x")), made);
});

check("a name is taken once", async ({ client, failure }) => {
  await client.create("configmaps", configMap("x"));
  assert.equal(
    await failure(client.create("configmaps", configMap("x"))),
    '409 AlreadyExists configmaps "x" already exists',
  );
});

check("generateName finds a free name", async ({ client }) => {
  const made = await client.create<KubeObject>("configmaps", {
    ...configMap("x"),
    metadata: { generateName: "x-", namespace: "default" },
  });
  assert.match(made.metadata.name, /^x-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

check("of two writers of one version the second is told so", async ({ client, failure }) => {
  const made = await client.create<KubeObject>("configmaps", configMap("x"));
  await client.update("configmaps", { ...made, data: { a: "2" } });
  assert.match(
    await failure(client.update("configmaps", { ...made, data: { a: "3" } })),
    /^409 Conflict Operation cannot be fulfilled on configmaps "x": the object has been modified/,
  );
});

check("an update that changes nothing makes no new version", async ({ client }) => {
  const made = await client.create<KubeObject>("configmaps", configMap("x"));
  const same = await client.update<KubeObject>("configmaps", made);
  assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
});

check("patches of every kind", async ({ client }) => {
  await client.create("configmaps", configMap("x"));
  await client.patch("configmaps", here("x"), "merge", { data: { b: "2", a: null } });
  await client.patch("configmaps", here("x"), "json", [{ op: "add", path: "/data/c", value: "3" }]);
  const made = await client.patch<KubeObject>("configmaps", here("x"), "strategic", { data: { d: "4" } });
  assert.deepEqual(made.data, { b: "2", c: "3", d: "4" });
});

check("a strategic patch of the wrong type is refused in its own words", async ({ client, failure }) => {
  await client.create("pods", pod("p"));
  const tries: [object, string, string][] = [
    [{ metadata: { labels: "x" } }, "map[metadata:map[labels:x]]", "cannot restore map from string"],
    [{ spec: { tolerations: "x" } }, "map[spec:map[tolerations:x]]", "cannot restore slice from string"],
    [{ spec: { affinity: 1 } }, "map[spec:map[affinity:1]]", "cannot restore struct from: int64"],
    [{ spec: { priority: "x" } }, "map[spec:map[priority:x]]", "unrecognized type: int32"],
    [{ spec: { hostname: 1 } }, "map[spec:map[hostname:1]]", "cannot convert int64 to string"],
  ];
  for (const [patch, shown, why] of tries) {
    assert.equal(
      await failure(client.patch("pods", here("p"), "strategic", patch)),
      `422 Invalid  "" is invalid: patch: Invalid value: ${JSON.stringify(shown)}: ${why}`,
    );
  }
});

check("forty writers at once, each of them counted", async ({ client }) => {
  await client.create("configmaps", configMap("x"));
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      client.patch("configmaps", here("x"), "merge", { data: { [`k${index}`]: "1" } }),
    ),
  );
  const { data } = await client.get<KubeObject>("configmaps", here("x"));
  assert.equal(Object.keys(data).length, 41);
});

check("the status has a door of its own", async ({ client }) => {
  await client.create("pods", pod("p"));
  await client.patch("pods", here("p"), "merge", { status: { phase: "Running" }, metadata: { labels: { a: "b" } } });
  const main = await client.get<KubeObject>("pods", here("p"));
  assert.deepEqual([main.status.phase, main.metadata.labels], ["Pending", { a: "b" }]);
  const status = await client.patch<KubeObject>(
    "pods",
    here("p"),
    "merge",
    { status: { phase: "Running" }, spec: { nodeName: "n" } },
    { subresource: "status" },
  );
  assert.deepEqual([status.status.phase, status.spec.nodeName], ["Running", undefined]);
});

const owner = { apiVersion: "v1", kind: "Pod", name: "o", uid: "u" };
const metadata = { labels: { l: "1" }, annotations: { a: "1" }, ownerReferences: [owner] };
const inStatus: readonly [resource: string, object: object, kept: readonly string[]][] = [
  ["pods", pod("x"), ["labels", "annotations"]],
  [
    "deployments.apps",
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "x", namespace: "default" },
      spec: {
        selector: { matchLabels: { a: "b" } },
        template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
    },
    ["annotations", "ownerReferences"],
  ],
  [
    "resourcequotas",
    { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "x", namespace: "default" }, spec: {} },
    ["labels", "annotations", "ownerReferences"],
  ],
  [
    "volumeattachments.storage.k8s.io",
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      metadata: { name: "x" },
      spec: { attacher: "a", nodeName: "n", source: { persistentVolumeName: "v" } },
    },
    [],
  ],
];
for (const [resource, object, kept] of inStatus) {
  check(`metadata that comes with the status of ${resource}`, async ({ client }) => {
    const { metadata: where } = await client.create<KubeObject>(resource, object as KubeObject);
    const next = await client.patch<KubeObject>(resource, where, "merge", { metadata }, { subresource: "status" });
    assert.deepEqual(
      Object.keys(metadata).filter((field) => field in next.metadata),
      kept,
    );
  });
}

const range = (status: string) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "ServiceCIDR",
  metadata: { name: "x" },
  spec: { cidrs: ["10.9.0.0/16"] },
  status: { conditions: [{ type: "Ready", status, reason: "R", message: "", lastTransitionTime: null }] },
});
check("the status of a range of addresses may come with all of it", async ({ client }) => {
  const id = "servicecidrs.networking.k8s.io";
  const made = await client.create<KubeObject>(id, range("True") as unknown as KubeObject);
  const changed = await client.patch<KubeObject>(id, made.metadata, "merge", { status: range("False").status });
  assert.deepEqual(
    [made, changed].map(({ status }) => status.conditions[0].status),
    ["True", "False"],
  );
});

check("lists that are written as null are no change when they are left out", async ({ client }) => {
  const { metadata: where } = await client.create<KubeObject>("flowschemas.flowcontrol.apiserver.k8s.io", {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: "f" },
    spec: {
      priorityLevelConfiguration: { name: "global-default" },
      rules: [
        {
          subjects: [{ kind: "User", user: { name: "u" } }],
          resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true }],
        },
      ],
    },
  } as unknown as KubeObject);
  const next = await client.patch<KubeObject>("flowschemas.flowcontrol.apiserver.k8s.io", where, "merge", {
    metadata: { labels: { a: "b" } },
  });
  assert.equal(next.metadata.generation, 1);
});

check("an event of the old group can be labelled through the new one", async ({ client }) => {
  const { metadata: where } = await client.create<KubeObject>("events", {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "e", namespace: "default" },
    involvedObject: { kind: "Pod", name: "p", namespace: "default" },
  } as unknown as KubeObject);
  const next = await client.patch<KubeObject>("events.events.k8s.io", where, "merge", {
    metadata: { labels: { a: "b" } },
  });
  assert.deepEqual(next.metadata.labels, { a: "b" });
});

check("a dry run leaves nothing", async ({ client, failure }) => {
  await client.create("configmaps", configMap("x"), { dryRun: true });
  assert.equal(await failure(client.get("configmaps", here("x"))), '404 NotFound configmaps "x" not found');
});

check("a scheduled pod goes when its kubelet says so, an unscheduled one at once", async ({ client, failure }) => {
  await client.create("pods", pod("p"));
  await client.create(
    "pods",
    {
      ...pod("p"),
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: "p", namespace: "default" },
      target: { name: "n" },
    },
    { subresource: "binding" },
  );
  const going = await client.delete("pods", here("p"));
  assert.equal(going.metadata.deletionGracePeriodSeconds, 30);
  await client.delete("pods", here("p"), { gracePeriodSeconds: 0 });
  assert.match(await failure(client.get("pods", here("p"))), /^404/);
  await client.create("pods", pod("q"));
  await client.delete("pods", here("q"));
  assert.match(await failure(client.get("pods", here("q"))), /^404/);
});

check("finalizers hold a deleted object until the last one is gone", async ({ client, failure }) => {
  await client.create("configmaps", configMap("x", { finalizers: ["example.org/hold"] }));
  await client.delete("configmaps", here("x"));
  const held = await client.get<KubeObject>("configmaps", here("x"));
  assert.ok(held.metadata.deletionTimestamp);
  await client.patch("configmaps", here("x"), "merge", { metadata: { finalizers: null } });
  assert.match(await failure(client.get("configmaps", here("x"))), /^404/);
});

check("a deletion's preconditions", async ({ client, failure }) => {
  await client.create("configmaps", configMap("x"));
  assert.match(
    await failure(client.delete("configmaps", here("x"), { preconditions: { uid: "other" } })),
    /^409 Conflict .*on ConfigMap "x": the UID in the precondition \(other\) does not match/,
  );
});

check("lists: selectors, pages, and one revision for all of them", async ({ client }) => {
  for (const name of ["a", "b", "c"])
    await client.create("configmaps", configMap(name, { labels: { odd: String(name !== "b") } }));
  const odd = await client.list("configmaps", { namespace: "default", labelSelector: "odd=true" });
  assert.deepEqual(
    odd.items.map((item) => item.metadata.name),
    ["a", "c"],
  );
  const first = await client.list("configmaps", { namespace: "default", limit: 2 });
  await client.create("configmaps", configMap("d"));
  const rest = await client.list("configmaps", { namespace: "default", limit: 2, continue: first.metadata.continue });
  assert.deepEqual(
    [first.items.length, first.metadata.remainingItemCount, rest.items.map((item) => item.metadata.name)],
    [2, 1, ["c"]],
  );
  const named = await client.list("configmaps", { fieldSelector: "metadata.name=d" });
  assert.deepEqual(
    named.items.map((item) => item.metadata.name),
    ["d"],
  );
});

check("with the status, some kinds' metadata can be written and some cannot", async ({ client }) => {
  const labels = async (resource: string, made: KubeObject) => {
    await client.create(resource, made);
    const ownerReferences = [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "u" }];
    const metadata = { labels: { x: "y" }, ownerReferences };
    const to = { subresource: "status" };
    const written = await client.patch<KubeObject>(resource, made.metadata, "merge", { metadata }, to);
    return [written.metadata.labels, written.metadata.ownerReferences?.length ?? 0];
  };
  const schema = {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: "x" },
    spec: { priorityLevelConfiguration: { name: "exempt" } },
  } as unknown as KubeObject;
  assert.deepEqual(await labels("pods", pod("x") as unknown as KubeObject), [{ x: "y" }, 0]);
  assert.deepEqual(await labels("flowschemas.flowcontrol.apiserver.k8s.io", schema), [undefined, 0]);
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "x", namespace: "default" }, spec: {} };
  assert.deepEqual(await labels("resourcequotas", quota as unknown as KubeObject), [{ x: "y" }, 1]);
});

check("a list by fields that a kind does not have is refused in the kind's words", async ({ client, failure }) => {
  const by = async (resource: string, fieldSelector: string) => failure(client.list(resource, { fieldSelector }));
  const unknown = 'is not a known field selector: only "metadata.name", "metadata.namespace"';
  assert.equal(await by("replicasets.apps", "status.replicas=1"), `400 BadRequest "status.replicas" ${unknown}`);
  assert.equal(
    await by("nodes", "metadata.namespace=x"),
    "400 BadRequest field label not supported: metadata.namespace",
  );
  assert.equal(
    await by("resourceslices.resource.k8s.io", "spec.pool=x"),
    "400 BadRequest field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: spec.pool",
  );
  assert.equal(await by("persistentvolumes", "metadata.namespace="), "none");
  assert.equal(await by("pods", "spec.host=n"), "none");
});

check("an event's own rules come before those of its metadata", async ({ client, failure }) => {
  const event = (more: object, metadata: object) => ({
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace: "default", ...metadata } as KubeObject["metadata"],
    ...more,
  });
  const elsewhere = { involvedObject: { namespace: "other" } };
  const unsaid = "metadata.name: Required value: name or generateName is required";
  const away = 'involvedObject.namespace: Invalid value: "other": does not match event.namespace';
  const create = (...[more, metadata]: Parameters<typeof event>) =>
    failure(client.create("events", event(more, metadata)));
  assert.equal(await create(elsewhere, {}), `422 Invalid Event "" is invalid: ${away}`);
  assert.equal(await create({}, {}), `422 Invalid Event "" is invalid: ${unsaid}`);
  assert.equal(await create({}, { name: "Any name" }), "none");
});

check("a watch from a version tells everything since, and what comes into and out of view", async ({ client }) => {
  const made = await client.create<KubeObject>("configmaps", configMap("x"));
  await client.patch("configmaps", here("x"), "merge", { metadata: { labels: { seen: "yes" } } });
  await client.patch("configmaps", here("x"), "merge", { data: { a: "2" } });
  await client.patch("configmaps", here("x"), "merge", { metadata: { labels: { seen: "no" } } });
  const abort = new AbortController();
  const types: string[] = [];
  for await (const batch of client.watch("configmaps", {
    labelSelector: "seen=yes",
    resourceVersion: made.metadata.resourceVersion,
    signal: abort.signal,
  })) {
    types.push(...batch.map((event) => event.type));
    if (types.length >= 3) break;
  }
  assert.deepEqual(types, ["ADDED", "MODIFIED", "DELETED"]);
});

check("Services get addresses and ports that nobody has", async ({ client, failure }) => {
  const service = (name: string, spec: object = {}) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { ports: [{ port: 80 }], ...spec },
  });
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      client.create<KubeObject>("services", service(`s${index}`, { type: "NodePort" })),
    ),
  );
  assert.equal(new Set(made.map((each) => each.spec.clusterIP)).size, 20);
  assert.equal(new Set(made.map((each) => each.spec.ports[0].nodePort)).size, 20);
  assert.ok(made.every((each) => each.spec.clusterIP.startsWith("10.96.")));
  const taken = { clusterIP: made[0]!.spec.clusterIP };
  assert.match(
    await failure(client.create("services", service("again", taken))),
    /^422 Invalid .*provided IP is already allocated/,
  );
  assert.match(
    await failure(client.create("services", service("low", { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] }))),
    /provided port is not in the valid range. The range of valid ports is 30000-32767/,
  );
});

check("scale: a view of an object's replicas", async ({ client }) => {
  const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d", namespace: "default" },
    spec: { selector: { matchLabels: { app: "a" } }, template },
  };
  await client.create("deployments.apps", deployment);
  await client.patch("deployments.apps", here("d"), "merge", { spec: { replicas: 3 } }, { subresource: "scale" });
  const [scale, changed] = await Promise.all([
    client.get<KubeObject>("deployments.apps", here("d"), { subresource: "scale" }),
    client.get<KubeObject>("deployments.apps", here("d")),
  ]);
  assert.deepEqual(
    [scale.kind, scale.spec.replicas, scale.status.selector, changed.spec.replicas, changed.metadata.generation],
    ["Scale", 3, "app=a", 3, 2],
  );
});

check("nothing is created in a namespace that is missing or going", async ({ client, failure }) => {
  assert.equal(
    await failure(client.create("configmaps", configMap("x", { namespace: "none" }))),
    '404 NotFound namespaces "none" not found',
  );
  await client.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } });
  await client.delete("namespaces", { name: "going" });
  assert.match(
    await failure(client.create("configmaps", configMap("x", { namespace: "going" }))),
    /^403 Forbidden .*because it is being terminated/,
  );
});

check("every pod has an account, its token, and tolerations", async ({ client, failure }) => {
  const made = await client.create<KubeObject>("pods", pod("p"));
  assert.equal(made.spec.serviceAccountName, "default");
  assert.match(made.spec.volumes[0].name, /^kube-api-access-/);
  assert.deepEqual(
    made.spec.tolerations.map((each: any) => each.key),
    ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"],
  );
  assert.match(
    await failure(client.create("pods", pod("q", { serviceAccountName: "none" }))),
    /serviceaccount "none" not found/,
  );
});

check("what is unknown is not found, by its kind", async ({ client }) => {
  const ask = async (url: string) => (await client.raw({ method: "GET", url })).status;
  assert.deepEqual(
    await Promise.all(
      ["/api/v1/nonsense", "/apis/none.example.org/v1/x", "/apis/apps/v2/deployments", "/nonsense"].map(ask),
    ),
    [404, 404, 404, 404],
  );
});
