// An application written with @kubernetes/client-node, over TLS: what it does all day.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  ApiException,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from "@kubernetes/client-node";
import { createApiServer } from "../../src/apiserver/mod.ts";
import { createAuthority, issueCertificate } from "../../src/cluster/certificates.ts";
import { machine } from "../../src/host/mod.ts";
import { openMemoryStore } from "../../src/store/mod.ts";

const closing = new AsyncDisposableStack();
const config = new KubeConfig();
let core: CoreV1Api;

before(async () => {
  const now = Date.now();
  const serving = await createAuthority("serving", now);
  const clients = await createAuthority("clients", now);
  const names = ["localhost", "127.0.0.1"];
  const identity = await issueCertificate(serving, { commonName: "server", names }, now);
  const admin = await issueCertificate(clients, { commonName: "app", organizations: ["system:masters"] }, now);
  const store = closing.use(await openMemoryStore());
  const server = closing.use(await createApiServer({ store, ...machine }));
  const tls = { identity, clientCa: { client: clients.certificate } };
  const { port } = closing.use(await machine.net.listenHttp({ host: "127.0.0.1", port: 0, tls }, server.handler));
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  config.loadFromOptions({
    clusters: [{ name: "c", server: `https://127.0.0.1:${port}`, caData: base64(serving.certificate) }],
    users: [{ name: "u", certData: base64(admin.certificate), keyData: base64(admin.key) }],
    contexts: [{ name: "c", cluster: "c", user: "u" }],
    currentContext: "c",
  });
  core = config.makeApiClient(CoreV1Api);
  for (const name of ["shop", "other"]) await core.createNamespace({ body: { metadata: { name } } });
});
after(() => closing.disposeAsync());

const namespace = "shop";
const make = (name: string, data: Record<string, string>, labels?: Record<string, string>) =>
  core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels }, data } });

test("objects are made, read, replaced and deleted", async () => {
  const made = await make("one", { a: "1" });
  assert.ok(made.metadata?.creationTimestamp instanceof Date);
  const replaced = await core.replaceNamespacedConfigMap({
    name: "one",
    namespace,
    body: { ...made, data: { a: "2" } },
  });
  assert.deepEqual(replaced.data, { a: "2" });
  await assert.rejects(
    core.replaceNamespacedConfigMap({ name: "one", namespace, body: { ...made, data: { a: "3" } } }),
    (error: ApiException<string>) => error.code === 409,
  );
  const status = await core.deleteNamespacedConfigMap({ name: "one", namespace });
  assert.equal(status.status, "Success");
  await assert.rejects(
    core.readNamespacedConfigMap({ name: "one", namespace }),
    (error: unknown) => error instanceof ApiException && error.code === 404 && /"reason":"NotFound"/.test(error.body),
  );
});

test("lists come in pages, by labels and by fields", async () => {
  for (const name of ["p1", "p2", "p3"]) await make(name, {}, { paged: "yes" });
  const labelSelector = "paged=yes";
  const first = await core.listNamespacedConfigMap({ namespace, labelSelector, limit: 2 });
  assert.deepEqual([first.items.length, first.metadata?.remainingItemCount], [2, undefined]);
  const rest = await core.listNamespacedConfigMap({ namespace, labelSelector, _continue: first.metadata?._continue });
  assert.deepEqual(
    [...first.items, ...rest.items].map(({ metadata }) => metadata?.name),
    ["p1", "p2", "p3"],
  );
  const one = await core.listConfigMapForAllNamespaces({ fieldSelector: "metadata.name=p2" });
  assert.equal(one.items.length, 1);
});

test("patches of every kind", async () => {
  await make("patched", { a: "1", b: "2" });
  const patch = (strategy: string, body: unknown, more: object = {}) =>
    core.patchNamespacedConfigMap(
      { name: "patched", namespace, body, ...more },
      setHeaderOptions("Content-Type", strategy),
    );
  await patch(PatchStrategy.JsonPatch, [{ op: "add", path: "/data/c", value: "3" }]);
  await patch(PatchStrategy.MergePatch, { data: { a: null } });
  const { data } = await patch(PatchStrategy.StrategicMergePatch, { data: { d: "4" } });
  assert.deepEqual(data, { b: "2", c: "3", d: "4" });
});

