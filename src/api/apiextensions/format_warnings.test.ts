import { checksOf } from "../../../test/declarations.ts";
import { customResourceDefinitions } from "./customresourcedefinition.ts";

const { checkWarnings } = checksOf(customResourceDefinitions);
const of = (properties: object) => ({
  spec: { names: {}, versions: [{ name: "v1", schema: { openAPIV3Schema: { type: "object", properties } } }] },
});
checkWarnings(
  "formats that are known",
  of({ a: { type: "string", format: "date-time" }, b: { type: "integer", format: "int64" } }),
);
checkWarnings(
  "formats that nothing is checked for, each once",
  of({
    a: { type: "string", format: "semver" },
    b: { type: "array", items: { type: "string", format: "int32" } },
    c: { type: "object", additionalProperties: { type: "string", format: "semver" } },
    d: { type: "boolean", format: "date" },
  }),
  'unrecognized format "semver"',
  'unrecognized format "int32"',
  'unrecognized format "date"',
);
