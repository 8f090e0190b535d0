import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { definitions, loadDefinitions } from "../definitions.ts";
import type { KubeObject, ManagedFieldsEntry } from "../object.ts";
import { typeErrors } from "./check.ts";
import { compareFields, fieldsOf } from "./compare.ts";
import { difference, type Fields, intersection, pathsOf, pathText, union, without } from "./fields.ts";
import { ApplyConflictError, applyFields, type Manager, readOwners, type Tracking, updateFields } from "./managed.ts";
import { mergeApplied } from "./merge.ts";
import { type FieldType, objectType } from "./type.ts";

let configMap: FieldType;
let deployment: FieldType;
let pod: FieldType;

before(async () => {
  await loadDefinitions();
  configMap = objectType("io.k8s.api.core.v1.ConfigMap", definitions, definitions);
  deployment = objectType("io.k8s.api.apps.v1.Deployment", definitions, definitions);
  pod = objectType("io.k8s.api.core.v1.Pod", definitions, definitions);
});

const paths = (fields: Fields): string[] => [...pathsOf(fields)].map(pathText);

describe("sets of fields", () => {
  const a: Fields = { "f:a": { ".": {}, "f:x": {} }, "f:b": {} };
  const b: Fields = { "f:a": { "f:x": {} }, "f:c": {} };

  test("are put together path by path", () => {
    assert.deepEqual(paths(union(a, b)), [".a", ".a.x", ".b", ".c"]);
    assert.deepEqual(paths(intersection(a, b)), [".a.x"]);
    assert.deepEqual(paths(difference(a, b)), [".a", ".b"]);
  });

  test("what is below a cut field goes with it", () => {
    assert.deepEqual(paths(without(a, { "f:a": {} })), [".b"]);
    assert.deepEqual(paths(without(a, { "f:a": { "f:x": {} } })), [".a", ".b"]);
  });

  test("a field that is alone in its parent leaves no trace of it", () => {
    assert.deepEqual(difference({ "f:a": { "f:x": {} } }, { "f:a": { "f:x": {} } }), {});
  });
});

describe("the fields of a value", () => {
  const container = { name: "c", image: "i", ports: [{ containerPort: 80 }], command: ["a", "b"] };

  test("items of keyed lists have a path by their keys, with defaults; atomic lists are one field", () => {
    assert.deepEqual(paths(fieldsOf(pod, { spec: { containers: [container] } })), [
      '.spec.containers[name="c"]',
      '.spec.containers[name="c"].command',
      '.spec.containers[name="c"].image',
      '.spec.containers[name="c"].name',
      '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]',
      '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].containerPort',
    ]);
  });

  test("entries of sets have a path by their value, and empty maps are fields", () => {
    assert.deepEqual(paths(fieldsOf(pod, { metadata: { finalizers: ["x/y"] }, spec: { securityContext: {} } })), [
      '.metadata.finalizers[="x/y"]',
      ".spec.securityContext",
    ]);
  });

  test("a change adds what was not there, but for the structs that always are", () => {
    const was = { spec: { replicas: 1 } };
    const is = { spec: { replicas: 2, template: { spec: { containers: [{ name: "c" }] } } } };
    const { added, modified, removed } = compareFields(deployment, was, is);
    assert.deepEqual(paths(modified), [".spec.replicas"]);
    assert.deepEqual(paths(removed), []);
    assert.deepEqual(paths(added), [
      '.spec.template.spec.containers[name="c"]',
      '.spec.template.spec.containers[name="c"].name',
      '.spec.template.spec.containers[name="c"].resources',
    ]);
  });
});

describe("an applied list", () => {
  const merged = (live: string, applied: string): string => {
    const list = (names: string) => ({ spec: { containers: names.split("").map((name) => ({ name })) } });
    const result = mergeApplied(pod, list(live), list(applied)) as any;
    return result.spec.containers.map((each: { name: string }) => each.name).join("");
  };
  for (const [live, applied, result] of [
    ["abc", "c", "abc"],
    ["abc", "ca", "bca"],
    ["abc", "cax", "bcax"],
    ["ab", "xa", "xab"],
    ["ab", "x", "abx"],
    ["", "ab", "ab"],
  ] as const)
    test(`${live || "nothing"} and ${applied} come to ${result}`, () => assert.equal(merged(live, applied), result));
});

