import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { pods } from "../../api/core/pod.ts";
import { machineClock } from "../../host/mod.ts";
import { CompactedError, openMemoryStore, type Store } from "../../store/mod.ts";
import { openWatchCache } from "./cache.ts";
import { afterUid } from "./codec.ts";
import { dictionary } from "./dictionary.ts";
import { lengthOf, pack, packedStore, unpack } from "./packed.ts";
import { latestOf } from "./present.ts";
import { encodeValue } from "./value.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

test("the dictionary is what all stores were packed with, for ever", () => {
  const digest = createHash("sha256").update(dictionary).digest("hex");
  assert.equal(digest, "124c3f68c2b2c362d20d8beaea2f2ab6ae284d31204ca0ea3d76b53414a8d7e6");
});

test("values: packed and read back; what is short, not JSON or packed already stays as it is", () => {
  const long = bytes(JSON.stringify({ kind: "Pod", apiVersion: "v1", text: "a word and ".repeat(100) }));
  const packed = pack(long);
  assert.ok(packed.length < long.length / 5);
  assert.equal(lengthOf(packed), long.length);
  assert.deepEqual(unpack(packed), long);
  for (const value of [bytes("{}"), bytes("k8s:enc:".repeat(100)), packed]) {
    assert.equal(pack(value), value);
    assert.deepEqual(unpack(pack(value)), unpack(value));
  }
  assert.throws(() => unpack(packed.subarray(0, packed.length - 3)), /corrupt/);
  const lie = new Uint8Array(packed);
  lie[1] = 0xff;
  assert.throws(() => unpack(lie), /says that it is of/);
});

test("where a resource version goes into our own JSON, and that others' is left alone", () => {
  const at = (json: string) => {
    const place = afterUid(bytes(json));
    return place === undefined ? undefined : json.slice(0, place);
  };
  const own = '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"b","uid":"u"';
  assert.equal(at(`${own},"x":1}}`), own);
  assert.equal(at('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","uid":"u"}}'), undefined);
  assert.equal(at('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a\\"","uid":"u"}}'), undefined);
  assert.equal(at('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a'), undefined);
});

const pod = (name: string, node: string, pad = "") => ({
  kind: "Pod",
  apiVersion: "v1",
  metadata: { name, namespace: "default", uid: `uid-${name}`, labels: { app: node }, annotations: { pad } },
  spec: { nodeName: node, containers: [] },
});

const key = (name: string) => `/registry/pods/default/${name}`;

async function put(store: Store, ...all: ReturnType<typeof pod>[]): Promise<number> {
  const operations = all.map((each) => ({ put: key(each.metadata.name), value: encodeValue(each as never) }));
  return (await store.commit([], operations)).revision;
}

test("an object, its JSON and its outline say the same, whatever was made first", async () => {
  await using inner = await openMemoryStore();
  const store = packedStore(inner);
  // As bytes alone, as after a start: nothing is known of the objects.
  await put(store, pod("a", "n1", "x".repeat(300)), pod("b", "n2"));
  const values = (await store.range("/registry/")).entries.map((each) => ({
    put: each.key,
    value: each.value.slice(),
  }));
  await inner.commit([], values);
  for (const first of ["object", "bytes", "outline", "peek"]) {
    using abort = new DisposableStack();
    const controller = abort.adopt(new AbortController(), (each) => each.abort());
    const cache = await openWatchCache(store, [pods], machineClock, controller.signal);
    for (const item of cache.of(pods).list()) {
      if (first === "bytes") item.bytes();
      if (first === "outline") item.outline!();
      if (first === "peek") item.peek!();
      assert.equal(text(item.bytes()), JSON.stringify(item.object));
      assert.equal(item.object.metadata.resourceVersion, "3");
      const { labels, values, places } = item.outline!();
      assert.deepEqual(labels, item.object.metadata.labels);
      assert.equal(values[places.get("spec.nodeName")!], item.object.spec.nodeName);
    }
  }
});

test("a cache that missed a part of the past reads anew, tells indexes what changed and lets watchers go", async () => {
  await using inner = await openMemoryStore();
  await put(inner, pod("kept", "n1"), pod("changed", "n1"), pod("gone", "n1"));
  let forget: () => void = () => {};
  const forgotten = new Promise<void>((resolve) => {
    forget = resolve;
  });
  let watches = 0;
  const store: Store = {
    ...inner,
    async *watch(prefix, after, signal) {
      if (++watches > 1) return yield* inner.watch(prefix, after, signal);
      await forgotten;
      throw new CompactedError(after, after + 1);
    },
  };
  const controller = new AbortController();
  const cache = await openWatchCache(store, [pods], machineClock, controller.signal);
  const table = cache.of(pods);
  const told: string[] = [];
  table.subscribe(({ type, item }) => told.push(`${type} ${item.key.slice(8)}`));
  const from = cache.revision;
  const watched = (async () => {
    for await (const _ of table.watch(from, controller.signal, () => true));
    return "ended";
  })();
  await put(inner, pod("changed", "n2"), pod("new", "n2"));
  const end = (await inner.commit([], [{ delete: key("gone") }])).revision;
  forget();
  await cache.reached(end);
  assert.deepEqual(told.sort(), ["delete gone", "put changed", "put new"]);
  assert.equal(await watched, "ended");
  assert.deepEqual(
    [...table.list()].map((item) => item.key.slice(8)),
    ["changed", "kept", "new"],
  );
  await assert.rejects(async () => {
    for await (const _ of table.watch(from, controller.signal, () => true));
  }, CompactedError);
  controller.abort();
});

test("a question is never answered with what was read before it", async () => {
  let present = 0;
  const waiting: (() => void)[] = [];
  const latest = latestOf(async () => {
    const now = present;
    await new Promise<void>((resolve) => waiting.push(resolve));
    return now;
  });
  const first = latest();
  present = 1;
  const others = [latest(), latest()];
  waiting.shift()!();
  assert.equal(await first, 0);
  await Promise.resolve();
  await Promise.resolve();
  waiting.shift()!();
  assert.deepEqual(await Promise.all(others), [1, 1]);
  assert.equal(waiting.length, 0, "both were answered by one read");
});
