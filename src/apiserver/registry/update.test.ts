import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { ask, masters } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";

const labels = { app: "a" };
const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
const controller = { selector: { matchLabels: labels }, template };

/** How often each field is named when an object is replaced with a wrong one. */
function check(plural: string, path: string, spec: object, wrong: object, wanted: string[], meta?: object): void {
  test(`wrong updates of ${plural}: ${wanted}`, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    const put = { metadata: { name: "x", ...meta }, spec: { ...spec, ...wrong } };
    const created = await ask(server, { path, body: { metadata: { name: "x" }, spec }, user: masters });
    assert.equal(created.code, 201);
    const { body } = await ask(server, { method: "PUT", path: `${path}/x`, body: put, user: masters });
    const fields = body.details.causes.map(({ field }: { field: string }) => field);
    assert.deepEqual(fields, wanted);
  });
}

const apps = "/apis/apps/v1/namespaces/default";
const seconds = { minReadySeconds: -1 };
const ready = "spec.minReadySeconds";
check("deployments", `${apps}/deployments`, controller, seconds, [ready]);
check("daemonsets", `${apps}/daemonsets`, controller, seconds, [ready, ready]);
check(
  "replicationcontrollers",
  "/api/v1/namespaces/default/replicationcontrollers",
  { selector: labels, template },
  { selector: { app: "b" } },
  ["spec.template.metadata.labels", "spec.template.metadata.labels"],
);
check(
  "networkpolicies",
  "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
  { podSelector: {} },
  { policyTypes: ["X"] },
  ["spec.policyTypes[0]", "spec.policyTypes[0]"],
);
check(
  "persistentvolumes",
  "/api/v1/persistentvolumes",
  { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/a" } },
  { accessModes: [] },
  ["spec.accessModes", "spec.accessModes"],
);

const badLabel = { labels: { a: "-" } };
const looks = (times: number): string[] => Array(times).fill("metadata.labels");
check("deployments", `${apps}/deployments`, controller, {}, looks(3), badLabel);
check("daemonsets", `${apps}/daemonsets`, controller, {}, looks(4), badLabel);
