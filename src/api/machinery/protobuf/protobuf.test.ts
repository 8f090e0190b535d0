import assert from "node:assert/strict";
import { before, test } from "node:test";
import fc from "fast-check";
import { definitions, loadDefinitions } from "../definitions.ts";
import type { Schema } from "../schema.ts";
import { hasProtobuf, protobufDecoder } from "./decode.ts";
import { protobufEncoder } from "./encode.ts";
import { definitionOfKind, openEnvelope, sealEnvelope } from "./envelope.ts";
import { fieldNumbers } from "./numbers.ts";

before(async () => void (await loadDefinitions()));

const core = "io.k8s.api.core.v1.";
const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/** Bytes of a message: tags and values by hand. Text is ASCII, with its length before it. */
function wire(...parts: (number | string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === "number") return [part];
      const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
      return [...varint(BigInt(bytes.length)), ...bytes];
    }),
  );
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function check(what: string, definition: string, bytes: Uint8Array, wanted: object | RegExp): void {
  test(what, () => {
    const decode = () => protobufDecoder(definition, definitions)(bytes);
    if (wanted instanceof RegExp) assert.throws(decode, wanted);
    else assert.deepEqual(decode(), wanted);
  });
}

check(
  "text, maps and bytes",
  `${core}Secret`,
  wire(0x0a, wire(0x0a, "n"), 0x12, wire(0x0a, "k", 0x12, "hi"), 0x1a, "Opaque"),
  {
    metadata: { name: "n" },
    data: { k: "aGk=" },
    type: "Opaque",
  },
);
check("a map's entry without a value", `${core}Secret`, wire(0x12, wire(0x0a, "k")), { data: { k: "" } });
check("a map's key may be __proto__", `${core}ConfigMap`, wire(0x12, wire(0x0a, "__proto__", 0x12, "v")), {
  data: JSON.parse('{"__proto__":"v"}'),
});
check("a negative int32 has ten bytes", `${core}Toleration`, wire(0x28, ...varint(-3n)), { tolerationSeconds: -3 });
check("numbers one by one", `${core}PodSecurityContext`, wire(0x20, 5, 0x20, 6), { supplementalGroups: [5, 6] });
check("numbers packed", `${core}PodSecurityContext`, wire(0x22, wire(5, ...varint(70000n))), {
  supplementalGroups: [5, 70000],
});
check(
  "numbers and groups that nobody knows",
  `${core}LocalObjectReference`,
  wire(0xf8, 0x07, 1, 0xfa, 0x07, "x", 0xfb, 0x07, 0x0b, 0x08, 1, 0x0c, 0xfc, 0x07, 0x0a, "n"),
  { name: "n" },
);
check(
  "an inlined message's fields are the outer one's",
  `${core}Volume`,
  wire(0x0a, "v", 0x12, wire(0x12, wire(0x0a, "Memory"))),
  {
    name: "v",
    emptyDir: { medium: "Memory" },
  },
);
check(
  "the parts of one message add up",
  `${core}PersistentVolumeClaimSpec`,
  wire(
    0x12,
    wire(0x0a, wire(0x0a, "a", 0x12, wire(0x0a, "1"))),
    0x12,
    wire(0x12, wire(0x0a, "b", 0x12, wire(0x0a, "2"))),
  ),
  { resources: { limits: { a: "1" }, requests: { b: "2" } } },
);
check("a port by number", `${core}TCPSocketAction`, wire(0x0a, wire(0x08, 0, 0x10, 80, 0x1a, "")), { port: 80 });
check("a port by name", `${core}TCPSocketAction`, wire(0x0a, wire(0x08, 1, 0x10, 0, 0x1a, "web")), { port: "web" });
check("a time", `${meta}ObjectMeta`, wire(0x42, wire(0x08, ...varint(1714564800n), 0x10, 0)), {
  creationTimestamp: "2024-05-01T12:00:00Z",
});
check("no time", `${meta}ObjectMeta`, wire(0x42, ""), { creationTimestamp: null });
check("the epoch is a time", `${meta}ObjectMeta`, wire(0x42, wire(0x08, 0, 0x10, 0)), {
  creationTimestamp: "1970-01-01T00:00:00Z",
});
check(
  "a time of microseconds",
  "io.k8s.api.coordination.v1.LeaseSpec",
  wire(0x1a, wire(0x08, ...varint(1714564800n), 0x10, ...varint(1_999n))),
  { acquireTime: "2024-05-01T12:00:00.000001Z" },
);
check("raw JSON", "io.k8s.api.apps.v1.ControllerRevision", wire(0x12, wire(0x0a, '{"a":[1]}')), { data: { a: [1] } });
check(
  "a list in a map",
  "io.k8s.api.authentication.v1.UserInfo",
  wire(0x22, wire(0x0a, "k", 0x12, wire(0x0a, "a", 0x0a, "b"))),
  {
    extra: { k: ["a", "b"] },
  },
);
/** What is written reads as the same. */
function checkWritten(what: string, definition: string, object: object): void {
  test(`written: ${what}`, () => {
    assert.deepEqual(
      protobufDecoder(definition, definitions)(protobufEncoder(definition, definitions)(object)),
      object,
    );
  });
}

