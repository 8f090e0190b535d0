import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { machineDisk } from "../host/mod.ts";
import { testStoreContract } from "./contract.ts";
import { openLmdbStore } from "./lmdb.ts";
import type { Store } from "./store.ts";

/** A directory that goes with the store. */
async function openTemporary(): Promise<Store> {
  const directory = mkdtempSync(join(tmpdir(), "store-"));
  const store = await openLmdbStore(directory);
  const close = store[Symbol.asyncDispose].bind(store);
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await close();
      rmSync(directory, { recursive: true });
    },
  };
}

testStoreContract("lmdb", openTemporary);

test("lmdb: everything is there after closing and opening again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "store-"));
  try {
    {
      await using store = await openLmdbStore(directory);
      await store.commit([], [{ put: "/a", value: new Uint8Array([1]) }]);
      await store.commit([], [{ put: "/a", value: new Uint8Array([2]) }]);
      await store.compact(2);
    }
    await using store = await openLmdbStore(directory);
    assert.equal(await store.revision(), 3);
    assert.deepEqual((await store.get("/a")).entry?.value, new Uint8Array([2]));
    assert.deepEqual((await store.get("/a", { revision: 2 })).entry?.value, new Uint8Array([1]));
    await assert.rejects(store.get("/a", { revision: 1 }), /compacted/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("lmdb: a file that is mostly free pages is written anew when it is opened, and nothing is lost", async () => {
  const directory = mkdtempSync(join(tmpdir(), "store-"));
  const size = () => statSync(join(directory, "data.mdb")).size;
  try {
    let revision: number;
    {
      await using store = await openLmdbStore(directory);
      const value = new Uint8Array(1_000);
      for (let round = 0; round < 20; round++) {
        const keys = Array.from({ length: 2_000 }, (_, index) => `/${index}`);
        await store.commit(
          [],
          keys.map((put) => ({ put, value })),
        );
      }
      await store.compact(await store.revision());
      revision = (await store.commit([], [{ put: "/last", value: new Uint8Array([7]) }])).revision;
    }
    const before = size();
    for (let time = 0; time < 2; time++) {
      await using store = await openLmdbStore(directory, machineDisk);
      assert.ok(size() < before / 2, `${size()} of ${before} bytes`);
      assert.equal(await store.revision(), revision);
      assert.equal((await store.range("/")).entries.length, 2_001);
      assert.deepEqual((await store.get("/last")).entry?.value, new Uint8Array([7]));
      revision = (await store.commit([], [{ put: "/0", value: new Uint8Array([1]) }])).revision;
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

/** How often the writer is killed; each time at another moment. */
const killsMax = 12;

test("lmdb: after SIGKILL every acknowledged write is there, nothing half, and revisions never go back", async () => {
  const directory = mkdtempSync(join(tmpdir(), "store-"));
  try {
    /** key → the highest number acknowledged and the highest sent. */
    const acknowledged = new Map<string, number>();
    const sent = new Map<string, number>();
    let revisionMax = 1;
    for (let kill = 0; kill < killsMax; kill++) {
      await new Promise<void>((resolve, reject) => {
        const writer = fork(join(import.meta.dirname, "crash_writer.ts"), [directory], {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
        });
        let acks = 0;
        const dieAfter = 1 + ((kill * 97) % 400);
        writer.on("message", ([kind, key, number, revision]: ["sent" | "ack", string, number, number]) => {
          if (kind === "sent") sent.set(key, number);
          else {
            acknowledged.set(key, number);
            assert.ok(revision > 0);
            revisionMax = Math.max(revisionMax, revision);
            if (++acks === dieAfter) writer.kill("SIGKILL");
          }
        });
        writer.once("error", reject);
        // "close" comes after the last message.
        writer.once("close", () => resolve());
      });
      await using store = await openLmdbStore(directory);
      assert.ok((await store.revision()) >= revisionMax, "the revision went back");
      const { entries } = await store.range("/");
      const there = new Map(entries.map(({ key, value }) => [key, Number(new TextDecoder().decode(value))]));
      for (const [key, number] of acknowledged)
        assert.ok((there.get(key) ?? -1) >= number, `${key}=${number} was acknowledged, found ${there.get(key)}`);
      // Pairs are written in one commit: both or none.
      for (const [key, number] of there) {
        if (key.endsWith("/left")) assert.equal(there.get(key.replace("/left", "/right")), number);
        assert.ok(number <= (sent.get(key.replace(/\/right$/, "/left")) ?? -1), `${key}=${number} was never sent`);
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
