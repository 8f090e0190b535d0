import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { ask, masters } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";

const path = "/api/v1/namespaces/default/services";

const now = "2026-01-01T00:00:00Z";

type Answer = { code: number; body: any };
interface World {
  /** Any request as an administrator, with a body or without. */
  call(method: string, path: string, body?: object): Promise<Answer>;
  make(name: string, spec: object, query?: string): Promise<Answer>;
  put(name: string, spec: object): Promise<Answer>;
  remove(name: string): Promise<Answer>;
}

/** One behaviour, of a server with a small range. */
function check(what: string, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    await using store = await openMemoryStore();
    const nodePorts = { first: 30_000, last: 30_002 };
    await using server = await createApiServer({ store, ...machine, serviceCidr: "10.96.0.0/29", nodePorts });
    const user = masters;
    const of = (name: string, spec: object) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { ports: [{ port: 80 }], ...spec },
    });
    await body({
      call: (method, path, sent) => ask(server, { method, path, body: sent, user }),
      make: (name, spec, query = "") => ask(server, { path: `${path}${query}`, body: of(name, spec), user }),
      put: (name, spec) => ask(server, { method: "PUT", path: `${path}/${name}`, body: of(name, spec), user }),
      remove: (name) => ask(server, { method: "DELETE", path: `${path}/${name}`, user }),
    });
  });
}

check("no two services that are made at once share an address, and a full range says so", async ({ make }) => {
  const answers = await Promise.all(Array.from({ length: 7 }, (_, index) => make(`s${index}`, {})));
  const made = answers.filter(({ code }) => code === 201).map(({ body }) => body.spec.clusterIP);
  // Six can be used; the first is the API server's own.
  assert.deepEqual(made.sort(), ["10.96.0.2", "10.96.0.3", "10.96.0.4", "10.96.0.5", "10.96.0.6"]);
  assert.match(answers.find(({ code }) => code !== 201)!.body.message, /range is full/);
});

check("a service keeps what it has; what is deleted is free at once", async ({ make, put, remove }) => {
  const first = await make("a", { type: "NodePort", clusterIP: "10.96.0.3" });
  const again = await put("a", { type: "NodePort" });
  assert.equal(again.code, 200, again.body.message);
  assert.deepEqual(again.body.spec.ports, first.body.spec.ports);
  assert.match((await make("b", { clusterIP: "10.96.0.3" })).body.message, /provided IP is already allocated/);
  await remove("a");
  assert.equal((await make("b", { clusterIP: "10.96.0.3" })).code, 201);
});

check("addresses of others are refused in the words of Kubernetes", async ({ make }) => {
  assert.match((await make("a", { clusterIP: "10.96.0.1" })).body.message, /provided IP is already allocated/);
  assert.match(
    (await make("a", { clusterIP: "1.2.3.4" })).body.message,
    /the provided network does not match the current range/,
  );
});

check("node ports: by number, shared by protocols of one port", async ({ make }) => {
  const both = [
    { port: 53, protocol: "TCP", name: "t" },
    { port: 53, protocol: "UDP", name: "u" },
  ];
  const { body } = await make("a", { type: "NodePort", ports: both });
  const [tcp, udp] = body.spec.ports;
  assert.equal(tcp.nodePort, udp.nodePort);
  const taken = await make("b", { type: "NodePort", ports: [{ port: 1, protocol: "SCTP", nodePort: tcp.nodePort }] });
  assert.match(taken.body.message, /spec.ports\[0\].nodePort: Invalid value: \d+: provided port is already allocated/);
  const local = await make("c", { type: "LoadBalancer", externalTrafficPolicy: "Local" });
  assert.equal(new Set([tcp.nodePort, local.body.spec.ports[0].nodePort, local.body.spec.healthCheckNodePort]).size, 3);
});

check("a dry run takes nothing", async ({ make }) => {
  for (let time = 0; time < 10; time++) assert.equal((await make("a", { type: "NodePort" }, "?dryRun=All")).code, 201);
  assert.equal((await make("a", { type: "NodePort" })).code, 201);
});

const networking = "/apis/networking.k8s.io/v1";