checkWritten("negative numbers, and those beyond 32 bits", `${core}PodSecurityContext`, {
  runAsUser: -1,
  supplementalGroups: [0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 53 - 1, -(2 ** 40)],
});
checkWritten("text beyond ASCII, bytes, empty objects", `${core}Secret`, {
  metadata: { name: "grüße 👋", annotations: { ключ: "", "": "x" } },
  data: { k: "aGk=", empty: "" },
});
checkWritten("times, ports, quantities, inlined messages", `${core}Pod`, {
  metadata: { name: "p", creationTimestamp: "2024-05-01T12:00:00Z", deletionTimestamp: "1969-12-31T23:59:59Z" },
  spec: {
    volumes: [{ name: "v", emptyDir: {} }],
    containers: [
      {
        name: "c",
        resources: { limits: { cpu: "100m", memory: "1Gi" } },
        readinessProbe: { httpGet: { port: "web" }, periodSeconds: 1 },
        livenessProbe: { tcpSocket: { port: 80 }, timeoutSeconds: 1 },
      },
    ],
  },
});
checkWritten("microseconds", "io.k8s.api.coordination.v1.LeaseSpec", { acquireTime: "2024-05-01T12:00:00.000001Z" });
checkWritten("owners of fields", `${meta}ManagedFieldsEntry`, { fieldsV1: { "f:spec": { 'k:{"name":"a"}': {} } } });
checkWritten("lists in a map", "io.k8s.api.authentication.v1.UserInfo", { extra: { a: ["x", "y"], b: ["z"] } });
checkWritten(
  "schemas of schemas",
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceValidation",
  {
    openAPIV3Schema: {
      type: "object",
      properties: {
        a: { type: "number", maximum: 1.5, default: { x: [1, null] }, enum: ["x", 1] },
        b: { additionalProperties: { type: "string" }, items: { type: "integer" } },
        c: { additionalProperties: true },
        d: { items: [{ type: "string" }, {}], dependencies: { e: ["f", "g"], h: { nullable: true } } },
      },
    },
  },
);
check("cut off", `${core}ConfigMap`, wire(0x0a, 5, 1), /unexpected EOF/);
check("a varint without end", `${core}Toleration`, wire(0x28, ...new Array(11).fill(0xff)), /integer overflow/);
check("a wrong wire type", `${core}LocalObjectReference`, wire(0x08, 1), /wrong wireType = 0 for field Name/);
check("tag zero", `${core}ConfigMap`, wire(0x00), /illegal tag 0/);

test("a body says what it is", () => {
  const body = Uint8Array.from([
    0x6b,
    0x38,
    0x73,
    0,
    ...wire(0x0a, wire(0x0a, "v1", 0x12, "Pod"), 0x12, "raw", 0x1a, "", 0x22, ""),
  ]);
  const { apiVersion, kind, raw } = openEnvelope(body);
  assert.deepEqual([apiVersion, kind, new TextDecoder().decode(raw)], ["v1", "Pod", "raw"]);
  assert.throws(() => openEnvelope(new TextEncoder().encode("{}")), /expected prefix \[107 56 115 0\]/);
  assert.throws(() => openEnvelope(new Uint8Array(0)), /empty data/);
});

test("a body is closed as it was opened", () => {
  for (const size of [0, 1, 200, 20_000]) {
    const raw = new Uint8Array(size).fill(7);
    const parts = sealEnvelope("apps/v1", "Deployment", [raw.subarray(0, size / 2), raw.subarray(size / 2)]);
    assert.deepEqual(openEnvelope(Buffer.concat(parts)), {
      apiVersion: "apps/v1",
      kind: "Deployment",
      raw: Buffer.from(raw),
    });
  }
});

test("every field of Kubernetes has its number, and each number one field", async () => {
  assert.equal(await definitionOfKind("apps/v1", "Deployment"), "io.k8s.api.apps.v1.Deployment");
  for (const [name, schema] of Object.entries(await loadDefinitions())) {
    if (!schema.properties || name.includes(".version.")) continue;
    assert.ok(hasProtobuf(name), name);
    const numbers = fieldNumbers(name)!.map((field) => field.number);
    assert.equal(new Set(numbers).size, numbers.length, `${name} uses a number twice`);
    const known = namesOf(name);
    // The envelope has the kind and the version.
    const wanted = Object.keys(schema.properties).filter((field) => field !== "kind" && field !== "apiVersion");
    assert.deepEqual([...new Set(wanted).difference(known)], [], `${name} lacks numbers`);
    assert.deepEqual([...known.difference(new Set(Object.keys(schema.properties)))], [], `${name} has no such fields`);
  }
});

