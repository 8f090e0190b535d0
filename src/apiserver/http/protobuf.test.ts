import assert from "node:assert/strict";
import { test } from "node:test";
import { definitions } from "../../api/machinery/definitions.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { protobufDecoder } from "../../api/machinery/protobuf/decode.ts";
import { definitionOfKind, openEnvelope, protobufMediaType } from "../../api/machinery/protobuf/envelope.ts";
import { notFound } from "../../api/machinery/status.ts";
import { builtinResources } from "../../api/resources.ts";
import type { HttpAnswer, HttpHandler } from "../../base/http.ts";
import { inProcess } from "../../client/mod.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { createApiServer } from "../mod.ts";
import { protobufEvents } from "./protobuf.ts";

const user = { username: "tester", groups: ["system:masters"] };

async function ask(handler: HttpHandler, url: string, accept: string, method = "GET", body?: object) {
  const { signal } = new AbortController();
  const answer = await handler({ method, url, headers: { accept }, user, signal, body: body && { object: body } });
  return { ...answer, type: String(answer.headers["content-type"]) };
}

function bytesOf({ body }: HttpAnswer): Uint8Array {
  assert.ok(body && "bytes" in body);
  return body.bytes();
}

/** What a body says, as a client of protobuf reads it. */
async function read(body: Uint8Array): Promise<KubeObject> {
  const { apiVersion, kind, raw } = openEnvelope(body);
  const named = apiVersion.startsWith("meta.k8s.io/") ? partials[kind] : await definitionOfKind(apiVersion, kind);
  return { apiVersion, kind, ...protobufDecoder(named!, allDefinitions)(raw) } as KubeObject;
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const partials: Record<string, string> = {
  PartialObjectMetadata: `${meta}PartialObjectMetadata`,
  PartialObjectMetadataList: `${meta}PartialObjectMetadataList`,
};
const allDefinitions: typeof definitions = (name) => {
  if (name === partials.PartialObjectMetadata) return { properties: { metadata: { $ref: `${meta}ObjectMeta` } } };
  if (name !== partials.PartialObjectMetadataList) return definitions(name);
  const items = { type: "array", items: { $ref: partials.PartialObjectMetadata } } as const;
  return { properties: { metadata: { $ref: `${meta}ListMeta` }, items } };
};

const configMaps = builtinResources.find(({ id }) => id === "configmaps")!;
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const partialOf = (as: string) => `${protobufMediaType};as=${as};g=meta.k8s.io;v=v1`;
const maps = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, labels: { for: "test" } },
  data: { greeting: "grüße" },
});

function check(what: string, body: (handler: HttpHandler) => Promise<void>): void {
  test(`protobuf: ${what}`, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    await body(server.handler);
  });
}

check("an object is the one that JSON shows, after a write and when it is read", async (handler) => {
  const made = await ask(handler, maps, `${protobufMediaType}, */*`, "POST", configMap("x"));
  assert.deepEqual([made.status, made.type], [201, protobufMediaType]);
  const json = JSON.parse(text(bytesOf(await ask(handler, `${maps}/x`, "application/json"))));
  assert.deepEqual(await read(bytesOf(made)), json);
  assert.deepEqual(await read(bytesOf(await ask(handler, `${maps}/x`, protobufMediaType))), json);
});

check("lists, long and empty ones", async (handler) => {
  for (const count of [0, 1, 150]) {
    for (let index = count === 150 ? 1 : 0; index < count; index++)
      await ask(handler, maps, "application/json", "POST", configMap(`x${index}`));
    const json = JSON.parse(text(bytesOf(await ask(handler, maps, "application/json"))));
    const answer = await ask(handler, maps, protobufMediaType);
    assert.equal(answer.type, protobufMediaType);
    const { items, metadata, ...list } = await read(bytesOf(answer));
    assert.match(metadata.resourceVersion, /^\d+$/);
    assert.deepEqual({ ...list, metadata: {}, items: items ?? [] }, { ...json, metadata: {} });
  }
});

check("metadata alone, of custom resources too", async (handler) => {
  const client = inProcess(handler, user);
  await ask(handler, maps, "application/json", "POST", configMap("x"));
  await client.create("customresourcedefinitions.apiextensions.k8s.io", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: { plural: "things", kind: "Thing" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    },
  });
  const things = "/apis/example.com/v1/namespaces/default/things";
  while ((await ask(handler, things, "application/json")).status !== 200) await new Promise(setImmediate);
  await ask(handler, things, "application/json", "POST", {
    apiVersion: "example.com/v1",
    kind: "Thing",
    metadata: { name: "x", labels: { for: "test" } },
  });
  for (const path of [maps, things]) {
    const one = await read(bytesOf(await ask(handler, `${path}/x`, partialOf("PartialObjectMetadata"))));
    assert.deepEqual(
      [one.kind, one.metadata.name, one.metadata.labels],
      ["PartialObjectMetadata", "x", { for: "test" }],
    );
    const list = await read(bytesOf(await ask(handler, path, partialOf("PartialObjectMetadataList"))));
    assert.deepEqual(plain(list.items), [{ metadata: plain(one.metadata) }]);
  }
  // The objects themselves have no message.
  assert.equal((await ask(handler, `${things}/x`, protobufMediaType)).status, 406);
  assert.equal((await ask(handler, `${things}/x`, `${protobufMediaType}, */*`)).type, "application/json");
});