check("each address is an object that comes and goes with its Service", async ({ make, put, remove, call }) => {
  const address = (ip: string) => call("GET", `${networking}/ipaddresses/${ip}`);
  await make("a", { clusterIP: "10.96.0.3" });
  const { body } = await address("10.96.0.3");
  assert.deepEqual(body.spec, { parentRef: { resource: "services", namespace: "default", name: "a" } });
  assert.deepEqual(body.metadata.labels, {
    "ipaddress.kubernetes.io/ip-family": "IPv4",
    "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
  });
  assert.equal((await put("a", { type: "ExternalName", externalName: "x.example" })).code, 200);
  assert.equal((await address("10.96.0.3")).code, 404);
  assert.equal((await put("a", { clusterIP: "10.96.0.4" })).code, 200);
  assert.equal((await address("10.96.0.4")).code, 200);
  await remove("a");
  assert.equal((await address("10.96.0.4")).code, 404);
  await make("headless", { clusterIP: "None" });
  assert.deepEqual((await call("GET", `${networking}/ipaddresses`)).body.items, []);
});

check("an address that somebody took by hand is nobody else's", async ({ make, call }) => {
  const parentRef = { resource: "gateways", group: "example.com", namespace: "default", name: "a" };
  const metadata = { name: "10.96.0.3" };
  const body = { apiVersion: "networking.k8s.io/v1", kind: "IPAddress", metadata, spec: { parentRef } };
  assert.equal((await call("POST", `${networking}/ipaddresses`, body)).code, 201);
  assert.match((await make("a", { clusterIP: "10.96.0.3" })).body.message, /provided IP is already allocated/);
  const made = await Promise.all(["b", "c", "d", "e", "f"].map((name) => make(name, {})));
  const given = made.flatMap(({ code, body: { spec } }) => (code === 201 ? [spec.clusterIP] : []));
  assert.deepEqual(given.sort(), ["10.96.0.2", "10.96.0.4", "10.96.0.5", "10.96.0.6"]);
});

check("a second range adds its addresses as soon as it is ready", async ({ make, call }) => {
  const range = (name: string, cidr: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name },
    spec: { cidrs: [cidr] },
  });
  assert.match((await make("a", { clusterIP: "10.97.0.9" })).body.message, /does not match the current range/);
  assert.equal((await call("POST", `${networking}/servicecidrs`, range("more", "10.97.0.0/24"))).code, 201);
  assert.equal((await make("a", { clusterIP: "10.97.0.9" })).code, 201);
  for (let index = 0; index < 5; index++) assert.match((await make(`s${index}`, {})).body.spec.clusterIP, /^10\.96\./);
  assert.match((await make("beyond", {})).body.spec.clusterIP, /^10\.97\.0\./);
  const { body } = await call("GET", `${networking}/servicecidrs/more`);
  const condition = { type: "Ready", status: "False", reason: "Terminating", message: "", lastTransitionTime: now };
  const status = { conditions: [condition] };
  assert.equal((await call("PUT", `${networking}/servicecidrs/more/status`, { ...body, status })).code, 200);
  assert.match((await make("z", {})).body.message, /range is full/);
});

test("what fell apart is put together when a server starts: addresses without objects, objects without a Service", async () => {
  await using store = await openMemoryStore();
  const start = () => createApiServer({ store, ...machine, serviceCidr: "10.96.0.0/29" });
  const user = masters;
  const metadata = { name: "a" };
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { clusterIP: "10.96.0.3", ports: [{ port: 80 }] },
  };
  const lost = `${networking}/ipaddresses/10.96.0.3`;
  {
    await using server = await start();
    assert.equal((await ask(server, { path, body: service, user })).code, 201);
    assert.equal((await ask(server, { method: "DELETE", path: lost, user })).code, 200);
    assert.equal((await ask(server, { path: lost, user })).code, 404);
  }
  const { entry } = await store.get("/registry/services/specs/default/a");
  await using server = await start();
  assert.equal((await ask(server, { path: lost, user })).body.spec.parentRef.name, "a");
  // As a crash between two writes of another kind of server would leave it.
  await store.commit([{ key: entry!.key, revision: entry!.modRevision }], [{ delete: entry!.key }]);
  const clock = { ...machine.clock, now: () => Date.now() + 120_000 };
  await using later = await createApiServer({ store, ...machine, clock, serviceCidr: "10.96.0.0/29" });
  assert.equal((await ask(later, { path: lost, user })).code, 404);
});
