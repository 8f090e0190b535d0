import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvent } from "./events.ts";

const text = (field: number, value: string) => [(field << 3) | 2, value.length, ...Buffer.from(value)];
const envelope = (name: string, bytes: number[]) => ({
  topic: "",
  event: { typeUrl: `containerd.events.${name}`, value: Uint8Array.from(bytes) },
});

test("containerd's events are read", () => {
  const check = (name: string, bytes: number[], want: object | undefined) =>
    assert.deepEqual(decodeEvent(envelope(name, bytes)), want);
  // exited_at: 100 s and 5,000,000 ns; exit_status: 137.
  const time = [0x2a, 7, 0x08, 100, 0x10, 0xc0, 0x96, 0xb1, 0x02];
  check("TaskExit", [...text(1, "abc"), ...text(2, "abc"), 0x18, 9, 0x20, 0x89, 0x01, ...time], {
    type: "exited",
    id: "abc",
    exitCode: 137,
    atMs: 100_005,
  });
  check("TaskExit", [...text(1, "abc"), ...text(2, "exec1"), 0x20, 0], undefined);
  check("TaskOOM", text(1, "abc"), { type: "oom", id: "abc" });
  check("TaskStart", [...text(1, "abc"), 0x10, 5], { type: "started", id: "abc" });
  check("ImageCreate", text(1, "abc"), undefined);
});
