import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { ask, masters } from "../auth/world.ts";
import { createApiServer } from "../server.ts";
import { counter, exposition, gauge, histogram } from "./metrics.ts";

test("the text format: help, type, labels with their escapes, buckets that add up", () => {
  const requests = counter("a_total", "Of a.", ["x", "y"]);
  requests.add(["1", 'q"\\\n']);
  requests.of(["1", 'q"\\\n']).add(2);
  const size = gauge("b", "Of b.");
  size.set([], 3);
  const seconds = histogram("c", "Of c.", ["x"], [1, 2]);
  for (const value of [0.5, 1, 1.5, 9]) seconds.observe(["1"], value);
  const empty = counter("d_total", "Of d.");
  empty.of([]);
  assert.deepEqual(exposition([requests, size, seconds, empty]).split("\n"), [
    "# HELP a_total Of a.",
    "# TYPE a_total counter",
    String.raw`a_total{x="1",y="q\"\\\n"} 3`,
    "# HELP b Of b.",
    "# TYPE b gauge",
    "b 3",
    "# HELP c Of c.",
    "# TYPE c histogram",
    'c_bucket{x="1",le="1"} 2',
    'c_bucket{x="1",le="2"} 3',
    'c_bucket{x="1",le="+Inf"} 4',
    'c_sum{x="1"} 12',
    'c_count{x="1"} 4',
    "",
  ]);
});

test("a client cannot fill the memory with labels", () => {
  const family = counter("a_total", "", ["x"]);
  for (let index = 0; index < 30_000; index++) family.add([String(index)]);
  assert.equal([...family.lines()].length, 20_000);
});

async function metricsOf(
  body: (server: Awaited<ReturnType<typeof createApiServer>>) => Promise<void>,
): Promise<string> {
  await using store = await openMemoryStore();
  await using server = await createApiServer({ store, ...machine });
  await body(server);
  const { body: text } = await ask(server, { path: "/metrics", user: masters });
  return new TextDecoder().decode(text);
}

test("requests are counted under Kubernetes' names; names that clients make up are not", async () => {
  const maps = "/api/v1/namespaces/default/configmaps";
  const text = await metricsOf(async (server) => {
    await ask(server, { path: maps, body: { metadata: { name: "a" } }, user: masters });
    await ask(server, { path: `${maps}?dryRun=All`, body: { metadata: { name: "b" } }, user: masters });
    await ask(server, { path: "/api/v1/namespaces/default/madeup", user: masters });
    await ask(server, { method: "MADEUP", path: "/made/up", user: masters });
    await ask(server, { method: "MADEUP", path: maps, user: masters });
    await ask(server, { path: `${maps}/a/madeup`, user: masters });
    await ask(server, { path: maps, user: { username: "ann", groups: [] } });
  });
  const where = 'group="",version="v1",resource="configmaps",subresource=""';
  const made = (dry: string) => `apiserver_request_total{verb="CREATE",dry_run="${dry}",${where},scope="resource"`;
  assert.ok(text.includes(`${made("")},component="apiserver",code="201"} 1\n`));
  assert.ok(text.includes(`${made("All")},component="apiserver",code="201"} 1\n`));
  assert.ok(text.includes(`verb="LIST",dry_run="",${where},scope="namespace",component="apiserver",code="403"} 1\n`));
  assert.equal(/madeup/i.test(text), false);
  assert.match(text, /^authorization_attempts_total\{result="denied"\} 1$/m);
  // One more than was made here: the server notes in one since when it follows old tokens.
  assert.match(text, /^apiserver_storage_objects\{resource="configmaps"\} 2$/m);
  assert.match(text, /^apiserver_flowcontrol_nominal_limit_seats\{priority_level="workload-low"\} 245$/m);
  assert.match(text, /^etcd_request_duration_seconds_count\{operation="create",type="configmaps"\} 2$/m);
  assert.match(
    text,
    /^apiserver_admission_controller_admission_duration_seconds_count\{name="NamespaceLifecycle",operation="CREATE",rejected="false",type="validate"\} \d/m,
  );
  assert.match(text, /^process_resident_memory_bytes \d{7,}$/m);
});

test("what lasts is counted while it lasts", async () => {
  const abort = new AbortController();
  const text = await metricsOf(async ({ handler }) => {
    const url = "/api/v1/namespaces?watch=1";
    const answer = await handler({ method: "GET", url, headers: {}, user: masters, signal: abort.signal });
    assert.equal(answer.status, 200);
  });
  abort.abort();
  const series = 'verb="WATCH",group="",version="v1",resource="namespaces",subresource="",scope="cluster"';
  assert.ok(text.includes(`apiserver_longrunning_requests{${series},component="apiserver"} 1\n`));
});

test("metrics, dumps and flags are for those who may see them", async () => {
  await metricsOf(async (server) => {
    const paths = ["/metrics", "/metrics/slis", "/debug/api_priority_and_fairness/dump_requests", "/flagz", "/statusz"];
    for (const path of paths) {
      assert.equal((await ask(server, { path })).code, 403, path);
      assert.equal((await ask(server, { path, user: masters })).code, 200, path);
    }
    assert.equal((await ask(server, { path: "/debug/pprof/heap", user: masters })).code, 501);
  });
});
