import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpAnswer } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore, type Store } from "../../store/mod.ts";
import { createApiServer } from "../server.ts";

const flows = "/apis/flowcontrol.apiserver.k8s.io/v1";

interface World {
  /** Asks as a user of no groups but those given. */
  ask(user: string, method: string, url: string, body?: object, signal?: AbortSignal): Promise<HttpAnswer>;
  /** From now on writes to the store wait; gives what lets them go on. */
  hold(): () => void;
  /** Runs every timer up to so many milliseconds from now. */
  pass(ms: number): void;
  text(answer: HttpAnswer): string;
}

/** A server with few seats, whose store and clock are ours to stop. */
function check(what: string, seats: number, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    await using memory = await openMemoryStore();
    let gate: Promise<void> | undefined;
    const store: Store = {
      shared: memory.shared,
      revision: () => memory.revision(),
      get: (key, options) => memory.get(key, options),
      range: (prefix, options) => memory.range(prefix, options),
      async commit(preconditions, operations) {
        await gate;
        return memory.commit(preconditions, operations);
      },
      watch: (prefix, after, signal) => memory.watch(prefix, after, signal),
      compact: (revision) => memory.compact(revision),
      snapshot: () => memory.snapshot(),
      async [Symbol.asyncDispose]() {},
    };
    const { clock, pass } = ownClock();
    await using server = await createApiServer({
      store,
      ...machine,
      clock,
      authorizationModes: ["AlwaysAllow"],
      flowControl: { requestsMax: seats, mutatingRequestsMax: 0 },
    });
    await body({
      ask: (username, method, url, object, signal = new AbortController().signal) =>
        server.handler({
          method,
          url,
          headers: {},
          signal,
          user: { username, groups: username === "root" ? ["system:masters"] : ["system:authenticated"] },
          ...(object ? { body: { object } } : {}),
        }),
      hold() {
        const { promise, resolve } = Promise.withResolvers<void>();
        gate = promise;
        return () => {
          gate = undefined;
          resolve();
        };
      },
      pass,
      text: ({ body: content }) => new TextDecoder().decode(content as Uint8Array),
    });
  });
}

function ownClock(): { clock: Clock; pass(ms: number): void } {
  let nowMs = 1_800_000_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  const after = (ms: number, run: () => void): Disposable => {
    const timer = { at: nowMs + ms, run };
    timers.add(timer);
    return { [Symbol.dispose]: () => void timers.delete(timer) };
  };
  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = after(ms, resolve);
        signal?.addEventListener("abort", () => {
          timer[Symbol.dispose]();
          reject(signal.reason);
        });
      }),
  };
  const pass = (ms: number) => {
    nowMs += ms;
    for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > nowMs || !timers.delete(timer)) continue;
      timer.run();
    }
  };
  return { clock, pass };
}

const map = (name: string) => ({ metadata: { name }, data: {} });
const maps = "/api/v1/namespaces/default/configmaps";

