import assert from "node:assert/strict";
import { test } from "node:test";
import { startEtcd, type TestEtcd } from "../../../tools/etcd.ts";
import { type Client, inProcess } from "../../client/mod.ts";
import { machine, rpcClient } from "../../host/mod.ts";
import { etcdProto, openEtcdStore, openMemoryStore, type Store } from "../../store/mod.ts";
import { type ApiServer, createApiServer } from "../mod.ts";
import { type CompactionTurn, compactInTurn } from "./compaction.ts";

const admin = { username: "admin", groups: ["system:masters"] };

function open(etcd: TestEtcd): Store {
  const members = etcd.endpoints.map((endpoint) => ({
    endpoint,
    rpc: rpcClient({ target: endpoint, protos: [etcdProto] }),
  }));
  return openEtcdStore({ members, clock: machine.clock });
}

interface Pair extends AsyncDisposable {
  etcd: TestEtcd;
  stores: Store[];
  servers: ApiServer[];
  clients: Client[];
}

/** Two API servers on one etcd. */
async function pair(members = 1): Promise<Pair> {
  const etcd = await startEtcd({ members });
  const stores = [open(etcd), open(etcd)];
  // At once: both make what every cluster has.
  const servers = await Promise.all(stores.map((store) => createApiServer({ store, ...machine })));
  return {
    etcd,
    stores,
    servers,
    clients: servers.map(({ handler }) => inProcess(handler, admin)),
    async [Symbol.asyncDispose]() {
      for (const each of [...servers, ...stores, etcd]) await each[Symbol.asyncDispose]();
    },
  };
}

const configMap = (name: string, data = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});

const names = (list: { items: any[] }) =>
  list.items.map(({ metadata }) => metadata.name).filter((name) => /^x/.test(name));

test("what one server was told, the other knows at once", async () => {
  await using world = await pair();
  const [one, two] = world.clients as [Client, Client];
  for (let round = 0; round < 25; round++) {
    const name = `x${String(round).padStart(2, "0")}`;
    const made: any = await one.create("configmaps", configMap(name));
    assert.equal((await two.get<any>("configmaps", { name, namespace: "default" })).metadata.uid, made.metadata.uid);
    assert.equal(names(await two.list("configmaps", { namespace: "default" })).length, round + 1);
    // A write that names the version which the other server gave is no conflict.
    const changed: any = await two.update("configmaps", { ...made, data: { round: String(round) } });
    assert.notEqual(changed.metadata.resourceVersion, made.metadata.resourceVersion);
    await assert.rejects(one.update("configmaps", { ...made, data: {} }), /the object has been modified/);
  }
  await two.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "fresh" } });
  const inFresh = { ...configMap("y"), metadata: { name: "y", namespace: "fresh" } };
  await one.create("configmaps", inFresh);
  await two.delete("configmaps", { name: "x00", namespace: "default" });
  await assert.rejects(one.get("configmaps", { name: "x00", namespace: "default" }), /not found/);
});

test("a right that one server takes away is gone at the other", async () => {
  await using world = await pair();
  const [one, two] = world.clients as [Client, Client];
  const group = "rbac.authorization.k8s.io";
  const role = { apiVersion: `${group}/v1`, kind: "ClusterRoleBinding", metadata: { name: "x" } };
  const subject = { kind: "User", apiGroup: group, name: "eve" };
  const roleRef = { apiGroup: group, kind: "ClusterRole", name: "cluster-admin" };
  await one.create(`clusterrolebindings.${group}`, { ...role, roleRef, subjects: [subject] });
  const eve = inProcess(world.servers[1]!.handler, { username: "eve", groups: [] });
  await eve.list("secrets");
  await one.delete(`clusterrolebindings.${group}`, { name: "x" });
  await assert.rejects(eve.list("secrets"), /forbidden/);
  await two.list("secrets");
});

