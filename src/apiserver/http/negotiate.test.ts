import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/machinery/status.ts";
import { negotiate } from "./negotiate.ts";

/** What an Accept header leads to: `yaml`, `json Table`, or the beginning of the refusal. */
function check(accept: string, wanted: string): void {
  test(`accept ${JSON.stringify(accept)}`, () => {
    try {
      const { format, as } = negotiate(accept);
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
