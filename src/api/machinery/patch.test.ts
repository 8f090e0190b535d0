import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { sameJson } from "../../base/equal.ts";
import { definitions, loadDefinitions } from "./definitions.ts";
import { applyJsonPatch, type JsonPatchOperation, readJsonPatch } from "./patch_json.ts";
import { applyMergePatch, type PatchError, readObjectPatch, threeWayMerge } from "./patch_merge.ts";
import { applyStrategicPatch } from "./patch_strategic.ts";

before(loadDefinitions);

const podSpec = "io.k8s.api.core.v1.PodSpec";

/** Checks what a strategic patch makes of a definition's object; a text is the refusal's message. */
function strategic(title: string, definition: string, object: object, patch: object, wanted: object | string): void {
  test(`strategic: ${title}`, () => {
    const [target, change] = [structuredClone(object), structuredClone(patch)];
    const run = () => applyStrategicPatch(target as any, change as any, definition, definitions);
    if (typeof wanted === "string") assert.throws(run, { message: wanted });
    else assert.deepEqual(run(), wanted);
    assert.deepEqual([target, change], [object, patch], "the arguments are as they were");
  });
}

const two = {
  containers: [{ name: "a", image: "a", ports: [{ containerPort: 1 }, { containerPort: 2 }] }, { name: "b" }],
};
const names = (...list: string[]) => ({ containers: list.map((name) => ({ name })) });

strategic(
  "merges by key and keeps the order",
  podSpec,
  two,
  { containers: [{ name: "b", image: "b2" }] },
  { containers: [two.containers[0], { name: "b", image: "b2" }] },
);
strategic("a new item goes first", podSpec, names("a", "b"), { containers: [{ name: "n" }] }, names("n", "a", "b"));
strategic("deletes by key", podSpec, names("a", "b"), { containers: [{ $patch: "delete", name: "b" }] }, names("a"));
strategic(
  "replaces a list",
  podSpec,
  names("a", "b"),
  { containers: [{ $patch: "replace" }, { name: "c" }] },
  names("c"),
);
strategic(
  "replaces a map",
  podSpec,
  { nodeSelector: { a: "1" } },
  { nodeSelector: { $patch: "replace", z: "z" } },
  { nodeSelector: { z: "z" } },
);
strategic(
  "deletes a map",
  podSpec,
  { nodeSelector: { a: "1" } },
  { nodeSelector: { $patch: "delete" } },
  { nodeSelector: {} },
);
strategic(
  "nested keys",
  podSpec,
  two,
  { containers: [{ name: "a", ports: [{ containerPort: 1, name: "one" }, { containerPort: 3 }] }] },
  {
    containers: [
      { name: "a", image: "a", ports: [{ containerPort: 1, name: "one" }, { containerPort: 3 }, { containerPort: 2 }] },
      { name: "b" },
    ],
  },
);
strategic(
  "atomic lists",
  podSpec,
  { tolerations: [{ key: "a" }] },
  { tolerations: [{ key: "z" }] },
  { tolerations: [{ key: "z" }] },
);
strategic(
  "element order",
  podSpec,
  names("a", "b"),
  { "$setElementOrder/containers": [{ name: "n" }, { name: "b" }, { name: "a" }], containers: [{ name: "n" }] },
  names("n", "b", "a"),
);
strategic(
  "what only the server has keeps its place",
  podSpec,
  names("s", "a", "t", "b"),
  { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }] },
  names("s", "t", "b", "a"),
);
strategic(
  "retained keys",
  podSpec,
  { volumes: [{ name: "w", emptyDir: {} }, { name: "x" }] },
  { volumes: [{ $retainKeys: ["name", "configMap"], name: "w", configMap: { name: "c" } }] },
  { volumes: [{ name: "w", configMap: { name: "c" } }, { name: "x" }] },
);
strategic(
  "primitive lists",
  "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
  { finalizers: ["a", "b"] },
  { finalizers: ["b", "c"], "$deleteFromPrimitiveList/finalizers": ["a"] },
  { finalizers: ["b", "c"] },
);
strategic(
  "null deletes",
  podSpec,
  { nodeSelector: { a: "1", b: "2" } },
  { nodeSelector: { a: null, c: null } },
  { nodeSelector: { b: "2" } },
);
strategic(
  "a new map without directives",
  podSpec,
  {},
  {
    containers: [
      { name: "a", $patch: "delete" },
      { name: "b", env: null, resources: { $retainKeys: [] } },
    ],
  },
  { containers: [{ name: "b", resources: {} }] },
);
strategic(
  "a map that is replaced whole",
  "io.k8s.api.policy.v1.PodDisruptionBudgetSpec",
  { selector: { matchLabels: { a: "1" } } },
  { selector: { matchLabels: { z: "w" } } },
  { selector: { matchLabels: { z: "w" } } },
);
strategic(
  "no merge key",
  podSpec,
  two,
  { containers: [{ image: "x" }] },
  "map: map[image:x] does not contain declared merge key: name",
);
strategic(
  "an unknown directive",
  podSpec,
  two,
  { containers: [{ $patch: "frob", name: "a" }] },
  "unknown patch type: frob in map: map[$patch:frob name:a]",
);
strategic(
  "retained keys that miss one",
  "io.k8s.api.apps.v1.DeploymentSpec",
  { strategy: {} },
  { strategy: { $retainKeys: ["type"], rollingUpdate: {} } },
  "invalid patch format of retainKeys",
);