test("no two Services get one address or port, whoever is asked", async () => {
  await using world = await pair();
  const service = (name: string) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { type: "NodePort", ports: [{ port: 80 }] },
  });
  const made: any[] = await Promise.all(
    Array.from({ length: 24 }, (_, index) => world.clients[index % 2]!.create<any>("services", service(`x${index}`))),
  );
  assert.equal(new Set(made.map(({ spec }) => spec.clusterIP)).size, 24);
  assert.equal(new Set(made.map(({ spec }) => spec.ports[0].nodePort)).size, 24);
  // One address for which both are asked at once.
  const wanted = (name: string) => ({ ...service(name), spec: { clusterIP: "10.96.0.77", ports: [{ port: 80 }] } });
  const rivals = await Promise.allSettled(
    world.clients.map((client, index) => client.create("services", wanted(`y${index}`))),
  );
  assert.deepEqual(rivals.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const lost = rivals.find((each) => each.status === "rejected") as PromiseRejectedResult;
  assert.match(String(lost.reason), /10\.96\.0\.77: provided IP is already allocated/);
});

test("watches go on when etcd goes away and comes back, and reads fail until then", async () => {
  await using world = await pair();
  const [one, two] = world.clients as [Client, Client];
  const abort = new AbortController();
  const start: any = await two.list("configmaps", { namespace: "default" });
  const seen: string[] = [];
  const watching = (async () => {
    const { resourceVersion } = start.metadata;
    for await (const batch of two.watch<any>("configmaps", {
      namespace: "default",
      resourceVersion,
      signal: abort.signal,
    })) {
      seen.push(...batch.map(({ object }) => object.metadata.name));
      if (seen.includes("x-last")) return;
    }
  })();
  await one.create("configmaps", configMap("x-1"));
  await world.etcd.stop(0);
  // What there is may be served from memory, but nothing that must be the present.
  const old: any = await two.list("configmaps", { namespace: "default", resourceVersion: "0" });
  assert.ok(old.items.length > 0);
  const waiting = two.list("configmaps", { namespace: "default" });
  await world.etcd.start(0);
  assert.deepEqual(names((await waiting) as any), ["x-1"]);
  await one.create("configmaps", configMap("x-2"));
  await one.create("configmaps", configMap("x-last"));
  await watching;
  assert.deepEqual(
    seen.filter((name) => name.startsWith("x")),
    ["x-1", "x-2", "x-last"],
  );
  abort.abort();
});

test("a member that dies takes no server with it", async () => {
  await using world = await pair(3);
  const [one, two] = world.clients as [Client, Client];
  await one.create("configmaps", configMap("x-1"));
  await world.etcd.stop(0);
  const create = () => one.create("configmaps", configMap("x-2"));
  // If that was the leader, a write may be lost with it; then the client tries again.
  await create()
    .catch(() => create())
    .catch((error) => assert.match(String(error), /already exists/));
  assert.deepEqual(names((await two.list("configmaps", { namespace: "default" })) as any), ["x-1", "x-2"]);
});

test("both servers are endpoints of the Service that the API is found by, as long as they are there", async () => {
  await using world = await pair();
  const [one, two] = world.servers as [ApiServer, ApiServer];
  const endpoints = async () => {
    const { subsets }: any = await world.clients[1]!.get("endpoints", { namespace: "default", name: "kubernetes" });
    return subsets.flatMap(({ addresses }: any) => addresses.map(({ ip }: any) => ip));
  };
  await one.publish("192.0.2.2", 6443);
  await two.publish("192.0.2.1", 6443);
  assert.deepEqual(await endpoints(), ["192.0.2.1", "192.0.2.2"]);
  await one[Symbol.asyncDispose]();
  assert.deepEqual(await endpoints(), ["192.0.2.1"]);
});

test("servers of one store compact in turn, and keep what is younger than a period", async () => {
  await using store = await openMemoryStore();
  const put = () => store.commit([], [{ put: "/a", value: new Uint8Array([1]) }]);
  let turns: CompactionTurn[] = [
    { keyRevision: 0, revision: 0 },
    { keyRevision: 0, revision: 0 },
  ];
  const done: number[][] = [];
  const watched: Store = { ...store, compact: async (revision) => void done.push([revision, await store.revision()]) };
  for (let period = 0; period < 4; period++) {
    await put();
    const next: CompactionTurn[] = [];
    for (const turn of turns) next.push(await compactInTurn(watched, turn));
    turns = next;
    assert.deepEqual(turns[0], turns[1], "both know the same afterwards");
  }
  // One compaction a period, each to where the one before began.
  assert.deepEqual(
    done.map(([revision]) => revision),
    [2, 4, 6],
  );
});
