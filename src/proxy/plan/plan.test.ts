import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/machinery/object.ts";
import { planChanges } from "./changes.ts";
import { planRuleset, type Ruleset } from "./ruleset.ts";
import { planHostPorts, planServices } from "./services.ts";

const podCidr = "10.244.0.0/24";

function service(name: string, spec: object): KubeObject {
  const metadata = { name, namespace: "default" };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { clusterIP: "10.96.0.7", ports: [{ port: 80 }], ...spec },
  } as unknown as KubeObject;
}

/** `10.244.0.5 ready local`, `10.244.1.6 terminating`, `10.244.1.7 unready`. */
function slice(name: string, endpoints: readonly string[], port = 8080): KubeObject {
  const list = endpoints.map((text) => {
    const [ip, ...words] = text.split(" ");
    const leaving = words.includes("terminating");
    return {
      addresses: [ip],
      nodeName: words.includes("local") ? "here" : "there",
      conditions: {
        ready: !leaving && !words.includes("unready"),
        serving: !words.includes("unready"),
        terminating: leaving,
      },
    };
  });
  const metadata = { name: `${name}-x`, namespace: "default", labels: { "kubernetes.io/service-name": name } };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata,
    addressType: "IPv4",
    endpoints: list,
    ports: [{ port }],
  } as unknown as KubeObject;
}

function plan(services: KubeObject[], slices: KubeObject[], pods: KubeObject[] = []): Ruleset {
  const world = { services, slices, pods, nodeName: "here" };
  return planRuleset(planServices(world), planHostPorts(world), podCidr);
}

/** The rules that an address leads to. */
function rulesAt(
  ruleset: Ruleset,
  map: "service-ips" | "node-ports" | "host-ports",
  key: string,
): readonly string[] | undefined {
  const verdict = ruleset.elements[map].get(key);
  return verdict === undefined ? undefined : ruleset.chains.get(verdict.replace("goto ", ""));
}

function check(
  what: string,
  spec: object,
  endpoints: readonly string[],
  wanted: { inside?: readonly string[]; outside?: readonly string[]; refused?: readonly string[] },
): void {
  test(what, () => {
    const ruleset = plan([service("web", spec)], [slice("web", endpoints)]);
    assert.deepEqual(rulesAt(ruleset, "service-ips", "10.96.0.7 . tcp . 80"), wanted.inside);
    assert.deepEqual(rulesAt(ruleset, "node-ports", "tcp . 30080"), wanted.outside);
    const refused = [...ruleset.elements["no-endpoints"].keys(), ...ruleset.elements["no-endpoint-ports"].keys()];
    assert.deepEqual(refused, wanted.refused ?? []);
  });
}

const fromOutside = `ip saddr != ${podCidr} jump masquerade-later`;
const nodePort = { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] };

check("one endpoint: no choice", {}, ["10.244.0.5 local"], {
  inside: [fromOutside, "meta l4proto tcp dnat ip to 10.244.0.5:8080"],
});
check("several endpoints: one at random", {}, ["10.244.0.5", "10.244.0.6"], {
  inside: [
    fromOutside,
    "meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.5 . 8080, 1 : 10.244.0.6 . 8080 }",
  ],
});
check("no endpoint: refused", {}, [], { refused: ["10.96.0.7 . tcp . 80"] });
check("endpoints that are not ready get nothing", {}, ["10.244.0.5 unready", "10.244.0.6"], {
  inside: [fromOutside, "meta l4proto tcp dnat ip to 10.244.0.6:8080"],
});
check(
  "without a ready one, those that still answer while they end",
  {},
  ["10.244.0.5 terminating", "10.244.0.6 unready"],
  {
    inside: [fromOutside, "meta l4proto tcp dnat ip to 10.244.0.5:8080"],
  },
);
check("a node port masquerades and balances", nodePort, ["10.244.0.5"], {
  inside: [fromOutside, "meta l4proto tcp dnat ip to 10.244.0.5:8080"],
  outside: ["jump masquerade-later", "meta l4proto tcp dnat ip to 10.244.0.5:8080"],
});
check(
  "a local node port keeps the source and stays on the node",
  { ...nodePort, externalTrafficPolicy: "Local" },
  ["10.244.0.5 local", "10.244.1.6"],
  {
    inside: [
      fromOutside,
      "meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.0.5 . 8080, 1 : 10.244.1.6 . 8080 }",
    ],
    outside: ["meta l4proto tcp dnat ip to 10.244.0.5:8080"],
  },
);
check(
  "a local node port without a local endpoint is refused",
  { ...nodePort, externalTrafficPolicy: "Local" },
  ["10.244.1.6"],
  {
    inside: [fromOutside, "meta l4proto tcp dnat ip to 10.244.1.6:8080"],
    refused: ["tcp . 30080"],
  },
);
check("internalTrafficPolicy Local", { internalTrafficPolicy: "Local" }, ["10.244.0.5 local", "10.244.1.6"], {
  inside: [fromOutside, "meta l4proto tcp dnat ip to 10.244.0.5:8080"],
});

test("headless Services and external names have no rules", () => {
  const ruleset = plan(
    [service("a", { clusterIP: "None" }), service("b", { type: "ExternalName", clusterIP: "" })],
    [],
  );
  assert.equal(ruleset.chains.size, 0);
});

test("a client with affinity goes where it went before", () => {
  const ruleset = plan([service("web", { sessionAffinity: "ClientIP" })], [slice("web", ["10.244.0.5", "10.244.0.6"])]);
  const rules = rulesAt(ruleset, "service-ips", "10.96.0.7 . tcp . 80")!;
  assert.match(rules[1]!, /^ip saddr @seen-\w+ goto ep-\w+$/);
  assert.match(rules[3]!, /^numgen random mod 2 vmap /);
  assert.match([...ruleset.sets.values()][0]!, /timeout 10800s/);
});

test("a host port of a pod on this node", () => {
  const pod = {
    metadata: { uid: "u", name: "p" },
    spec: { nodeName: "here", containers: [{ ports: [{ containerPort: 80, hostPort: 8080 }] }] },
    status: { phase: "Running", podIP: "10.244.0.9" },
  };
  const ruleset = plan([], [], [pod as unknown as KubeObject]);
  assert.deepEqual(rulesAt(ruleset, "host-ports", "tcp . 8080"), [
    "jump masquerade-later",
    "meta l4proto tcp dnat ip to 10.244.0.9:80",
  ]);
});

test("changes: nothing for the same, and only what changed otherwise", () => {
  const one = plan(
    [service("web", {}), service("db", { clusterIP: "10.96.0.8" })],
    [slice("web", ["10.244.0.5"]), slice("db", ["10.244.0.7"])],
  );
  assert.equal(planChanges(one, one), "");
  const two = plan(
    [service("web", {}), service("db", { clusterIP: "10.96.0.8" })],
    [slice("web", ["10.244.0.6"]), slice("db", ["10.244.0.7"])],
  );
  const changes = planChanges(one, two);
  assert.match(changes, /10\.244\.0\.6:8080/);
  assert.doesNotMatch(changes, /10\.244\.0\.7/);
});

test("changes: what goes is taken out of the maps before its chain is deleted", () => {
  const one = plan([service("web", {})], [slice("web", ["10.244.0.5"])]);
  const lines = planChanges(one, plan([], [])).trim().split("\n");
  const element = lines.findIndex((line) => line.startsWith("delete element") && line.includes("service-ips"));
  const chain = lines.findIndex((line) => line.startsWith("delete chain"));
  assert.ok(element >= 0 && chain > element, lines.join("\n"));
});
