import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "./typed.ts";

test("the items of a list that came over a socket have their kind", async () => {
  const list = {
    kind: "DeploymentList",
    apiVersion: "apps/v1",
    metadata: { resourceVersion: "7" },
    items: [{ metadata: { name: "web" } }],
  };
  const client = createClient(async () => ({
    status: 200,
    headers: {},
    body: new TextEncoder().encode(JSON.stringify(list)),
  }));
  const { items } = await client.list("deployments.apps");
  assert.deepEqual([items[0]!.kind, items[0]!.apiVersion, items[0]!.metadata.name], ["Deployment", "apps/v1", "web"]);
});
