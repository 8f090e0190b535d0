import assert from "node:assert/strict";
import { test } from "node:test";
import { CompactedError, FutureRevisionError, type Store, type StoreEvent } from "./store.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => value && new TextDecoder().decode(value);

async function put(store: Store, key: string, value: string): Promise<number> {
  const result = await store.commit([], [{ put: key, value: bytes(value) }]);
  assert.ok(result.ok);
  return result.revision;
}

/** `a=1 b=2`: what a range shows. */
async function show(store: Store, prefix: string, options = {}): Promise<string> {
  const { entries } = await store.range(prefix, options);
  return entries.map((entry) => `${entry.key}=${text(entry.value)}`).join(" ");
}

/** `+a=1 -b=2(1)`: what happened, the previous value in brackets. */
function showEvent(event: StoreEvent): string {
  const previous = event.previous ? `(${text(event.previous.value)})` : "";
  return `${event.type === "put" ? "+" : "-"}${event.key}=${text(event.entry.value)}${previous}@${event.revision}`;
}

/** Collects events until a batch tells that `upTo` is reached. */
async function collect(store: Store, prefix: string, after: number, upTo: number): Promise<string> {
  const abort = new AbortController();
  const seen: string[] = [];
  for await (const batch of store.watch(prefix, after, abort.signal)) {
    seen.push(...batch.events.map(showEvent));
    if (batch.revision >= upTo) break;
  }
  return seen.join(" ");
}

type Check = (what: string, body: (store: Store) => Promise<void>) => void;

/** The behaviour that every store engine must have. `make` opens an empty store. */
export function testStoreContract(name: string, make: () => Promise<Store>): void {
  const check: Check = (what, body) =>
    test(`${name}: ${what}`, async () => {
      await using store = await make();
      await body(store);
    });
  testCommits(check);
  testReads(check);
  testWatches(check);
}

function testCommits(check: Check): void {
  check("a new store is at revision 1", async (store) => {
    assert.equal(await store.revision(), 1);
  });

  check("keeps values with the revisions that made and last wrote them", async (store) => {
    const first = await put(store, "/a", "1");
    const second = await put(store, "/a", "2");
    const { entry } = await store.get("/a");
    assert.equal(text(entry?.value), "2");
    assert.deepEqual([entry?.createRevision, entry?.modRevision], [first, second]);
    assert.equal((await store.get("/b")).entry, undefined);
  });

  check("applies a commit whole, as one revision", async (store) => {
    await put(store, "/old", "x");
    const result = await store.commit(
      [],
      [{ put: "/a", value: bytes("1") }, { put: "/b", value: bytes("2") }, { delete: "/old" }],
    );
    assert.deepEqual(result, { ok: true, revision: 3 });
    assert.equal(await show(store, "/"), "/a=1 /b=2");
  });

  check("refuses a commit whose precondition does not hold, and writes nothing of it", async (store) => {
    const revision = await put(store, "/a", "1");
    const wrong = await store.commit([{ key: "/a", revision: revision + 7 }], [{ put: "/b", value: bytes("2") }]);
    assert.equal(wrong.ok, false);
    assert.equal(!wrong.ok && text(wrong.current?.value), "1");
    const taken = await store.commit([{ key: "/a", revision: 0 }], [{ put: "/a", value: bytes("2") }]);
    assert.equal(taken.ok, false);
    assert.equal(await show(store, "/"), "/a=1");
    assert.equal(await store.revision(), revision);
  });

  check("lets exactly one of many rival commits win", async (store) => {
    const revision = await put(store, "/a", "0");
    const rivals = Array.from({ length: 20 }, (_, index) =>
      store.commit([{ key: "/a", revision }], [{ put: "/a", value: bytes(`${index + 1}`) }]),
    );
    const results = await Promise.all(rivals);
    assert.equal(results.filter((result) => result.ok).length, 1);
    assert.equal(await show(store, "/a"), `/a=${results.findIndex((result) => result.ok) + 1}`);
  });

  check("makes no revision for a commit that changes nothing", async (store) => {
    assert.deepEqual(await store.commit([], [{ delete: "/none" }]), { ok: true, revision: 1 });
  });
}

