import assert from "node:assert/strict";
import { before, test } from "node:test";
import { loadDefinitions, loadDocs, loadOperations } from "../../api/machinery/definitions.ts";
import { type CustomForm, defineResource, type Resource } from "../../api/machinery/resource.ts";
import { type OpenApiSource, openApiV2, openApiV3, openApiV3Index } from "./documents.ts";

const status = { name: "status", verbs: ["get", "patch", "update"] };

const resources: Resource[] = [
  defineResource({
    group: "apps",
    version: "v1",
    kind: "Deployment",
    plural: "deployments",
    scope: "Namespaced",
    schema: "io.k8s.api.apps.v1.Deployment",
    subresources: [{ name: "scale", verbs: ["get"], group: "autoscaling", version: "v1", kind: "Scale" }, status],
  }),
  defineResource({
    group: "",
    version: "v1",
    kind: "Pod",
    plural: "pods",
    scope: "Namespaced",
    schema: "io.k8s.api.core.v1.Pod",
    subresources: [
      { name: "exec", verbs: ["create", "get"], kind: "PodExecOptions" },
      { name: "log", verbs: ["get"] },
    ],
  }),
  defineResource({
    group: "example.com",
    version: "v1",
    kind: "Widget",
    plural: "widgets",
    scope: "Cluster",
    schema: "com.example.v1.Widget",
    // Documents read no more of it than that it is there.
    custom: {} as CustomForm,
  }),
];

const widget = {
  type: "object" as const,
  description: "A widget.",
  properties: { size: { type: "integer" as const, description: "How large." } },
  "x-kubernetes-group-version-kind": [{ group: "example.com", version: "v1", kind: "Widget" }],
};

let source: OpenApiSource;
before(async () => {
  const definitions = { ...(await loadDefinitions()), "com.example.v1.Widget": widget };
  source = { resources, definitions, docs: await loadDocs(), operations: await loadOperations() };
});

/** Everything under a key anywhere in a document. */
function* under(value: unknown, wanted: string): Generator<unknown> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === wanted) yield child;
    yield* under(child, wanted);
  }
}

/** Every `$ref` of a document must lead somewhere in it. */
function checkRefs(document: any): void {
  for (const ref of new Set(under(document, "$ref"))) {
    if (typeof ref !== "string") continue;
    const target = ref
      .slice(2)
      .split("/")
      .reduce((at, part) => at?.[part], document);
    assert.ok(target, ref);
  }
}

test("version 2 is whole: every reference leads somewhere, nothing of ours leaks", () => {
  const document: any = openApiV2(source);
  checkRefs(document);
  assert.ok(!JSON.stringify(document).includes("x-typernetes"));
  assert.ok(document.definitions["io.k8s.api.core.v1.PodSpec"].properties.containers.description.length > 20);
  assert.equal(
    document.definitions["io.k8s.api.core.v1.PodSpec"].properties.containers["x-kubernetes-patch-merge-key"],
    "name",
  );
});

test("version 3: paths, operations, wrapped references", () => {
  const document: any = openApiV3(source, "apis/apps/v1");
  checkRefs(document);
  const base = "/apis/apps/v1/namespaces/{namespace}/deployments";
  const paths = ["", "/{name}", "/{name}/scale", "/{name}/status"].map((end) => base + end);
  for (const path of [
    ...paths,
    "/apis/apps/v1/",
    "/apis/apps/v1/deployments",
    `/apis/apps/v1/watch/namespaces/{namespace}/deployments`,
  ]) {
    assert.ok(document.paths[path], path);
  }
  const { patch } = document.paths[`${base}/{name}`];
  assert.equal(patch.operationId, "patchAppsV1NamespacedDeployment");
  assert.equal(patch["x-kubernetes-action"], "patch");
  assert.deepEqual(patch["x-kubernetes-group-version-kind"], { group: "apps", version: "v1", kind: "Deployment" });
  assert.deepEqual(
    patch.parameters.map((each: any) => each.name),
    ["dryRun", "fieldManager", "fieldValidation", "force"],
  );
  const { metadata } = document.components.schemas["io.k8s.api.apps.v1.Deployment"].properties;
  assert.deepEqual(metadata.default, {});
  assert.deepEqual(metadata.allOf, [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" }]);
});

test("connected subresources", () => {
  const document: any = openApiV3(source, "api/v1");
  const exec = document.paths["/api/v1/namespaces/{namespace}/pods/{name}/exec"];
  assert.deepEqual(Object.keys(exec).sort(), ["get", "parameters", "post"]);
  assert.ok(exec.parameters.some(({ name }: any) => name === "command"));
  assert.equal(exec.get["x-kubernetes-action"], "connect");
});

test("a custom resource gets its schema, a list and its paths", () => {
  const document: any = openApiV3(source, "apis/example.com/v1");
  checkRefs(document);
  assert.equal(document.components.schemas["com.example.v1.Widget"].properties.size.description, "How large.");
  assert.equal(
    document.components.schemas["com.example.v1.WidgetList"]["x-kubernetes-group-version-kind"][0].kind,
    "WidgetList",
  );
  assert.equal(document.paths["/apis/example.com/v1/widgets"].post.description, "create a Widget");
  const { patch } = document.paths["/apis/example.com/v1/widgets/{name}"];
  assert.deepEqual(Object.keys(patch.requestBody.content), [
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
  ]);
});

test("the index's hash changes with the schema, and only with that group's", async () => {
  const before: any = await openApiV3Index(source);
  const changed = { ...widget, properties: { size: { type: "string" as const } } };
  const after: any = await openApiV3Index({
    ...source,
    definitions: { ...source.definitions, "com.example.v1.Widget": changed },
  });
  const url = (index: any, name: string): string => index.paths[name].serverRelativeURL;
  assert.match(url(before, "apis/apps/v1"), /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
  assert.equal(url(before, "apis/apps/v1"), url(after, "apis/apps/v1"));
  assert.notEqual(url(before, "apis/example.com/v1"), url(after, "apis/example.com/v1"));
  assert.equal(openApiV3(source, "apis/nothing/v1"), undefined);
});
