import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/machinery/status.ts";
import { negotiate, negotiateStream, plainFormat } from "./negotiate.ts";

/** What an Accept header leads to: `yaml`, `json Table`, or the beginning of the refusal. */
function check(accept: string, wanted: string, chosen = () => negotiate(accept), where = ""): void {
  test(`${where}accept ${JSON.stringify(accept)}`, () => {
    try {
      const { format, as } = chosen();
      assert.equal(as === "object" ? format : `${format} ${as}`, wanted);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      assert.equal(`${error.code} ${error.message.slice(0, 14)}`, wanted);
    }
  });
}

check("", "json");
check("application/yaml", "yaml");
check("application/json;q=0", "json");
check("application/yaml;q=0.5,application/json;q=0.7", "json");
check("*/*,application/yaml", "yaml");
check("application/yaml,*/*", "yaml");
check("application/json;as=Table;v=v1;g=meta.k8s.io", "json Table");
check("application/json;as=Nothing;v=v1;g=meta.k8s.io", "406 only the follo");
check("APPLICATION/JSON", "406 406: Not Accep");
check("*", "406 406: Not Accep");
check("application/*", "406 406: Not Accep");

/** `check` where an object has no message or no columns. */
function checkWithout(what: "messages" | "tables", accept: string, wanted: string): void {
  const possible = { messages: true, tables: true, [what]: false };
  check(accept, wanted, () => negotiate(accept, possible), `without ${what}: `);
}

const protobuf = "application/vnd.kubernetes.protobuf";
const partial = "as=PartialObjectMetadata;v=v1;g=meta.k8s.io";

check(protobuf, "protobuf");
check(`${protobuf},application/json`, "protobuf");
check(`${protobuf};as=Table;v=v1;g=meta.k8s.io`, "406 only the follo");
check(`${protobuf};as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1;g=meta.k8s.io`, "json Table");
check(`${protobuf};${partial}`, "protobuf PartialObjectMetadata");
checkWithout("messages", protobuf, "406 only the follo");
checkWithout("messages", `${protobuf}, */*`, "json");
checkWithout("messages", `${protobuf};${partial}`, "protobuf PartialObjectMetadata");
checkWithout("tables", "application/json;as=Table;v=v1;g=meta.k8s.io", "406 only the follo");
checkWithout("tables", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "json");

test("a watch has no YAML", () => {
  assert.throws(() => negotiateStream("application/yaml"), /accepted: application\/json;stream=watch, /);
  assert.equal(negotiateStream("application/yaml;q=0.1,application/json").format, "json");
});

test("a failure is written in the first form that is asked for plainly", () => {
  assert.equal(plainFormat("application/json;as=Table;v=v1;g=meta.k8s.io,application/yaml"), "yaml");
  assert.equal(plainFormat(protobuf), "protobuf");
  assert.equal(plainFormat("text/html"), "json");
});
