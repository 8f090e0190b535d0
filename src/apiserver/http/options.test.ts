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

const overflow = (text: string): string => `400 strconv.ParseInt: parsing "${text}": value out of range`;
check("GET", `${maps}?limit=9223372036854775807`, "200");
check("GET", `${maps}?limit=9223372036854775808`, overflow("9223372036854775808"));
check("GET", `${maps}?timeoutSeconds=-9223372036854775809`, overflow("-9223372036854775809"));
check("DELETE", `${maps}/x?gracePeriodSeconds=99999999999999999999`, overflow("99999999999999999999"));

/** How many of two objects a list shows, and whether it says that there are more. */
function checkPage(path: string, body: object, query: string, wanted: string): void {
  test(`GET ${path}?${query}`, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    for (const name of ["a", "b"]) {
      const answer = await ask(server, { path, body: { ...body, metadata: { name } }, user: masters });
      assert.equal(answer.code, 201);
    }
    const { items, metadata } = (await ask(server, { path: `${path}?${query}`, user: masters })).body;
    assert.equal(`${items.length}${metadata.continue ? " and more" : ""}`, wanted);
  });
}

checkPage(maps, {}, "limit=1", "1 and more");
checkPage(maps, {}, "limit=1&resourceVersion=0", "2");
checkPage(maps, {}, "limit=1&resourceVersion=0&resourceVersionMatch=NotOlderThan", "2");
const about = { involvedObject: { namespace: "default" } };
checkPage("/api/v1/namespaces/default/events", about, "limit=1&resourceVersion=0", "1 and more");
