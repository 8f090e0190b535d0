import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { type Answered, type Asked, ask } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";
import {
  administrator,
  definitions,
  establish,
  specDefinition,
  until,
  widget,
  widgetDefinition,
  widgets,
} from "./world.ts";

type Call = (asked: Asked) => Promise<Answered>;

/** One behaviour of custom resources, on a fresh server with this definition. */
function check(what: string, definition: Record<string, any>, body: (call: Call, server: any) => Promise<void>): void {
  test(what, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    const call = administrator(server);
    await establish(call, definition);
    await body(call, server);
  });
}

const merge = { "content-type": "application/merge-patch+json" };
const patch = (name: string, body: object, more = ""): Asked => ({
  method: "PATCH",
  path: `${widgets}/${name}${more}`,
  headers: merge,
  body,
});

check(
  "objects are pruned, filled in and validated",
  specDefinition({ size: { type: "integer", minimum: 1, default: 3 }, name: { type: "string" } }),
  async (call) => {
    const made = await call({ path: widgets, body: widget("a", { name: "x", other: 1 }) });
    assert.deepEqual(made.body.spec, { name: "x", size: 3 });
    const strict = await call({ path: `${widgets}?fieldValidation=Strict`, body: widget("b", { other: 1 }) });
    assert.match(strict.body.message, /strict decoding error: unknown field "spec.other"$/);
    const small = await call({ path: widgets, body: widget("b", { size: 0 }) });
    assert.equal(
      small.body.message,
      'Widget.example.com "b" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    );
  },
);

check(
  "what was wrong before a change is nobody's now",
  specDefinition({ a: { type: "string" }, b: { type: "string" } }),
  async (call) => {
    await call({ path: widgets, body: widget("a", { a: "long", b: "x" }) });
    const definition = (await call({ path: `${definitions}/widgets.example.com` })).body;
    const next = structuredClone(definition);
    next.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.a.maxLength = 2;
    assert.equal((await call({ method: "PUT", path: `${definitions}/widgets.example.com`, body: next })).code, 200);
    await until(
      "the new schema counts",
      async () => (await call({ path: `${widgets}?dryRun=All`, body: widget("z", { a: "long" }) })).code === 422,
    );
    assert.equal((await call(patch("a", { spec: { b: "y" } }))).code, 200);
    assert.equal((await call(patch("a", { spec: { a: "other" } }))).code, 422);
  },
);

check("a definition's change ends its watches", widgetDefinition(), async (call, server) => {
  const answer = await server.handler({
    method: "GET",
    url: `${widgets}?watch=1`,
    headers: {},
    user: { username: "boss", groups: ["system:masters"] },
    signal: new AbortController().signal,
  });
  const next = structuredClone((await call({ path: `${definitions}/widgets.example.com` })).body);
  next.spec.names.shortNames = ["wi"];
  assert.equal((await call({ method: "PUT", path: `${definitions}/widgets.example.com`, body: next })).code, 200);
  for await (const _ of answer.body.events) assert.fail("nothing happened to objects");
});

check("definitions go with all of their objects, and held ones are waited for", widgetDefinition(), async (call) => {
  await call({ path: widgets, body: widget("a", {}) });
  await call({ path: widgets, body: widget("b", {}, { metadata: { name: "b", finalizers: ["example.com/x"] } }) });
  const deleted = await call({ method: "DELETE", path: `${definitions}/widgets.example.com` });
  assert.deepEqual(deleted.body.metadata.finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
  await until("the free object is gone", async () => (await call({ path: `${widgets}/a` })).code === 404);
  const late = await call({ path: widgets, body: widget("c", {}) });
  assert.equal(late.body.message, "create not allowed while custom resource definition is terminating");
  assert.equal((await call(patch("b", { metadata: { finalizers: null } }))).code, 200);
  const gone = async () => (await call({ path: `${definitions}/widgets.example.com` })).code === 404;
  await until("the definition is gone", gone);
  assert.equal((await call({ path: widgets })).code, 404);
});

check(
  "an object is seen in each version, and rewritten in the stored one",
  widgetDefinition({
    versions: ["v1", "v2"].map((name) => ({
      name,
      served: true,
      storage: name === "v2",
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    })),
  }),
  async (call) => {
    await call({ path: widgets, body: widget("a", { x: 1 }) });
    const second = await call({ path: "/apis/example.com/v2/namespaces/default/widgets/a" });
    assert.deepEqual([second.body.apiVersion, second.body.spec], ["example.com/v2", { x: 1 }]);
    const list = await call({ path: "/apis/example.com/v1/widgets" });
    assert.deepEqual(
      list.body.items.map((each: any) => each.apiVersion),
      ["example.com/v1"],
    );
  },
);

check("fields that a definition names can be selected", specDefinition({ color: { type: "string" } }), async (call) => {
  const next = structuredClone((await call({ path: `${definitions}/widgets.example.com` })).body);
  next.spec.versions[0].selectableFields = [{ jsonPath: ".spec.color" }];
  await call({ method: "PUT", path: `${definitions}/widgets.example.com`, body: next });
  await call({ path: widgets, body: widget("a", { color: "red" }) });
  await call({ path: widgets, body: widget("b", { color: "blue" }) });
  const path = `${widgets}?fieldSelector=spec.color%3Dred`;
  await until("the field can be selected", async () => (await call({ path })).code === 200);
  assert.deepEqual(
    (await call({ path })).body.items.map((each: any) => each.metadata.name),
    ["a"],
  );
  assert.match(
    (await call({ path: `${widgets}?fieldSelector=spec.size%3D1` })).body.message,
    /field label not supported: spec.size/,
  );
});

test("definitions, their objects and their resources are there again after a restart", async () => {
  await using store = await openMemoryStore();
  {
    await using server = await createApiServer({ store, ...machine });
    const call = administrator(server);
    await establish(call, widgetDefinition());
    await call({ path: widgets, body: widget("a", { x: 1 }) });
  }
  await using server = await createApiServer({ store, ...machine });
  assert.deepEqual((await administrator(server)({ path: `${widgets}/a` })).body.spec, { x: 1 });
});

test("two servers of one store serve the same definitions", async () => {
  await using store = await openMemoryStore();
  await using first = await createApiServer({ store, ...machine });
  await using second = await createApiServer({ store, ...machine });
  await establish(administrator(first), widgetDefinition());
  const call = administrator(second);
  await until("the second server serves it too", async () => (await call({ path: widgets })).code === 200);
  await administrator(first)({ path: widgets, body: widget("a", { x: 1 }) });
  await until("the second server sees the object", async () => (await call({ path: `${widgets}/a` })).code === 200);
});

check("nobody without a right reads, writes or defines", widgetDefinition(), async (_, server) => {
  const nobody = { username: "nobody", groups: ["system:authenticated"] };
  for (const asked of [
    { path: widgets },
    { path: widgets, body: widget("a", {}) },
    { path: definitions, body: widgetDefinition() },
    { method: "DELETE", path: `${definitions}/widgets.example.com` },
  ]) {
    assert.equal((await ask(server, { ...asked, user: nobody })).code, 403, JSON.stringify(asked));
  }
});

test("a definition does not get hold of the objects of Kubernetes' own kinds", async () => {
  await using store = await openMemoryStore();
  await using server = await createApiServer({ store, ...machine });
  const call = administrator(server);
  const definition = widgetDefinition({
    group: "apiregistration.k8s.io",
    scope: "Cluster",
    names: { plural: "apiservices", kind: "Thief" },
  });
  definition.metadata = {
    name: "apiservices.apiregistration.k8s.io",
    annotations: { "api-approved.kubernetes.io": "https://example.com/1" },
  };
  assert.equal((await call({ path: definitions, body: definition })).code, 201);
  const path = `${definitions}/apiservices.apiregistration.k8s.io`;
  await call({ method: "DELETE", path });
  await until("the definition is gone", async () => (await call({ path })).code === 404);
  assert.equal((await call({ path: "/apis/apiregistration.k8s.io/v1/apiservices/v1.apps" })).body.kind, "APIService");
});

check(
  "a pattern that explodes elsewhere is checked in linear time",
  specDefinition({ a: { type: "string", pattern: "^(a+)+$" } }),
  async (call) => {
    const answer = await call({ path: widgets, body: widget("a", { a: `${"a".repeat(50_000)}!` }) });
    assert.equal(answer.code, 422);
  },
);

check("a very deep object is refused, and the server lives on", widgetDefinition(), async (call) => {
  let deep: object = {};
  for (let level = 0; level < 5_000; level++) deep = { a: deep };
  const answer = await call({ path: widgets, body: widget("a", deep) });
  assert.deepEqual([answer.code, answer.body.reason], [400, "BadRequest"]);
  assert.match(answer.body.message, /exceeded max depth/);
  assert.equal((await call({ path: widgets })).code, 200);
});

check(
  "a list of a million items is checked once through",
  specDefinition({ l: { type: "array", maxItems: 10, items: { type: "integer" } } }),
  async (call) => {
    const answer = await call({
      path: widgets,
      body: widget("a", { l: Array.from({ length: 1_000_000 }, (_, n) => n) }),
    });
    assert.match(answer.body.message, /spec.l: Too many: 1000000: must have at most 10 items/);
  },
);

test("a schema that is too deep is refused", async () => {
  await using store = await openMemoryStore();
  await using server = await createApiServer({ store, ...machine });
  let schema: object = { type: "string" };
  for (let level = 0; level < 400; level++) schema = { type: "object", properties: { a: schema } };
  const answer = await administrator(server)({ path: definitions, body: specDefinition({ a: schema }) });
  assert.match(answer.body.message, /must not be nested deeper than 300 levels/);
});

check("a list over a socket names its items' kind", widgetDefinition(), async (_, server) => {
  const user = { username: "boss", groups: ["system:masters"] };
  const signal = new AbortController().signal;
  const body = { object: widget("a", {}) };
  await server.handler({ method: "POST", url: widgets, headers: {}, user, signal, body });
  const answer = await server.handler({ method: "GET", url: widgets, headers: {}, user, signal });
  const list = JSON.parse(new TextDecoder().decode(answer.body.bytes()));
  assert.deepEqual([list.items[0].kind, list.items[0].apiVersion], ["Widget", "example.com/v1"]);
});

check(
  "an empty definition is refused with all that it lacks, in its own scheme's words",
  widgetDefinition(),
  async (call) => {
    const empty = await call({ path: definitions, body: {} });
    assert.deepEqual(
      empty.body.details.causes.map(({ field, message }: any) => `${field}: ${message}`),
      [
        "metadata.name: Required value: name or generateName is required",
        "spec.group: Required value",
        "spec.scope: Required value",
        "spec.versions: Invalid value: null: must have exactly one version marked as storage version",
        "spec.names.plural: Required value",
        "spec.names.singular: Required value",
        "spec.names.kind: Required value",
        "spec.names.listKind: Required value",
        "status.storedVersions: Invalid value: null: must have at least one stored version",
      ],
    );
    const foreign = await call({ path: definitions, body: { apiVersion: "v1", kind: "ConfigMap" } });
    assert.match(
      foreign.body.message,
      /no kind "ConfigMap" is registered for version "v1" in scheme "pkg\/apiserver\//,
    );
  },
);
