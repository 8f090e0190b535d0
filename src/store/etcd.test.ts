import assert from "node:assert/strict";
import { test } from "node:test";
import { type EtcdTls, startEtcd } from "../../tools/etcd.ts";
import type { TlsIdentity } from "../base/http.ts";
import { createAuthority, issueCertificate } from "../cluster/certificates.ts";
import { machineClock, rpcClient } from "../host/mod.ts";
import { testStoreContract } from "./contract.ts";
import { openEtcdStore } from "./etcd.ts";
import { etcdProto } from "./etcd_proto.ts";
import type { Store } from "./store.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

interface Access {
  ca?: string;
  identity?: TlsIdentity;
  prefix?: { ours: string; theirs: string };
}

function open(endpoints: readonly string[], { ca, identity, prefix }: Access = {}): Store {
  const credentials = ca === undefined ? undefined : { ca, certificate: identity?.certificate, key: identity?.key };
  const members = endpoints.map((endpoint) => ({
    endpoint,
    rpc: rpcClient({ target: endpoint, protos: [etcdProto], credentials }),
  }));
  return openEtcdStore({ members, clock: machineClock, prefix });
}

async function putAll(store: Store, ...keys: string[]): Promise<number> {
  let revision = 0;
  for (const key of keys) revision = (await store.commit([], [{ put: key, value: bytes(key) }])).revision;
  return revision;
}

/**
 * A write by somebody who tries again: while members come, go and elect, its outcome may be unknown, more than once if a
 * member sends it on to a leader that is gone.
 */
async function putAgain(store: Store, key: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await putAll(store, key);
      return;
    } catch (error) {
      assert.match(String(error), /whether the write was done is not known/);
      assert.ok(tries < 6, String(error));
    }
  }
}

async function keysOf(store: Store, prefix: string): Promise<string[]> {
  return (await store.range(prefix)).entries.map(({ key }) => key);
}

/** Keys of the events after a revision until one was seen. */
async function watched(store: Store, after: number, last: string): Promise<string[]> {
  const seen: string[] = [];
  for await (const { events } of store.watch("/", after, new AbortController().signal)) {
    seen.push(...events.map(({ key }) => key));
    if (seen.includes(last)) break;
  }
  return seen;
}

testStoreContract("etcd", async () => {
  const etcd = await startEtcd();
  const store = open(etcd.endpoints);
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await etcd[Symbol.asyncDispose]();
    },
  };
});

test("etcd: over TLS, only with a certificate of its authority", async () => {
  const [authority, other] = await Promise.all([createAuthority("etcd", Date.now()), createAuthority("x", Date.now())]);
  const issue = (from: TlsIdentity, commonName: string) =>
    issueCertificate(from, { commonName, names: ["127.0.0.1"] }, Date.now());
  const tls: EtcdTls = { ca: authority.certificate, server: await issue(authority, "etcd server") };
  await using etcd = await startEtcd({ tls });
  const ca = authority.certificate;
  {
    await using store = open(etcd.endpoints, { ca, identity: await issue(authority, "apiserver") });
    await putAll(store, "/a");
    assert.deepEqual(await keysOf(store, "/"), ["/a"]);
  }
  const stranger = await issue(other, "apiserver");
  for (const access of [{ ca }, { ca, identity: stranger }, { ca: other.certificate, identity: stranger }]) {
    await using store = open(etcd.endpoints, access);
    await assert.rejects(store.revision(), /^Error: etcd 127\.0\.0\.1:/);
  }
});

test("etcd: keys lie below another prefix where that is wanted, and others' keys are not seen", async () => {
  await using etcd = await startEtcd();
  await using all = open(etcd.endpoints);
  await using store = open(etcd.endpoints, { prefix: { ours: "/registry/", theirs: "/prod/x/" } });
  await putAll(store, "/registry/a", "/registry/b");
  await putAll(all, "/registry/other");
  assert.deepEqual(await keysOf(all, "/"), ["/prod/x/a", "/prod/x/b", "/registry/other"]);
  assert.deepEqual(await keysOf(store, "/registry/"), ["/registry/a", "/registry/b"]);
});

test("etcd: ranges longer than a page are whole and of one revision", async () => {
  await using etcd = await startEtcd();
  await using store = open(etcd.endpoints);
  const keys = Array.from({ length: 1_300 }, (_, index) => `/p/${String(index).padStart(5, "0")}`);
  for (let at = 0; at < keys.length; at += 100) {
    const operations = keys.slice(at, at + 100).map((put) => ({ put, value: bytes("x") }));
    await store.commit([], operations);
  }
  assert.deepEqual(await keysOf(store, "/p/"), keys);
  const part = await store.range("/p/", { limit: 700, startAfter: keys[99] });
  assert.deepEqual([part.entries.length, part.entries[0]?.key, part.remaining], [700, keys[100], 500]);
  const { entries } = await store.snapshot("/p/");
  await store.commit([], [{ put: "/p/later", value: bytes("x") }]);
  let count = 0;
  for await (const _ of entries) count++;
  assert.equal(count, 1_300);
  const many = Array.from({ length: 129 }, (_, index) => ({ put: `/q/${index}`, value: bytes("x") }));
  await assert.rejects(store.commit([], many), /commit of 129 operations: etcd takes at most 128/);
});

test("etcd: a watch goes on without a gap when etcd goes away and comes back", async () => {
  await using etcd = await startEtcd();
  await using store = open(etcd.endpoints);
  const before = await putAll(store, "/a");
  const seen = watched(store, before, "/e");
  await putAll(store, "/b", "/c");
  await etcd.stop(0);
  const late = putAgain(store, "/d");
  await etcd.start(0);
  await late;
  await putAll(store, "/e");
  assert.deepEqual([...new Set(await seen)], ["/b", "/c", "/d", "/e"]);
});

test("etcd: another member answers when one is gone", async () => {
  await using etcd = await startEtcd({ members: 3 });
  await using store = open(etcd.endpoints);
  await putAgain(store, "/a");
  const before = await store.revision();
  const seen = watched(store, before, "/d");
  await putAgain(store, "/b");
  await etcd.stop(0);
  for (const key of ["/c", "/d"]) await putAgain(store, key);
  assert.deepEqual([...new Set(await seen)], ["/b", "/c", "/d"]);
  assert.deepEqual(await keysOf(store, "/"), ["/a", "/b", "/c", "/d"]);
});