function testReads(check: Check): void {
  check("ranges by prefix in order, with limit and continuation", async (store) => {
    for (const key of ["/p/b", "/p/a", "/q/a", "/p/c", "/pp"]) await put(store, key, "x");
    assert.equal(await show(store, "/p/"), "/p/a=x /p/b=x /p/c=x");
    const page = await store.range("/p/", { limit: 2 });
    assert.deepEqual([page.entries.map((entry) => entry.key), page.remaining], [["/p/a", "/p/b"], 1]);
    assert.equal(await show(store, "/p/", { startAfter: "/p/b" }), "/p/c=x");
  });

  check("answers for the past until it is compacted", async (store) => {
    const then = await put(store, "/a", "1");
    await put(store, "/a", "2");
    await put(store, "/b", "1");
    const later = (await store.commit([], [{ delete: "/a" }])).revision;
    assert.equal(await show(store, "/", { revision: then }), "/a=1");
    assert.equal(await show(store, "/", { revision: later - 1 }), "/a=2 /b=1");
    assert.equal(text((await store.get("/a", { revision: then })).entry?.value), "1");
    await store.compact(later - 1);
    assert.equal(await show(store, "/", { revision: later - 1 }), "/a=2 /b=1");
    assert.equal(await show(store, "/"), "/b=1");
    await assert.rejects(store.range("/", { revision: then }), CompactedError);
    await assert.rejects(store.get("/a", { revision: then }), CompactedError);
    await assert.rejects(collect(store, "/", then, later), CompactedError);
  });

  check("knows the future from the past", async (store) => {
    await assert.rejects(store.range("/", { revision: 99 }), FutureRevisionError);
    await assert.rejects(store.compact(99), FutureRevisionError);
  });
}

function testWatches(check: Check): void {
  check("a watch tells every change after a revision once, in order, with what was before", async (store) => {
    const start = await put(store, "/w/a", "1");
    await put(store, "/w/a", "2");
    await put(store, "/other", "x");
    const end = store.commit([], [{ delete: "/w/a" }, { put: "/w/b", value: bytes("1") }]);
    assert.equal(await collect(store, "/w/", start, 5), "+/w/a=2(1)@3 -/w/a=2(2)@5 +/w/b=1@5");
    await end;
  });

  check("a watch goes on with what comes, across many commits at once", async (store) => {
    const watched = collect(store, "/w/", 1, 101);
    await Promise.all(Array.from({ length: 100 }, (_, index) => put(store, `/w/${index}`, "x")));
    assert.equal((await watched).split(" ").length, 100);
  });

  check("a watch ends when its signal is aborted", async (store) => {
    const abort = new AbortController();
    const ended = (async () => {
      for await (const _ of store.watch("/", 1, abort.signal));
    })();
    abort.abort();
    await ended;
  });

  check("a snapshot stands still while others write", async (store) => {
    await put(store, "/a", "1");
    const { revision, entries } = await store.snapshot();
    await put(store, "/b", "2");
    await put(store, "/a", "3");
    const then: string[] = [];
    for await (const { key, value } of entries) then.push(`${key}=${text(value)}`);
    assert.deepEqual([revision, then], [2, ["/a=1"]]);
  });

  check("a snapshot may be of one prefix", async (store) => {
    for (const key of ["/p/b", "/p/a", "/q/a", "/pp"]) await put(store, key, "x");
    const { entries } = await store.snapshot("/p/");
    const keys: string[] = [];
    for await (const entry of entries) keys.push(entry.key);
    assert.deepEqual(keys, ["/p/a", "/p/b"]);
  });
}
