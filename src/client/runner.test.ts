import assert from "node:assert/strict";
import { test } from "node:test";
import { handClock } from "../../sim/clock.ts";
import { StatusError } from "../api/machinery/status.ts";
import { carryOut } from "./carry_out.ts";
import type { Action } from "./mod.ts";
import { eventRecorder } from "./mod.ts";

const object = (name: string): any => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", uid: name },
});
const create = (name: string): Action => ({ do: "create", resource: "pods", object: object(name) });

/** A client that notes what is asked of it and fails for names that begin with `bad`. */
function noting() {
  const asked: string[] = [];
  const answer =
    (verb: string) =>
    async (resource: string, given: any, ...rest: any[]) => {
      const name = given.metadata?.name ?? given.name;
      asked.push(`${verb} ${resource} ${name}${verb === "patch" ? ` ${JSON.stringify(rest[1])}` : ""}`);
      if (name.startsWith("bad")) throw new StatusError({ code: 500, message: "no" });
      return { ...given, metadata: { ...given.metadata, resourceVersion: "7" } };
    };
  const client: any = Object.fromEntries(["create", "update", "patch", "delete"].map((verb) => [verb, answer(verb)]));
  return { asked, client };
}

test("creates start slowly and stop at the first failure", async () => {
  const { asked, client } = noting();
  const outcome = await carryOut(["bad-1", "b", "c"].map(create), { client, record: () => {} });
  assert.deepEqual(asked, ["create pods bad-1"]);
  assert.equal(outcome.failures.length, 1);
});

test("after a failure statuses still go out, and a failed delete is not waited for", async () => {
  const { asked, client } = noting();
  const actions: Action[] = [
    { do: "delete", resource: "pods", object: object("bad") },
    { do: "update", resource: "pods", object: object("a") },
    { do: "update", resource: "pods", object: object("a"), subresource: "status" },
  ];
  const outcome = await carryOut(actions, { client, record: () => {} });
  assert.deepEqual(asked, ["delete pods bad", "update pods a"]);
  assert.deepEqual(outcome.written, [{ resource: "pods", revision: 7 }]);
});

test("the same event again is counted; a flood about one object is cut off", async () => {
  const { asked, client } = noting();
  const clock = handClock();
  const random = { next: () => 0, bytes: (length: number) => new Uint8Array(length) };
  const record = eventRecorder({ client, clock, random, source: { component: "test" } });
  for (let time = 0; time < 40; time++) record({ object: object("a") }, "Normal", "Again", "and again");
  // Each patch waits for the write before it.
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  assert.match(asked[0]!, /^create events a\.[0-9a-f]{16}$/);
  assert.match(asked.at(-1)!, /"count":25/);
  assert.equal(asked.length, 25);
});
