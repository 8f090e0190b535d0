import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { sameJson } from "../../base/equal.ts";
import { definitions, loadDefinitions } from "./definitions.ts";
import { applyStrategicPatch } from "./patch_strategic.ts";
import { threeWayStrategic } from "./patch_three_way.ts";

before(loadDefinitions);

const podSpec = "io.k8s.api.core.v1.PodSpec";

/** Checks the patch for a pod spec that was applied as `original`, is `current` now, and shall be `modified`. */
function check(title: string, original: object, modified: object, current: object, patch: object): void {
  test(title, () => {
    assert.deepEqual(threeWayStrategic(original as any, modified as any, current as any, podSpec, definitions), patch);
  });
}

const a = { name: "a", image: "a:1" };
const defaulted = { ...a, imagePullPolicy: "Always" };

check(
  "nothing to do: defaults of the server stay",
  { containers: [a] },
  { containers: [a] },
  { containers: [defaulted], dnsPolicy: "ClusterFirst" },
  {},
);
check(
  "a changed image",
  { containers: [a] },
  { containers: [{ name: "a", image: "a:2" }] },
  { containers: [defaulted] },
  {
    "$setElementOrder/containers": [{ name: "a" }],
    containers: [{ name: "a", image: "a:2" }],
  },
);
check(
  "a removed container, an injected one stays",
  { containers: [a, { name: "b" }] },
  { containers: [a] },
  { containers: [defaulted, { name: "b" }, { name: "injected" }] },
  {
    "$setElementOrder/containers": [{ name: "a" }],
    containers: [{ $patch: "delete", name: "b" }],
  },
);
check(
  "an item that others added is no change",
  { volumes: [{ name: "v" }] },
  { volumes: [{ name: "v" }] },
  { volumes: [{ name: "token" }, { name: "v" }] },
  {},
);
check(
  "a changed volume names what stays",
  { volumes: [{ name: "v", emptyDir: {} }] },
  { volumes: [{ name: "v", configMap: { name: "c" } }] },
  { volumes: [{ name: "v", emptyDir: {} }] },
  {
    "$setElementOrder/volumes": [{ name: "v" }],
    volumes: [{ $retainKeys: ["configMap", "name"], name: "v", configMap: { name: "c" }, emptyDir: null }],
  },
);
check(
  "a field that is gone",
  { hostNetwork: true, nodeSelector: { x: "1", y: "2" } },
  { nodeSelector: { x: "1" } },
  { hostNetwork: true, nodeSelector: { x: "1", y: "2", z: "3" } },
  {
    hostNetwork: null,
    nodeSelector: { y: null },
  },
);
check(
  "atomic lists are sent whole",
  { tolerations: [{ key: "a" }] },
  { tolerations: [{ key: "b" }] },
  { tolerations: [{ key: "a" }] },
  { tolerations: [{ key: "b" }] },
);
check(
  "a new order",
  { containers: [a, { name: "b" }] },
  { containers: [{ name: "b" }, a] },
  { containers: [a, { name: "b" }] },
  {
    "$setElementOrder/containers": [{ name: "b" }, { name: "a" }],
  },
);

test("primitive lists", () => {
  const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
  const patch = threeWayStrategic(
    { finalizers: ["a", "b"] },
    { finalizers: ["b", "c"] },
    { finalizers: ["a", "b", "x"] },
    meta,
    definitions,
  );
  assert.deepEqual(patch, {
    "$setElementOrder/finalizers": ["b", "c"],
    finalizers: ["c"],
    "$deleteFromPrimitiveList/finalizers": ["a"],
  });
  assert.deepEqual(applyStrategicPatch({ finalizers: ["a", "b", "x"] }, patch, meta, definitions), {
    finalizers: ["b", "c", "x"],
  });
});

test("the patch, applied, gives what was wanted", () => {
  const env = fc.uniqueArray(fc.record({ name: fc.constantFrom("E", "F", "G"), value: fc.constantFrom("1", "2") }), {
    selector: (each) => each.name,
  });
  const container = fc.record({ name: fc.constantFrom("a", "b", "c", "d"), image: fc.constantFrom("x", "y"), env });
  const spec = fc.record({
    containers: fc.uniqueArray(container, { selector: (each) => each.name }),
    nodeSelector: fc.dictionary(fc.constantFrom("k", "l"), fc.constantFrom("1", "2")),
  });
  fc.assert(
    fc.property(spec, spec, (original, modified) => {
      const patch = threeWayStrategic(original, modified, original, podSpec, definitions);
      const patched = applyStrategicPatch(original, patch, podSpec, definitions);
      assert.ok(sameJson(patched, modified), JSON.stringify({ patch, patched }));
    }),
  );
});
