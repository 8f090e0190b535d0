import assert from "node:assert/strict";
import { test } from "node:test";
import { handClock } from "../../../sim/clock.ts";
import { podInfoOf } from "../cache/nodes.ts";
import { plugins } from "../registry.ts";
import { schedulingQueue } from "./queue.ts";

function setup() {
  const clock = handClock();
  const gated: string[] = [];
  const queue = schedulingQueue({ clock, plugins, gated: (_, reason) => gated.push(reason) });
  const add = (name: string, spec: any = {}, generation = 1) =>
    queue.set(
      podInfoOf({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, uid: name, generation } as any,
        spec: { containers: [], ...spec },
      }),
    );
  const take = async () => {
    const next = queue.take();
    const none = Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => undefined);
    return Promise.race([next, none]);
  };
  return { clock, gated, queue, add, take };
}

test("priority first, then order of arrival", async () => {
  const { add, take } = setup();
  add("a");
  add("b", { priority: 10 });
  add("c");
  assert.deepEqual([(await take())!.info.uid, (await take())!.info.uid, (await take())!.info.uid], ["b", "a", "c"]);
});

test("a pod that failed waits for an event that helps, and for its back-off", async () => {
  const { clock, queue, add, take } = setup();
  add("a");
  const waiting = (await take())!;
  queue.failed(waiting, new Set(["NodeResourcesFit"]));
  const node: any = {};
  queue.tell({ type: "nodeChanged", node, changed: new Set(["labels"]) });
  clock.advance(2_000);
  assert.equal(waiting.state, "unschedulable");
  queue.tell({ type: "podLeft" });
  assert.equal((await take())?.info.uid, "a");
  queue.failed(waiting, new Set(["NodeResourcesFit"]));
  queue.tell({ type: "podLeft" });
  assert.equal(waiting.state, "backoff");
  clock.advance(2_000);
  assert.equal(waiting.state, "active");
});

test("leftovers come back after five minutes", async () => {
  const { clock, queue, add, take } = setup();
  add("a");
  const waiting = (await take())!;
  queue.failed(waiting, new Set(["NodeName"]));
  clock.advance(299_000);
  assert.equal(waiting.state, "unschedulable");
  clock.advance(1_000);
  assert.equal(waiting.state, "active");
});

test("gated pods wait for their last gate", async () => {
  const { gated, add, take } = setup();
  add("a", { schedulingGates: [{ name: "g" }] });
  assert.deepEqual(gated, ["Scheduling is blocked due to non-empty scheduling gates"]);
  add("a", {}, 2);
  assert.equal((await take())?.info.uid, "a");
});

test("what was removed does not come up", async () => {
  const { queue, add, take } = setup();
  add("a");
  queue.remove("a");
  add("b");
  assert.equal((await take())?.info.uid, "b");
});
