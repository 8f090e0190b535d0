import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { machineClock, machineDisk } from "../../host/mod.ts";
import type { LogOptions } from "./logs.ts";
import { containerLog } from "./logs.ts";

const line = (text: string, stream = "stdout", tag = "F", second = 0) =>
  `2026-01-01T00:00:0${second}.000000000Z ${stream} ${tag} ${text}\n`;

async function read(path: string, options: Partial<LogOptions>, running = () => false): Promise<string> {
  const world = { disk: machineDisk, clock: machineClock, signal: new AbortController().signal, running };
  let text = "";
  for await (const chunk of containerLog(path, { follow: false, timestamps: false, ...options }, world))
    text += Buffer.from(chunk).toString();
  return text;
}

test("logs are read as they were written", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tn-logs-"));
  try {
    const path = join(directory, "0.log");
    writeFileSync(
      path,
      line("a") + line("b", "stderr", "P", 1) + line("c", "stderr", "F", 2) + line("d", "stdout", "F", 3),
    );
    assert.equal(await read(path, {}), "a\nbc\nd\n");
    assert.equal(await read(path, { tailLines: 1 }), "d\n");
    assert.equal(await read(path, { tailLines: 0 }), "");
    assert.equal(await read(path, { tailLines: 99 }), "a\nbc\nd\n");
    assert.equal(await read(path, { stream: "stderr" }), "bc\n");
    assert.equal(await read(path, { sinceMs: Date.parse("2026-01-01T00:00:02Z") }), "c\nd\n");
    assert.equal(await read(path, { limitBytes: 3 }), "a\nb");
    assert.equal(await read(path, { timestamps: true, tailLines: 1 }), "2026-01-01T00:00:03.000000000Z d\n");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a followed log goes on after a rotation and ends with its container", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tn-logs-"));
  try {
    const path = join(directory, "0.log");
    writeFileSync(path, line("old"));
    let looks = 0;
    // What happens to the file happens between looks, so the test needs no time.
    const running = () => {
      looks++;
      if (looks === 2) appendFileSync(path, line("more"));
      if (looks === 4) {
        renameSync(path, `${path}.1`);
        writeFileSync(path, line("new"));
      }
      return looks < 6;
    };
    assert.equal(await read(path, { follow: true }, running), "old\nmore\nnew\n");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