/** Everybody who has been woken has had a turn. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

check("answers name the schema and the level", 100, async ({ ask }) => {
  const answer = await ask("ann", "GET", maps);
  const uidOf = async (path: string) => ((await ask("root", "GET", path)).body as any).object.metadata.uid;
  assert.equal(answer.headers["x-kubernetes-pf-flowschema-uid"], await uidOf(`${flows}/flowschemas/global-default`));
  const level = await uidOf(`${flows}/prioritylevelconfigurations/global-default`);
  assert.equal(answer.headers["x-kubernetes-pf-prioritylevel-uid"], level);
});

check("who finds no seat waits, and runs when there is one", 1, async ({ ask, hold }) => {
  const release = hold();
  const first = ask("ann", "POST", maps, map("a"));
  const second = ask("bob", "GET", maps);
  let done = false;
  void second.then(() => {
    done = true;
  });
  await settled();
  assert.equal(done, false, "the second ran beside the first");
  release();
  assert.equal((await first).status, 201);
  assert.equal((await second).status, 200);
});

check("whoever is exempt never waits", 1, async ({ ask, hold }) => {
  const release = hold();
  const first = ask("ann", "POST", maps, map("a"));
  assert.equal((await ask("root", "GET", maps)).status, 200);
  release();
  await first;
});

check(
  "a quarter of the time that a request has is spent waiting, and no more",
  1,
  async ({ ask, hold, pass, text }) => {
    const release = hold();
    const first = ask("ann", "POST", maps, map("a"));
    const second = ask("bob", "GET", `${maps}?timeout=20s`);
    await settled();
    pass(4_999);
    await settled();
    pass(1);
    const refused = await second;
    assert.equal(refused.status, 429);
    assert.equal(refused.headers["retry-after"], "1");
    assert.equal(text(refused), "Too many requests, please try again later.\n");
    assert.ok(refused.headers["x-kubernetes-pf-prioritylevel-uid"]);
    release();
    await first;
  },
);

check("a client that goes away leaves the queue", 1, async ({ ask, hold }) => {
  const release = hold();
  const first = ask("ann", "POST", maps, map("a"));
  const abort = new AbortController();
  const second = ask("bob", "GET", maps, undefined, abort.signal);
  await settled();
  abort.abort();
  assert.equal((await second).status, 429);
  release();
  await first;
  assert.equal((await ask("bob", "GET", maps)).status, 200);
});

check("a level without queues refuses at once; watches and streams hold no seat", 1, async ({ ask, hold }) => {
  const level = { type: "Limited", limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } } };
  await ask("root", "POST", `${flows}/prioritylevelconfigurations`, { metadata: { name: "few" }, spec: level });
  const subjects = [{ kind: "User", user: { name: "ann" } }];
  const everything = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true }];
  const spec = {
    priorityLevelConfiguration: { name: "few" },
    matchingPrecedence: 50,
    rules: [{ subjects, resourceRules: everything }],
  };
  await ask("root", "POST", `${flows}/flowschemas`, { metadata: { name: "few" }, spec });
  for (let index = 0; index < 5; index++)
    assert.equal((await ask("ann", "GET", `${maps}?watch=1`)).status, 200, "a watch keeps its seat");
  const release = hold();
  const first = ask("ann", "POST", maps, map("a"));
  await settled();
  assert.equal((await ask("ann", "GET", maps)).status, 429);
  assert.equal((await ask("bob", "GET", "/version")).status, 200);
  assert.notEqual((await ask("ann", "GET", "/api/v1/namespaces/default/pods/p/log")).status, 429);
  release();
  assert.equal((await first).status, 201);
  // A level that goes takes its schemas' clients to the next ones.
  await ask("root", "DELETE", `${flows}/prioritylevelconfigurations/few`);
  assert.equal((await ask("ann", "GET", maps)).status, 200);
});

check("flow schemas say whether their level is there", 100, async ({ ask }) => {
  const spec = { priorityLevelConfiguration: { name: "later" } };
  await ask("root", "POST", `${flows}/flowschemas`, { metadata: { name: "mine" }, spec });
  const condition = async () => {
    for (let tries = 0; tries < 100; tries++) {
      const { status } = ((await ask("root", "GET", `${flows}/flowschemas/mine`)).body as any).object;
      if (status?.conditions) return status.conditions[0];
      await settled();
    }
  };
  const { type, status, reason, message } = await condition();
  assert.deepEqual({ type, status, reason }, { type: "Dangling", status: "True", reason: "NotFound" });
  assert.match(message, /"later" but there is no such object$/);
});

check("the mandatory objects come back", 100, async ({ ask, pass }) => {
  for (const path of [`${flows}/flowschemas/catch-all`, `${flows}/prioritylevelconfigurations/exempt`]) {
    await ask("root", "DELETE", path);
    assert.equal((await ask("root", "GET", path)).status, 404);
    pass(60_000);
    for (let tries = 0; tries < 100 && (await ask("root", "GET", path)).status === 404; tries++) await settled();
    assert.equal((await ask("root", "GET", path)).status, 200, path);
  }
});
