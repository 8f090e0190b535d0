import assert from "node:assert/strict";
import { test } from "node:test";
import { customColumns } from "./columns.ts";

const now = Date.parse("2026-01-01T00:00:00Z");

/** What a column of a type shows of a value. */
function check(type: string, value: unknown, wanted: unknown): void {
  test(`${JSON.stringify(value)} in a column of type ${type}`, () => {
    const object: any = { metadata: { name: "x" }, spec: value === undefined ? {} : { a: value } };
    const column = customColumns([{ name: "A", type, jsonPath: ".spec.a" } as never])[1]!;
    assert.deepEqual(column.value(object, now), wanted);
  });
}

check("string", undefined, null);
check("string", null, "<no value>");
check("string", "x", "x");
check("string", 5, "5");
check("string", { b: 1, a: [true] }, '{"a":[true],"b":1}');
check("integer", 5.7, 5);
check("integer", "5", null);
check("integer", null, null);
check("number", 1.5, 1.5);
check("boolean", false, false);
check("boolean", "true", null);
check("date", "2025-12-31T23:59:00Z", "60s");
check("date", "", "<unknown>");
check("date", "yesterday", "<invalid>");
