import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { HttpRequest } from "../../base/http.ts";
import type { Disk } from "../../base/world.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { createApiServer } from "../server.ts";
import { legacyLine } from "./event.ts";
import { auditLog, backupName, planRemovals } from "./log.ts";

const maps = "/api/v1/namespaces/default/configmaps";

interface World {
  ask(method: string, url: string, more?: Partial<HttpRequest>): Promise<Record<string, unknown>>;
  /** The events so far. */
  events(): Promise<any[]>;
}

/** A server with this policy that writes to a file. */
function check(what: string, rules: string, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    const folder = await mkdtemp(join(tmpdir(), "audit-"));
    try {
      await using store = await openMemoryStore();
      await using server = await createApiServer({
        store,
        ...machine,
        audit: {
          policy: `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [${rules}]`,
          log: { path: join(folder, "a.log") },
        },
      });
      await body({
        async ask(method, url, more) {
          const user = { username: "boss", groups: ["system:masters"] };
          const { signal } = new AbortController();
          const answer = await server.handler({ method, url, headers: {}, user, signal, ...more });
          return answer.headers;
        },
        async events() {
          const text = await readFile(join(folder, "a.log"), "utf8");
          return text
            .split("\n")
            .filter(Boolean)
            .map((line) => JSON.parse(line));
        },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

const map = { metadata: { name: "a" }, data: { a: "b" } };

check("metadata says who did what, and not what was in it", "{level: Metadata}", async ({ ask, events }) => {
  const headers = await ask("POST", maps, { body: { object: map }, headers: { "user-agent": "me/1" } });
  const [received, complete, ...more] = await events();
  assert.equal(more.length, 0);
  assert.deepEqual([received.stage, complete.stage], ["RequestReceived", "ResponseComplete"]);
  assert.equal(complete.auditID, headers["audit-id"]);
  assert.equal(complete.verb, "create");
  assert.deepEqual(complete.user, { username: "boss", groups: ["system:masters", "system:authenticated"] });
  assert.equal(complete.userAgent, "me/1");
  assert.deepEqual(complete.objectRef, { resource: "configmaps", namespace: "default", apiVersion: "v1" });
  assert.deepEqual(complete.responseStatus, { metadata: {}, code: 201 });
  assert.equal(complete.annotations["authorization.k8s.io/decision"], "allow");
  assert.equal("requestObject" in complete || "responseObject" in complete, false);
});

check(
  "bodies, where they are asked for",
  "{level: RequestResponse, omitManagedFields: true}",
  async ({ ask, events }) => {
    const bytes = new TextEncoder().encode(JSON.stringify(map));
    await ask("POST", maps, { body: bytes, headers: { "content-type": "application/json" } });
    const patch = new TextEncoder().encode('{"data":{"a":"c"}}');
    await ask("PATCH", `${maps}/a`, { body: patch, headers: { "content-type": "application/merge-patch+json" } });
    const [created, patched] = (await events()).filter(({ stage }) => stage === "ResponseComplete");
    assert.deepEqual(created.requestObject.data, { a: "b" });
    assert.equal(created.objectRef.name, "a");
    assert.deepEqual(created.responseObject.data, { a: "b" });
    assert.equal("managedFields" in created.responseObject.metadata, false);
    assert.deepEqual(patched.requestObject, { data: { a: "c" } });
  },
);

check("a body that is recorded is still limited", "{level: Request}", async ({ ask, events }) => {
  await ask("POST", maps, {
    body: (async function* () {
      for (let index = 0; index < 4; index++) yield new Uint8Array(1 << 20);
    })(),
  });
  assert.equal((await events()).at(-1).responseStatus.code, 413);
});

check("a refusal, and why", "{level: Metadata}", async ({ ask, events }) => {
  await ask("GET", maps, { user: { username: "ann", groups: [] } });
  const { annotations, responseStatus } = (await events()).at(-1);
  assert.equal(annotations["authorization.k8s.io/decision"], "forbid");
  assert.equal(responseStatus.code, 403);
  assert.equal(responseStatus.reason, "Forbidden");
});

check("who acts for whom", "{level: Metadata}", async ({ ask, events }) => {
  await ask("GET", maps, { headers: { "impersonate-user": "ann" } });
  const { user, impersonatedUser } = (await events()).at(-1);
  assert.equal(user.username, "boss");
  assert.deepEqual(impersonatedUser, { username: "ann", groups: ["system:authenticated"] });
});

check("the client's id is taken, as far as it is harmless", "{level: Metadata}", async ({ ask }) => {
  assert.equal((await ask("GET", maps, { headers: { "audit-id": "mine" } }))["audit-id"], "mine");
  assert.match(String((await ask("GET", maps, { headers: { "audit-id": "a b" } }))["audit-id"]), /^[0-9a-f-]{36}$/);
  const long = await ask("GET", maps, { headers: { "audit-id": "x".repeat(200) } });
  assert.equal(String(long["audit-id"]).length, 64);
});

check("where a request came from", "{level: Metadata}", async ({ ask, events }) => {
  const headers = { "x-forwarded-for": "10.0.0.1, nonsense\t, 10.0.0.2" };
  await ask("GET", "/version", { headers, remoteAddress: "::ffff:10.0.0.3", signal: AbortSignal.abort() });
  assert.deepEqual((await events()).at(-1).sourceIPs, ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
});

check("nothing where the policy wants nothing", "{level: None, users: [boss]}, {level: Metadata}", async (world) => {
  await world.ask("GET", maps);
  await world.ask("GET", maps, { user: { username: "ann", groups: [] } });
  assert.deepEqual([...new Set((await world.events()).map(({ user }) => user.username))], ["ann"]);
});

test("a log is rotated, and the oldest go", async () => {
  const folder = await mkdtemp(join(tmpdir(), "audit-"));
  const path = join(folder, "a.log");
  const event = { kind: "Event", padding: "x".repeat(400_000) } as any;
  let nowMs = Date.parse("2026-01-02T03:04:05Z");
  const clock = { ...machine.clock, now: () => (nowMs += 1000) };
  const log = auditLog({ path, maxSizeMb: 1, maxBackups: 2 }, machine.disk, clock, assert.fail);
  for (let index = 0; index < 9; index++) await log.write(event);
  const names = (await readdir(folder)).sort();
  await rm(folder, { recursive: true });
  assert.equal(names.length, 3);
  assert.match(names[0]!, /^a-2026-01-02T03-04-\d\d\.\d{3}\.log$/);
});

test("which backups go", () => {
  const now = Date.parse("2026-01-10T00:00:00Z");
  const names = [1, 5, 9].map((day) => backupName("/x/a.log", Date.parse(`2026-01-0${day}T00:00:00Z`)).slice(3));
  assert.deepEqual(planRemovals("/x/a.log", [...names, "a.log", "a-b.log"], { maxAgeDays: 7 }, now), [names[0]]);
  assert.deepEqual(planRemovals("/x/a.log", names, { maxBackups: 1 }, now), [names[1], names[0]]);
  assert.deepEqual(planRemovals("/x/a.log", names, {}, now), []);
});

test("in batch mode nobody waits for the disk, and what is too much is dropped and told", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const disk: Disk = {
    ...machine.disk,
    makeDirectory: () => promise,
    stat: async () => undefined,
    write: async () => {},
  };
  let lost = 0;
  const log = auditLog({ path: "/x/a.log", mode: "batch" }, disk, machine.clock, (_error, events) => {
    lost += events;
  });
  for (let index = 0; index < 10_050; index++) assert.equal(log.write({ kind: "Event" } as any), undefined);
  resolve();
  await log.flush();
  assert.equal(lost, 49);
});

test("the legacy line", () => {
  const line = legacyLine({
    auditID: "i",
    stage: "ResponseComplete",
    verb: "get",
    user: { username: "ann", groups: ["a", "b"] },
    requestURI: "/x",
    requestReceivedTimestamp: "2026-01-02T03:04:05.000000Z",
    responseStatus: { metadata: {}, code: 200 },
  } as any);
  assert.equal(
    line,
    String.raw`2026-01-02T03:04:05.000000Z AUDIT: id="i" stage="ResponseComplete" ip="<unknown>" method="get" user="ann" groups="\"a\",\"b\"" as="<self>" asgroups="<lookup>" user-agent="" namespace="<none>" uri="/x" response="200"`,
  );
});
