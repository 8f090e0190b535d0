import assert from "node:assert/strict";
import { test } from "node:test";
import { withMovedManagers } from "./apply_server.ts";

function check(name: string, entries: string, managers: string[], wanted: string | undefined): void {
  test(name, () => {
    const moved = withMovedManagers(parse(entries), new Set(managers), "kubectl");
    assert.equal(moved?.map(show).join(" | "), wanted);
  });
}

/** `manager Operation a,b[/subresource]` → an entry that owns those fields. */
function parse(text: string) {
  return text.split(" | ").map((entry) => {
    const [manager = "", operation = "", fields = "", subresource = ""] = entry.split(" ");
    const fieldsV1 = { "f:data": Object.fromEntries(fields.split(",").map((each) => [`f:${each}`, {}])) };
    return { manager, operation, fieldsV1, ...(subresource && { subresource }) };
  });
}

function show(entry: { manager?: string; operation?: string; fieldsV1?: any; subresource?: string }): string {
  const fields = Object.keys(entry.fieldsV1["f:data"]).map((each) => each.slice(2));
  return [entry.manager, entry.operation, fields.join(","), entry.subresource].filter(Boolean).join(" ");
}

const client = "kubectl-client-side-apply";

check("nobody to move", "kubectl Apply a | x Update b", [], undefined);
check("fields are merged", `kubectl Apply a | ${client} Update a,b`, [client], "kubectl Apply a,b");
check("an entry becomes the manager's", `${client} Update a | x Update b`, [client], "kubectl Apply a | x Update b");
check("several at once", `${client} Update a | before Update b`, [client, "before"], "kubectl Apply a,b");
check("subresources stay", `kubectl Apply a | ${client} Update b status`, [client], undefined);
