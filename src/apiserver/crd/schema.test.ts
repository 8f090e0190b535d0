import assert from "node:assert/strict";
import { test } from "node:test";
import { publishedSchema } from "./schema.ts";

const gvk = { group: "example.com", version: "v1", kind: "Thing" };

/** What OpenAPI v2 says of a schema, without what every custom resource has. */
function check(what: string, schema: object, wanted: object): void {
  test(`published in version 2: ${what}`, () => {
    const { "x-kubernetes-group-version-kind": named, ...rest } = publishedSchema(schema, gvk, "v2");
    assert.deepEqual(named, [gvk]);
    const { apiVersion, kind, metadata, ...properties } = (rest.properties ?? {}) as Record<string, unknown>;
    assert.deepEqual("properties" in rest ? { ...rest, properties } : rest, wanted);
    assert.equal("properties" in rest, Boolean(apiVersion && kind && metadata));
  });
}

const text = { type: "string" } as const;
const preserves = { "x-kubernetes-preserve-unknown-fields": true } as const;

check(
  "named fields",
  { type: "object", properties: { spec: { type: "object", properties: { a: text } } } },
  { type: "object", properties: { spec: { type: "object", properties: { a: text } } } },
);
check(
  "what is allowed and not named makes all that is named unsaid",
  { type: "object", description: "A thing", ...preserves, properties: { spec: text } },
  { type: "object" },
);
check(
  "the same further down",
  { type: "object", properties: { spec: { type: "object", ...preserves, properties: { a: text } } } },
  { type: "object", properties: { spec: preserves } },
);