function namesOf(message: string): Set<string> {
  const fields = fieldNumbers(message)!;
  return new Set(fields.flatMap((field) => ("inline" in field ? [...namesOf(field.inline)] : [field.name])));
}

/** Any value of a schema, and its bytes, by the rules of the wire alone. */
interface Sample {
  json: unknown;
  wireType: number;
  bytes: number[];
}

function sample(schema: Schema, depth: number): fc.Arbitrary<Sample> | undefined {
  if (schema.$ref !== undefined) return depth > 0 && isPlain(schema.$ref) ? message(schema.$ref, depth - 1) : undefined;
  if (schema.type === "string" && schema.format === "byte") {
    return fc
      .uint8Array({ maxLength: 9 })
      .map((raw) => ({ json: Buffer.from(raw).toString("base64"), wireType: 2, bytes: [...wire(raw)] }));
  }
  if (schema.type === "string") return fc.string().map((json) => ({ json, wireType: 2, bytes: [...wire(json)] }));
  if (schema.type === "boolean") return fc.boolean().map((json) => ({ json, wireType: 0, bytes: [json ? 1 : 0] }));
  if (schema.type !== "integer") return undefined;
  const numbers = schema.format === "int32" ? fc.integer() : fc.maxSafeInteger();
  return numbers.map((json) => ({ json, wireType: 0, bytes: varint(BigInt(json)) }));
}

const isPlain = (name: string) => definitions(name).properties !== undefined && hasProtobuf(name);

function message(definition: string, depth: number): fc.Arbitrary<Sample> {
  const { properties = {} } = definitions(definition);
  const fields: fc.Arbitrary<{ name: string; json: unknown; bytes: number[] } | undefined>[] = [];
  for (const field of fieldNumbers(definition)!) {
    if ("inline" in field) continue;
    const { name, number } = field;
    const schema = properties[name]!;
    const tagged = (each: Sample) => [...varint(BigInt(number * 8 + each.wireType)), ...each.bytes];
    const one = sample(schema, depth);
    const items = schema.items && sample(schema.items, depth);
    const values = typeof schema.additionalProperties === "object" && sample(schema.additionalProperties, depth);
    if (one)
      fields.push(
        fc.option(one, { nil: undefined }).map((each) => each && { name, json: each.json, bytes: tagged(each) }),
      );
    else if (items) {
      const list = fc.array(items, { minLength: 1, maxLength: 3 });
      fields.push(list.map((all) => ({ name, json: all.map((each) => each.json), bytes: all.flatMap(tagged) })));
    } else if (values) {
      const map = fc.uniqueArray(fc.tuple(fc.string(), values), {
        minLength: 1,
        maxLength: 3,
        selector: ([key]) => key,
      });
      fields.push(
        map.map((all) => ({
          name,
          json: Object.fromEntries(all.map(([key, each]) => [key, each.json])),
          bytes: all
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .flatMap(([key, each]) =>
              tagged({ json: 0, wireType: 2, bytes: [...wire(wire(0x0a, key, 16 + each.wireType, ...each.bytes))] }),
            ),
        })),
      );
    }
  }
  return fc.tuple(...fields).map((parts) => {
    const present = parts.filter((part) => part !== undefined);
    const bytes = present.flatMap((part) => part.bytes);
    const json = Object.fromEntries(present.map((part) => [part.name, part.json]));
    return { json, wireType: 2, bytes: [...wire(Uint8Array.from(bytes))] };
  });
}

test("what is written by the rules of the wire is read, and written the same", () => {
  for (const name of [
    `${core}Container`,
    `${core}ConfigMap`,
    `${core}Node`,
    "io.k8s.api.apps.v1.Deployment",
    "io.k8s.api.rbac.v1.ClusterRole",
  ]) {
    const property = fc.property(message(name, 2), ({ json, bytes }) => {
      const written = Uint8Array.from(bytes.slice(varintLength(bytes)));
      assert.deepEqual(protobufDecoder(name, definitions)(written), json);
      assert.deepEqual(protobufEncoder(name, definitions)(json as object), written);
    });
    fc.assert(property, { numRuns: 30 });
  }
});

const varintLength = (bytes: number[]) => bytes.findIndex((byte) => byte < 128) + 1;
