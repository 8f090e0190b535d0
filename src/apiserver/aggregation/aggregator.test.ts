import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpRequest } from "../../base/http.ts";
import { createAuthority, issueCertificate } from "../../cluster/certificates.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { type Answered, type Asked, ask, masters } from "../auth/world.ts";
import { until } from "../crd/world.ts";
import { createApiServer } from "../mod.ts";
import { type ApiService, planApiServices, wantedApiServices } from "./api_services.ts";
import { probeVerdict, serviceProblem } from "./availability.ts";

const utf8 = new TextEncoder();
const services = "/apis/apiregistration.k8s.io/v1/apiservices";

interface World {
  call(asked: Asked): Promise<Answered & { text: string }>;
  /** Requests that the extension server has got, our own questions apart. */
  seen: HttpRequest[];
  /** Stops the extension server. */
  stop(): Promise<void>;
  apiService: Record<string, any>;
}

/** One behaviour of aggregation with a real extension server behind TLS. */
function check(what: string, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    const now = machine.clock.now();
    const serving = await createAuthority("serving", now);
    const proxies = await createAuthority("front-proxy", now);
    const identity = await issueCertificate(serving, { commonName: "metrics", names: ["metrics.default.svc"] }, now);
    const proxyClient = await issueCertificate(proxies, { commonName: "front-proxy-client" }, now);
    const seen: HttpRequest[] = [];
    const listener = await machine.net.listenHttp(
      { host: "127.0.0.1", port: 0, tls: { identity, clientCa: proxies.certificate as never } },
      async (request) => {
        if (request.url === "/apis/metrics.example.com/v1") return json(discovery);
        if (request.url === "/openapi/v3") return json(openApiIndex);
        if (request.url === "/openapi/v2") return json({ swagger: "2.0", paths: {}, definitions: {} });
        seen.push(request);
        return json({ kind: "Thing", apiVersion: "metrics.example.com/v1", name: request.peer?.commonName });
      },
    );
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine, proxyClient });
    const call = async (asked: Asked) => {
      const answer = await ask(server, { user: masters, ...asked });
      return { ...answer, text: answer.body instanceof Uint8Array ? new TextDecoder().decode(answer.body) : "" };
    };
    await publish(call);
    const apiService = {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1.metrics.example.com" },
      spec: {
        group: "metrics.example.com",
        version: "v1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle: btoa(serving.certificate),
        service: { namespace: "default", name: "metrics", port: listener.port },
      },
    };
    try {
      await body({ call, seen, stop: () => listener[Symbol.asyncDispose]() as Promise<void>, apiService });
    } finally {
      await listener[Symbol.asyncDispose]();
    }
  });
}

function json(body: object) {
  return { status: 200, headers: { "content-type": "application/json" }, body: utf8.encode(JSON.stringify(body)) };
}

const discovery = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion: "metrics.example.com/v1",
  resources: [{ name: "things", singularName: "thing", namespaced: true, kind: "Thing", verbs: ["get"] }],
};
const address = "/openapi/v3/apis/metrics.example.com/v1?hash=1";
const openApiIndex = {
  paths: {
    "apis/metrics.example.com/v1": { serverRelativeURL: address },
    "apis/apps/v1": { serverRelativeURL: "/stolen" },
  },
};

/** No endpoint may be a loopback address: the Service is another name for it. */
async function publish(call: (asked: Asked) => Promise<Answered>): Promise<void> {
  const made = await call({
    path: "/api/v1/namespaces/default/services",
    body: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "metrics" },
      spec: { type: "ExternalName", externalName: "127.0.0.1" },
    },
  });
  assert.equal(made.code, 201);
}

async function condition(call: World["call"], status: string): Promise<any> {
  const found = async () =>
    (await call({ path: `${services}/v1.metrics.example.com` })).body.status?.conditions?.find(
      (each: any) => each.type === "Available",
    );
  await until(`it is ${status}`, async () => (await found())?.status === status);
  return found();
}

const things = "/apis/metrics.example.com/v1/namespaces/default/things/x?a=1";

check("requests go to the extension server in the user's name, whatever the client claims", async (world) => {
  const { call, seen, apiService } = world;
  assert.equal((await call({ path: services, body: apiService })).code, 201);
  assert.equal((await condition(call, "True")).message, "all checks passed");
  const user = { username: "eve", uid: "7", groups: ["system:masters", "b"], extra: { "a/b": ["1", "2"] } };
  const claims = {
    authorization: "Bearer secret",
    "x-remote-user": "boss",
    "x-remote-group": "system:masters",
    "x-remote-extra-a": "1",
  };
  const answer = await call({ path: things, user, headers: claims });
  assert.equal(answer.code, 200);
  const [got] = seen;
  assert.equal(got!.url, things);
  assert.equal(got!.headers["x-remote-user"], "eve");
  assert.deepEqual(got!.headerValues?.("x-remote-group"), ["system:masters", "b", "system:authenticated"]);
  assert.equal(got!.headers["x-remote-uid"], "7");
  assert.deepEqual(got!.headerValues?.("x-remote-extra-a%2fb"), ["1", "2"]);
  assert.equal(got!.headers["x-remote-extra-a"], undefined);
  assert.equal(got!.headers.authorization, undefined);
});

