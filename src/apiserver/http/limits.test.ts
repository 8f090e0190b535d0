// What a request may cost: bodies that are huge, deep or full of mistakes are refused in words, or cost no more than their
// size.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { HttpRequest } from "../../base/http.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { type ApiServer, createApiServer } from "../mod.ts";

let server: ApiServer;

before(async () => {
  server = await createApiServer({ store: await openMemoryStore(), ...machine });
  await ask({ body: '{"metadata":{"name":"a"},"data":{"a":"1"}}' });
});
after(() => server[Symbol.asyncDispose]());

const configMaps = "/api/v1/namespaces/default/configmaps";

interface Asked {
  method?: string;
  url?: string;
  type?: string;
  body: string | AsyncIterable<Uint8Array>;
}

async function ask({ method = "POST", url = configMaps, type = "application/json", body }: Asked) {
  const request = {
    method,
    url,
    headers: { "content-type": type, accept: "application/json" },
    headerValues: () => [],
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    user: { username: "admin", groups: ["system:masters"] },
    signal: new AbortController().signal,
  } as HttpRequest;
  const answer = await server.handler(request);
  assert.ok(answer.body && "bytes" in answer.body);
  const object = JSON.parse(new TextDecoder().decode(answer.body.bytes()));
  return { status: answer.status, message: String(object.message ?? ""), object, headers: answer.headers };
}

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
const items = (count: number, item: (index: number) => unknown) =>
  Array.from({ length: count }, (_, each) => item(each));

describe("a document that nests too deep is refused", () => {
  const tooDeep = /exceeded max depth|nesting|depth/;
  for (const [name, asked] of Object.entries<Asked>({
    "open brackets": { body: "[".repeat(1_500_000) },
    arrays: { body: nested("[", "]", 1_400_000) },
    objects: { body: `${'{"a":'.repeat(400_000)}1${"}".repeat(400_000)}` },
    "a field nobody knows": { body: `{"metadata":{"name":"x"},"z":${nested("[", "]", 100_000)}}` },
    "YAML lists": { body: `a: ${nested("[", "]", 500_000)}`, type: "application/yaml" },
    "a merge patch": {
      method: "PATCH",
      url: `${configMaps}/a`,
      type: "application/merge-patch+json",
      body: `${'{"a":'.repeat(300_000)}1${"}".repeat(300_000)}`,
    },
    "an applied configuration": {
      method: "PATCH",
      url: `${configMaps}/a?fieldManager=m`,
      type: "application/apply-patch+yaml",
      body: `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"},"data":${nested("[", "]", 300_000)}}`,
    },
  }))
    test(name, async () => {
      const { status, message } = await ask(asked);
      assert.equal(status, 400, message);
      assert.match(message, tooDeep);
    });
});

test("a body without end is read no further than it may be long", async () => {
  let sent = 0;
  async function* endless() {
    for (;;) {
      sent += 65_536;
      yield new Uint8Array(65_536).fill(32);
    }
  }
  const { status, message } = await ask({ body: endless() });
  assert.deepEqual({ status, message }, { status: 413, message: "Request entity too large: limit is 3145728" });
  assert.ok(sent < 4_000_000, `${sent} bytes were read`);
});

test("aliases of a YAML document cannot multiply it into the store", async () => {
  const levels = [..."bcdefgh"].map(
    (name, index) => `${name}: &${name} [${items(9, () => `*${"abcdefg"[index]}`).join()}]`,
  );
  const body = `a: &a [${items(9, () => "x").join()}]\n${levels.join("\n")}\nmetadata: {name: bomb}\n`;
  const { status, object } = await ask({ body, type: "application/yaml" });
  assert.equal(status, 201);
  assert.deepEqual(Object.keys(object), ["kind", "apiVersion", "metadata"]);
});

test("a JSON patch of more operations than a request may have", async () => {
  const body = JSON.stringify(items(60_000, (index) => ({ op: "add", path: `/data/k${index}`, value: "x" })));
  const { status, message } = await ask({
    method: "PATCH",
    url: `${configMaps}/a`,
    type: "application/json-patch+json",
    body,
  });
  assert.equal(status, 413);
  assert.match(message, /The allowed maximum operations in a JSON patch is 10000, got 60000/);
});

test("of many mistakes some are named", async () => {
  const unknown = Object.fromEntries(items(50_000, (index) => [`field${index}`, 1]) as [string, number][]);
  const { status, headers } = await ask({ body: JSON.stringify({ ...unknown, metadata: { name: "mistakes" } }) });
  assert.equal(status, 201);
  const warnings = [headers.warning ?? []].flat();
  assert.ok(warnings.length > 10 && warnings.join().length < 10_000, `${warnings.length} warnings`);
});

test("of lists longer than anybody's nobody keeps the owners", async () => {
  const finalizers = items(100_000, (index) => `example.com/${index}`);
  const { status, object } = await ask({ body: JSON.stringify({ metadata: { name: "long", finalizers } }) });
  assert.equal(status, 201);
  assert.equal(object.metadata.finalizers.length, 100_000);
  assert.equal(object.metadata.managedFields, undefined);
});

test("owners named over and over count once", async () => {
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "a", uid: "u" };
  const body = JSON.stringify({ metadata: { name: "owned", ownerReferences: items(20_000, () => owner) } });
  const { object, headers } = await ask({ body });
  assert.deepEqual(object.metadata.ownerReferences, [owner]);
  assert.match(String(headers.warning), /duplicate UID\(s\) observed: u/);
});
