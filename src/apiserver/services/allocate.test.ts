import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { ask, masters } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";

const path = "/api/v1/namespaces/default/services";

type Answer = { code: number; body: any };
interface World {
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
