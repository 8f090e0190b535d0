import assert from "node:assert/strict";
import { test } from "node:test";
import { defineResource, type Resource } from "../../api/machinery/resource.ts";
import { aggregatedDiscovery, aggregatedMediaType, asksForAggregated, etagOf } from "./aggregated.ts";
import { apiGroup, apiGroupList, apiResourceList } from "./discovery.ts";
import { compareVersions, groupsOf } from "./groups.ts";

function resource(
  group: string,
  version: string,
  kind: string,
  plural: string,
  more: Partial<Resource> = {},
): Resource {
  return defineResource({ group, version, kind, plural, scope: "Namespaced", schema: "x", ...more });
}

const resources = [
  resource("", "v1", "ConfigMap", "configmaps", { shortNames: ["cm"] }),
  resource("", "v1", "Binding", "bindings", { verbs: ["create"], stored: false }),
  resource("example.com", "v1", "Widget", "widgets"),
  resource("batch", "v1", "Job", "jobs"),
  resource("autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
  resource("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
  resource("apps", "v1", "Deployment", "deployments", {
    subresources: [
      { name: "status", verbs: ["update", "get"] },
      { name: "scale", verbs: ["get"], kind: "Scale", group: "autoscaling", version: "v1" },
    ],
  }),
];

test("groups and versions in the server's order", () => {
  assert.deepEqual(groupsOf(resources), [
    { group: "apps", versions: ["v1"] },
    { group: "autoscaling", versions: ["v2", "v1"] },
    { group: "batch", versions: ["v1"] },
    { group: "example.com", versions: ["v1"] },
  ]);
  const versions = ["foo10", "v1alpha1", "v1", "v12alpha1", "v2beta1", "v10", "v1beta2", "foo1", "v2"];
  assert.deepEqual(versions.sort(compareVersions), [
    "v10",
    "v2",
    "v1",
    "v2beta1",
    "v1beta2",
    "v12alpha1",
    "v1alpha1",
    "foo1",
    "foo10",
  ]);
});

test("the core list is older than its apiVersion", async () => {
  assert.deepEqual(await apiResourceList(resources, "v1"), {
    kind: "APIResourceList",
    groupVersion: "v1",
    resources: [
      { name: "bindings", singularName: "binding", namespaced: true, kind: "Binding", verbs: ["create"] },
      {
        name: "configmaps",
        singularName: "configmap",
        namespaced: true,
        kind: "ConfigMap",
        verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        shortNames: ["cm"],
        storageVersionHash: "qFsyl6wFWjQ=",
      },
    ],
  });
});

test("subresources, some of another kind", async () => {
  const list: any = await apiResourceList(resources, "apps/v1");
  assert.deepEqual(list.resources.slice(1), [
    {
      name: "deployments/scale",
      singularName: "",
      namespaced: true,
      group: "autoscaling",
      version: "v1",
      kind: "Scale",
      verbs: ["get"],
    },
    { name: "deployments/status", singularName: "", namespaced: true, kind: "Deployment", verbs: ["get", "update"] },
  ]);
});

test("kinds that are stored in another version say so", async () => {
  const hashes = await Promise.all(["v1", "v2"].map((version) => apiResourceList(resources, `autoscaling/${version}`)));
  assert.deepEqual(
    hashes.map((list: any) => list.resources[0].storageVersionHash),
    ["qwQve8ut294=", "qwQve8ut294="],
  );
});

test("groups that aren't there", async () => {
  assert.equal(apiGroup(resources, "nothing"), undefined);
  assert.equal(await apiResourceList(resources, "nothing/v1"), undefined);
  assert.equal((apiGroupList(resources) as any).groups.length, 4);
});

test("aggregated discovery", async () => {
  const core: any = aggregatedDiscovery(resources, "core");
  assert.deepEqual(
    core.items.map((item: any) => item.versions[0].resources.length),
    [2],
  );
  const groups: any = aggregatedDiscovery(resources, "groups");
  const kindOf = (index: number) => groups.items[index].versions[0].resources[0].responseKind;
  assert.deepEqual(kindOf(0), { group: "", version: "", kind: "Deployment" });
  assert.deepEqual(kindOf(3), { group: "example.com", version: "v1", kind: "Widget" });
  assert.match(await etagOf(new Uint8Array(3)), /^"[0-9A-F]{128}"$/);
});

test("who asks for aggregated discovery", () => {
  const v2beta1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
  assert.ok(asksForAggregated(`${aggregatedMediaType},${v2beta1},application/json`));
  assert.ok(asksForAggregated(`${v2beta1},${aggregatedMediaType},application/json`));
  for (const accept of [undefined, "*/*", "application/json", `${v2beta1},application/json`])
    assert.ok(!asksForAggregated(accept), accept);
});
