import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps } from "../../api/core/configmap.ts";
import { machineClock } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { openWatchCache } from "./cache.ts";

const bytes = (text: string) => [...new TextEncoder().encode(text)];

/** A field of a message that has a length. */
const field = (number: number, content: number[]) => [(number << 3) | 2, content.length, ...content];

test("what a real API server has stored as protobuf is read", async () => {
  await using store = await openMemoryStore();
  const metadata = [...field(1, bytes("a")), ...field(3, bytes("default")), ...field(5, bytes("u-1"))];
  const data = [...field(1, bytes("color")), ...field(2, bytes("red"))];
  const raw = [...field(1, metadata), ...field(2, data)];
  const type = [...field(1, bytes("v1")), ...field(2, bytes("ConfigMap"))];
  const value = new Uint8Array([...bytes("k8s\0"), ...field(1, type), ...field(2, raw)]);
  await store.commit([], [{ put: "/registry/configmaps/default/a", value }]);
  const abort = new AbortController();
  const cache = await openWatchCache(store, [configMaps], machineClock, abort.signal);
  const item = cache.of(configMaps).get("default/a")!;
  abort.abort();
  const { kind, apiVersion, metadata: read, data: colors } = item.object;
  assert.deepEqual(
    [kind, apiVersion, read.uid, read.resourceVersion, colors],
    ["ConfigMap", "v1", "u-1", "2", { color: "red" }],
  );
  assert.equal(new TextDecoder().decode(item.bytes()), JSON.stringify(item.object));
});