/** Checks what a JSON patch makes of a document; undefined means refused. */
function json(title: string, document: unknown, patch: JsonPatchOperation[], wanted: unknown): void {
  test(`json: ${title}`, () => {
    if (wanted !== undefined) assert.deepEqual(applyJsonPatch(document, patch), wanted);
    else
      assert.throws(() => applyJsonPatch(document, patch), {
        message: "the server rejected our request due to an error in our request",
      });
  });
}

const document = { a: { b: "1" }, l: [1, 2] };
json(
  "add and test",
  document,
  [
    { op: "add", path: "/l/-", value: 3 },
    { op: "test", path: "/l", value: [1, 2, 3] },
  ],
  { ...document, l: [1, 2, 3] },
);
json("replaces what is missing", document, [{ op: "replace", path: "/a/z", value: 1 }], {
  ...document,
  a: { b: "1", z: 1 },
});
json("drops the first segment", document, [{ op: "add", path: "x/a", value: 1 }], { ...document, a: 1 });
json(
  "move, copy, escapes",
  document,
  [
    { op: "move", from: "/a/b", path: "/a/x~1y" },
    { op: "copy", from: "/l/-1", path: "/l/0" },
  ],
  { a: { "x/y": "1" }, l: [2, 1, 2] },
);
json("the whole document", document, [{ op: "replace", path: "", value: {} }], {});
json("a test that fails", document, [{ op: "test", path: "/a/b", value: "2" }], undefined);
json("removing what is not there", document, [{ op: "remove", path: "/a/q" }], undefined);
json("an index beyond the end", document, [{ op: "remove", path: "/l/9" }], undefined);
json("an unknown operation", document, [{ op: "frob", path: "/a" }], undefined);
json("moving what is not there", document, [{ op: "move", from: "/q", path: "/z" }], undefined);
json("prototypes are no containers", document, [{ op: "add", path: "/constructor/prototype/x", value: 1 }], undefined);

test("what is no patch", () => {
  assert.throws(() => readJsonPatch({}), {
    message: "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
  });
  assert.throws(
    () => readJsonPatch(Array(10_001).fill({})),
    (error: PatchError) => error.code === 413,
  );
  assert.throws(() => readObjectPatch([]), {
    message: "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
  });
  assert.throws(() => readObjectPatch(null), { message: "Invalid JSON Patch" });
});

test("merge patches", () => {
  assert.deepEqual(applyMergePatch({ a: 1, b: { c: 1, d: 2 } }, { a: null, b: { c: null, e: { f: null } } }), {
    b: { d: 2, e: {} },
  });
  assert.equal(applyMergePatch({}, 1), 1);
});

test("three-way merge: ours change, gone ones go, theirs stay", () => {
  const patch = threeWayMerge(
    { a: 1, gone: 1, m: { x: 1, y: 1 } },
    { a: 2, m: { x: 1 }, n: {} },
    { a: 1, gone: 1, theirs: 1, m: { x: 1, y: 1, z: 1 } },
  );
  assert.deepEqual(patch, { a: 2, gone: null, m: { y: null }, n: {} });
});

test("a three-way merge patch gives what was wanted", () => {
  const object = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.oneof(fc.integer(), fc.dictionary(fc.constantFrom("x", "y"), fc.integer())),
  );
  fc.assert(
    fc.property(object, object, (original, modified) => {
      const patched = applyMergePatch(original, threeWayMerge(original, modified, original));
      assert.ok(sameJson(patched, modified));
    }),
  );
});

test("a JSON patch cannot copy a document into itself without end", () => {
  const patch = Array.from({ length: 100 }, (_, at) => ({ op: "copy", from: "", path: `/k${at}` }));
  assert.throws(() => applyJsonPatch({ a: "x".repeat(1000) }, patch), { code: 422 });
});
