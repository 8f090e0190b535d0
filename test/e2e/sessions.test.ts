// The walk through the notes: sessions with the real kubectl and with ours, on a whole cluster.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runSession, runsWith, tools } from "../script/run.ts";
import { parseSession } from "../script/session.ts";
import { testCluster } from "./support.ts";

const cluster = testCluster("sessions", 1);
before(() => cluster.up());
after(() => cluster.remove());

const sessions = join(import.meta.dirname, "..", "script", "cluster");
for (const file of readdirSync(sessions).sort()) {
  for (const tool of tools().filter((each) => runsWith(file, each))) {
    test(`${file} (${tool.name})`, async () => {
      const session = parseSession(readFileSync(join(sessions, file), "utf8"));
      assert.equal((await runSession(session, tool, cluster.kubeconfig)).join("\n"), "");
    });
  }
}