check("nobody gets there without a right", async ({ call, seen, apiService }) => {
  await call({ path: services, body: apiService });
  await condition(call, "True");
  const nobody = { username: "nobody", groups: ["system:authenticated"] };
  assert.equal((await call({ path: things, user: nobody })).code, 403);
  assert.equal((await call({ path: services, body: apiService, user: nobody })).code, 403);
  assert.equal(seen.length, 0);
});

check("discovery and OpenAPI tell of extension servers, of their own groups only", async ({ call, apiService }) => {
  await call({ path: services, body: apiService });
  await condition(call, "True");
  const groups = JSON.parse((await call({ path: "/apis" })).text).groups.map((each: any) => each.name);
  assert.ok(groups.includes("metrics.example.com"));
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const { items } = JSON.parse((await call({ path: "/apis", headers: { accept } })).text);
  const entry = items.find((each: any) => each.metadata.name === "metrics.example.com");
  assert.equal(entry.versions[0].resources[0].resource, "things");
  const { paths } = JSON.parse((await call({ path: "/openapi/v3" })).text);
  assert.equal(paths["apis/metrics.example.com/v1"].serverRelativeURL, address);
  assert.match(paths["apis/apps/v1"].serverRelativeURL, /^\/openapi\/v3\/apis\/apps\/v1\?hash=/);
});

check("a server with another certificate than announced is not believed", async ({ call, seen, apiService }) => {
  const other = await createAuthority("other", machine.clock.now());
  const spec = { ...apiService.spec, caBundle: btoa(other.certificate) };
  await call({ path: services, body: { ...apiService, spec } });
  await condition(call, "True");
  const answer = await call({ path: things });
  assert.equal(answer.code, 503);
  assert.match(answer.text, /^error trying to reach service: /);
  assert.equal(seen.length, 0);
});

check("what is not there is unavailable", async ({ call, apiService }) => {
  const spec = { ...apiService.spec, service: { namespace: "default", name: "none" } };
  await call({ path: services, body: { ...apiService, spec } });
  assert.equal((await condition(call, "False")).message, 'service/none in "default" is not present');
  const answer = await call({ path: things });
  assert.deepEqual([answer.code, answer.text], [503, "service unavailable\n"]);
});

// Plans.

const service = (spec: object) => ({ spec: { type: "ClusterIP", ...spec } }) as never;
const remote = { spec: { service: { namespace: "n", name: "s", port: 443 } } } as ApiService;

for (const [what, found, slices, reason] of [
  ["no service", undefined, [], "ServiceNotFound"],
  ["another port", service({ ports: [{ port: 80 }] }), [], "ServicePortError"],
  ["no slices", service({ ports: [{ port: 443 }] }), [], "EndpointsNotFound"],
  [
    "nobody ready",
    service({ ports: [{ port: 443 }] }),
    [{ endpoints: [{ conditions: { ready: false } }], ports: [{ port: 1 }] }],
    "MissingEndpoints",
  ],
  ["ready", service({ ports: [{ port: 443 }] }), [{ endpoints: [{}], ports: [{ port: 1 }] }], undefined],
] as const) {
  test(`availability: ${what}`, () => assert.equal(serviceProblem(remote, found, slices as never)?.reason, reason));
}

test("availability: what asking came to", () => {
  assert.equal(probeVerdict(undefined).reason, "Passed");
  assert.deepEqual(probeVerdict("why"), { status: "False", reason: "FailedDiscoveryCheck", message: "why" });
});

test("the server keeps APIServices of definitions always, its own only when it starts, others never", () => {
  const apps = { group: "apps", version: "v1" } as never;
  const definition = {
    spec: { group: "example.com", versions: [{ name: "v1", served: true }] },
    status: { conditions: [{ type: "Established", status: "True" }] },
  } as never;
  const wanted = wantedApiServices([apps], [definition]);
  const kinds = (present: ApiService[], starting: boolean) =>
    planApiServices(wanted, present, starting).map(
      (step) => `${step.kind} ${"object" in step ? step.object.metadata.name : step.name}`,
    );
  assert.deepEqual(kinds([], true), ["create v1.apps", "create v1.example.com"]);
  assert.deepEqual(kinds([], false), ["create v1.example.com"]);
  assert.deepEqual(kinds([...wanted.values()], true), []);
  const foreign = { metadata: { name: "v1.other" }, spec: {} } as ApiService;
  const left = {
    metadata: { name: "v1.left", labels: { "kube-aggregator.kubernetes.io/automanaged": "true" } },
    spec: {},
  };
  assert.deepEqual(kinds([...wanted.values(), foreign, left as unknown as ApiService], false), ["remove v1.left"]);
});