check("failures, reviews and discovery", async (handler) => {
  const missing = await ask(handler, `${maps}/none`, protobufMediaType);
  const { code, reason, message, details } = await read(bytesOf(missing));
  assert.deepEqual(
    [missing.status, code, reason, message, details],
    [404, 404, "NotFound", 'configmaps "none" not found', { name: "none", kind: "configmaps" }],
  );
  const review = await ask(
    handler,
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    protobufMediaType,
    "POST",
    {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: { verb: "get", resource: "pods" } },
    },
  );
  assert.equal((await read(bytesOf(review))).status.allowed, true);
  const { body, type } = await ask(handler, "/api/v1", protobufMediaType);
  const list = await read(body as Uint8Array);
  const pods = list.resources.find((each: { name: string }) => each.name === "pods");
  assert.deepEqual(
    [type, list.groupVersion, pods.namespaced, pods.shortNames],
    [protobufMediaType, "v1", true, ["po"]],
  );
  assert.ok(pods.verbs.includes("deletecollection"));
});

check("a table has no message: the next form is taken, or none", async (handler) => {
  const table = ";as=Table;g=meta.k8s.io;v=v1";
  assert.equal((await ask(handler, maps, protobufMediaType + table)).status, 406);
  const both = await ask(handler, maps, `${protobufMediaType}${table},application/json${table}`);
  assert.equal(JSON.parse(text(bytesOf(both))).kind, "Table");
});

/** The type and the object of a frame: four bytes of length, and a WatchEvent. */
async function readFrame(frame: Uint8Array): Promise<{ type: string; object: KubeObject }> {
  assert.equal(new DataView(frame.buffer, frame.byteOffset).getUint32(0), frame.length - 4);
  const typeEnd = 6 + frame[5]!;
  assert.deepEqual([frame[4], frame[typeEnd]], [0x0a, 0x12]);
  const start = Buffer.from(frame).indexOf("k8s\0");
  return { type: text(frame.subarray(6, typeEnd)), object: await read(frame.subarray(start)) };
}

/** What a watch sends until there are so many events. */
async function watched(handler: HttpHandler, url: string, accept: string, count: number) {
  const { body, headers } = await ask(handler, url, accept);
  assert.equal(headers["content-type"], `${protobufMediaType};stream=watch`);
  assert.ok(body && "events" in body);
  const seen: { type: string; object: KubeObject }[] = [];
  for await (const batch of body.events) {
    for (const event of batch) seen.push(await readFrame(event.bytes()));
    if (seen.length >= count) break;
  }
  return seen;
}

check("watches: a frame for each event, with bookmarks and failures", async (handler) => {
  await ask(handler, maps, "application/json", "POST", configMap("x"));
  const json = JSON.parse(text(bytesOf(await ask(handler, `${maps}/x`, "application/json"))));
  const initial = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  const whole = await watched(handler, `${maps}?${initial}`, protobufMediaType, 2);
  assert.deepEqual(
    whole.map(({ type, object }) => [type, object.kind]),
    [
      ["ADDED", "ConfigMap"],
      ["BOOKMARK", "ConfigMap"],
    ],
  );
  assert.deepEqual(whole[0]!.object, json);
  const end = { "k8s.io/initial-events-end": "true" };
  assert.deepEqual(whole[1]!.object.metadata.annotations, end);
  const partial = await watched(handler, `${maps}?${initial}`, partialOf("PartialObjectMetadata"), 2);
  assert.deepEqual(
    partial.map(({ object }) => [object.kind, object.metadata.annotations]),
    [
      ["PartialObjectMetadata", undefined],
      ["PartialObjectMetadata", end],
    ],
  );
  const failed = await readFrame(protobufEvents(configMaps).status(notFound(configMaps, "x").status).bytes());
  assert.deepEqual([failed.type, failed.object.kind, failed.object.code], ["ERROR", "Status", 404]);
  const yaml = await ask(handler, `${maps}?watch=1`, "application/yaml");
  assert.match(
    text(bytesOf(yaml)),
    /accepted: application\/json;stream=watch, application\/vnd\.kubernetes\.protobuf;/,
  );
});