test("a configuration that the schema doesn't have is refused", () => {
  const check = (value: unknown, error: string) => assert.deepEqual(typeErrors(deployment, value), [error]);
  check({ spec: { surprise: 1 } }, ".spec.surprise: field not declared in schema");
  check({ spec: { replicas: "x" } }, ".spec.replicas: expected numeric (int or float), got string");
  check({ metadata: { labels: [] } }, ".metadata.labels: expected map, got &{[]}");
  const twice = { spec: { template: { spec: { containers: [{ name: "a" }, { name: "a" }] } } } };
  check(twice, '.spec.template.spec.containers: duplicate entries for key [name="a"]');
});

/** A ConfigMap with its owners, and what its users do with it. */
class World {
  object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" } as KubeObject["metadata"] };
  #second = 0;

  get #tracking(): Tracking {
    const now = `2026-01-01T00:00:${String(this.#second++).padStart(2, "0")}Z`;
    return { type: configMap, ignored: {}, now, convert: (object) => ({ object, type: configMap }) };
  }

  get #owners() {
    return readOwners(this.object.metadata.managedFields)!;
  }

  apply(manager: string, data: Record<string, string | null>, force = false): this {
    const configuration = { ...this.object, metadata: { name: "c" } as KubeObject["metadata"], data };
    const who: Manager = { manager, operation: "Apply", apiVersion: "v1" };
    const applied = applyFields(this.object, configuration, this.#owners, who, force, this.#tracking);
    if (applied) this.#take(applied.object, applied.managedFields);
    return this;
  }

  update(manager: string, data: Record<string, string>): this {
    const next = { ...this.object, data };
    const who: Manager = { manager, operation: "Update", apiVersion: "v1" };
    this.#take(next, updateFields(this.object, next, this.#owners, who, this.#tracking));
    return this;
  }

  #take(object: KubeObject, managedFields: ManagedFieldsEntry[]): void {
    this.object = { ...object, metadata: { ...object.metadata, managedFields } };
  }

  get owned(): Record<string, string> {
    return Object.fromEntries(
      (this.object.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [
        `${manager} ${operation}`,
        paths(fieldsV1 as Fields).join(" "),
      ]),
    );
  }
}

describe("owners", () => {
  test("what an applier leaves out goes, unless somebody else owns it too", () => {
    const world = new World().apply("one", { a: "1", b: "2" }).apply("two", { b: "2" }).apply("one", { a: "1" });
    assert.deepEqual(world.object.data, { a: "1", b: "2" });
    world.apply("two", {});
    assert.deepEqual(world.object.data, { a: "1" });
    assert.deepEqual(world.owned, { "one Apply": ".data.a", "two Apply": ".data" });
  });

  test("an update takes fields over, and an apply of another value conflicts", () => {
    const world = new World().apply("one", { a: "1" }).update("two", { a: "2" });
    assert.deepEqual(world.owned, { "two Update": ".data.a" });
    assert.throws(
      () => world.apply("one", { a: "3" }),
      (error) => error instanceof ApplyConflictError && pathText(error.conflicts[0]!.path) === ".data.a",
    );
    world.apply("one", { a: "3" }, true);
    assert.deepEqual(world.owned, { "one Apply": ".data.a" });
  });

  test("the same value is shared", () => {
    assert.deepEqual(new World().apply("one", { a: "1" }).apply("two", { a: "1" }).owned, {
      "one Apply": ".data.a",
      "two Apply": ".data.a",
    });
  });

  test("applying the same again changes nothing", () => {
    const world = new World().apply("one", { a: "1" });
    const before = world.object;
    assert.equal(world.apply("one", { a: "1" }).object, before);
  });

  test("more than ten updaters become fewer: the oldest are gathered", () => {
    const world = new World();
    for (let index = 0; index < 13; index++)
      world.update(`m${index}`, { ...world.object.data, [`k${index}`]: "v" } as Record<string, string>);
    const names = world.object.metadata.managedFields!.map((each) => each.manager);
    assert.equal(names.length, 10);
    assert.equal(names.filter((name) => name === "ancient-changes").length, 1);
    assert.match(world.owned["ancient-changes Update"]!, /\.data \.data\.k0 \.data\.k1/);
  });
});