test("server-side apply: conflicts, and force", async () => {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied" }, data: { a: "1" } };
  const apply = (fieldManager: string, value: string, force = false) =>
    core.patchNamespacedConfigMap(
      { name: "applied", namespace, fieldManager, force, body: { ...body, data: { a: value } } },
      setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply),
    );
  await apply("first", "1");
  await assert.rejects(apply("second", "2"), (error: ApiException<string>) => error.code === 409);
  const { data, metadata } = await apply("second", "2", true);
  assert.deepEqual(data, { a: "2" });
  assert.deepEqual(
    metadata?.managedFields?.map(({ manager, operation }) => [manager, operation]),
    [["second", "Apply"]],
  );
});

test("a watch tells what happens after a list, in order", { timeout: 30_000 }, async () => {
  const { metadata } = await core.listNamespacedConfigMap({ namespace: "other" });
  const seen: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const controller = await new Watch(config).watch(
    "/api/v1/namespaces/other/configmaps",
    { resourceVersion: metadata?.resourceVersion, allowWatchBookmarks: true },
    (type: string, object: V1ConfigMap) => {
      seen.push(`${type} ${object.metadata?.name} ${object.data?.a ?? ""}`);
      if (type === "DELETED") resolve();
    },
    (error: unknown) => reject(error),
  );
  const made = await core.createNamespacedConfigMap({
    namespace: "other",
    body: { metadata: { name: "w" }, data: { a: "1" } },
  });
  await core.replaceNamespacedConfigMap({ name: "w", namespace: "other", body: { ...made, data: { a: "2" } } });
  await core.deleteNamespacedConfigMap({ name: "w", namespace: "other" });
  await promise;
  controller.abort();
  assert.deepEqual(seen, ["ADDED w 1", "MODIFIED w 2", "DELETED w 2"]);
});

test("an informer holds what there is", { timeout: 30_000 }, async () => {
  await make("before", {}, { informed: "yes" });
  const labelSelector = "informed=yes";
  const informer = makeInformer<V1ConfigMap>(
    config,
    `/api/v1/namespaces/${namespace}/configmaps`,
    () => core.listNamespacedConfigMap({ namespace, labelSelector }),
    labelSelector,
  );
  const event = (verb: "add" | "update" | "delete", name: string) =>
    new Promise<V1ConfigMap>((resolve) => {
      informer.on(verb, (object) => object.metadata?.name === name && resolve(object));
    });
  const events = [event("add", "before"), event("add", "after"), event("update", "after"), event("delete", "before")];
  await informer.start();
  const made = await make("after", { a: "1" }, { informed: "yes" });
  await core.replaceNamespacedConfigMap({ name: "after", namespace, body: { ...made, data: { a: "2" } } });
  await core.deleteNamespacedConfigMap({ name: "before", namespace });
  await Promise.all(events);
  assert.deepEqual(
    informer.list(namespace).map(({ metadata, data }) => [metadata?.name, data?.a]),
    [["after", "2"]],
  );
  await informer.stop();
});

test("custom objects, once their kind is declared", async () => {
  const objects = KubernetesObjectApi.makeApiClient(config);
  const schema = {
    openAPIV3Schema: {
      type: "object",
      properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
    },
  };
  await objects.create({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "hats.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "hats", singular: "hat", kind: "Hat" },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  } as object);
  const custom = config.makeApiClient(CustomObjectsApi);
  const where = { group: "example.com", version: "v1", namespace, plural: "hats" };
  const hat = (size: unknown) => ({
    apiVersion: "example.com/v1",
    kind: "Hat",
    metadata: { name: "bowler" },
    spec: { size },
  });
  await assert.rejects(
    custom.createNamespacedCustomObject({ ...where, body: hat("large") }),
    (error: ApiException<string>) => error.code === 422,
  );
  await custom.createNamespacedCustomObject({ ...where, body: hat(7) });
  const { items } = (await custom.listNamespacedCustomObject(where)) as { items: { spec: { size: number } }[] };
  assert.deepEqual(
    items.map(({ spec }) => spec.size),
    [7],
  );
  const patched = (await custom.patchNamespacedCustomObject(
    { ...where, name: "bowler", body: { spec: { size: 8 } } },
    setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
  )) as { spec: { size: number } };
  assert.equal(patched.spec.size, 8);
  const read = await objects.read({
    apiVersion: "example.com/v1",
    kind: "Hat",
    metadata: { name: "bowler", namespace },
  });
  assert.equal(read.metadata?.name, "bowler");
});

test("who has no certificate of the authority is nobody", async () => {
  const stranger = new KubeConfig();
  stranger.loadFromString(config.exportConfig());
  stranger.users = [{ name: "u", token: "made-up" }];
  await assert.rejects(
    stranger.makeApiClient(CoreV1Api).listNamespace(),
    (error: ApiException<string>) => error.code === 401,
  );
});
