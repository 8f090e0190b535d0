import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { ask, masters } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";

const maps = "/api/v1/namespaces/default/configmaps";

/** What a request with such a query is told: a code, and the message if it is refused. */
function check(method: string, path: string, wanted: string, body?: object): void {
  test(`${method} ${path} ${body ? JSON.stringify(body) : ""}`, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    await ask(server, { path: maps, body: { metadata: { name: "x" } }, user: masters });
    const answer = await ask(server, { method, path, body, user: masters });
    const { message } = answer.body;
    assert.equal(message === undefined ? `${answer.code}` : `${answer.code} ${message}`, wanted);
  });
}

const dry = 'dryRun: Unsupported value: ["x"]: supported values: "All"';
const propagation =
  'propagationPolicy: Unsupported value: "X": supported values: "Foreground", "Background", "Orphan", "nil"';
const created = { metadata: { name: "y" } };
check("POST", `${maps}?dryRun=All`, "201", created);
check("POST", `${maps}?dryRun=x`, `422 CreateOptions.meta.k8s.io "" is invalid: ${dry}`, created);
check(
  "PUT",
  `${maps}/x?dryRun=x&fieldValidation=y`,
  `422 UpdateOptions.meta.k8s.io "" is invalid: [${dry}, fieldValidation: Unsupported value: "y": supported values: "", "Ignore", "Strict", "Warn"]`,
  created,
);
check("GET", `${maps}/x?dryRun=x`, "200");
check("DELETE", `${maps}/x?dryRun=x`, `422 DeleteOptions.meta.k8s.io "" is invalid: ${dry}`);
check("DELETE", `${maps}/x`, `422 DeleteOptions.meta.k8s.io "" is invalid: [${propagation}, ${dry}]`, {
  propagationPolicy: "X",
  dryRun: ["x"],
});
