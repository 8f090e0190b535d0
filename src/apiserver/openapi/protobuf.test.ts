import assert from "node:assert/strict";
import { test } from "node:test";
import protobuf from "protobufjs";
import { encodeOpenApiV2 } from "./protobuf.ts";

// The part of the format that is written, read by somebody else's library.
const proto = `syntax = "proto3";
message Document { string swagger = 1; Info info = 2; Definitions definitions = 9; }
message Info { string title = 1; string version = 2; }
message Definitions { repeated NamedSchema additional_properties = 1; }
message NamedSchema { string name = 1; Schema value = 2; }
message Schema { string ref = 1; string format = 2; string description = 4; repeated string required = 19;
  Additional additional_properties = 21; TypeItem type = 22; Items items = 23; Definitions properties = 25; repeated NamedAny vendor_extension = 31; }
message Additional { Schema schema = 1; bool boolean = 2; }
message TypeItem { repeated string value = 1; }
message Items { repeated Schema schema = 1; }
message NamedAny { string name = 1; Any value = 2; }
message Any { string yaml = 2; }`;

test("a document in protobuf says what it says in JSON", () => {
  const gvk = [{ group: "", version: "v1", kind: "Thing" }];
  const bytes = encodeOpenApiV2({
    swagger: "2.0",
    info: { title: "t", version: "v" },
    definitions: {
      Thing: {
        type: "object",
        description: "d".repeat(300),
        required: ["size"],
        properties: {
          size: { type: "integer", format: "int32" },
          parts: { type: "array", items: { $ref: "#/definitions/Part" } },
          labels: { type: "object", additionalProperties: { type: "string" } },
        },
        "x-kubernetes-group-version-kind": gvk,
      },
    },
  });
  const Document = protobuf.parse(proto).root.lookupType("Document");
  const read = Document.toObject(Document.decode(bytes)) as any;
  const [thing] = read.definitions.additionalProperties;
  assert.deepEqual([read.swagger, read.info, thing.name], ["2.0", { title: "t", version: "v" }, "Thing"]);
  const { value } = thing;
  assert.deepEqual([value.type.value, value.description.length, value.required], [["object"], 300, ["size"]]);
  const properties = Object.fromEntries(
    value.properties.additionalProperties.map((each: any) => [each.name, each.value]),
  );
  assert.deepEqual(properties.size, { type: { value: ["integer"] }, format: "int32" });
  assert.deepEqual(properties.parts.items, { schema: [{ ref: "#/definitions/Part" }] });
  assert.deepEqual(properties.labels.additionalProperties, { schema: { type: { value: ["string"] } } });
  assert.deepEqual(JSON.parse(value.vendorExtension[0].value.yaml), gvk);
});
