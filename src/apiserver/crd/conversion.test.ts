import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { ByteStream } from "../../base/http.ts";
import { machine, machineNet } from "../../host/mod.ts";
import type { Registry } from "../registry/scope.ts";
import { converterOf, webhookCaller } from "./conversion.ts";

const object = (version: string, spec: object = {}): KubeObject =>
  ({
    apiVersion: `example.com/${version}`,
    kind: "Widget",
    metadata: { name: "a", uid: "1" },
    spec,
  }) as unknown as KubeObject;

/** What converting one object through a webhook that answers so comes to. */
async function convert(answer: (review: any) => unknown): Promise<string | KubeObject> {
  const definition = {
    spec: { conversion: { strategy: "Webhook", webhook: { clientConfig: {}, conversionReviewVersions: ["v1"] } } },
  };
  const converter = converterOf(definition as never, async (_, review) => answer(review), machine.random);
  try {
    return (await converter([object("v1", { x: 1 })], "example.com/v2"))[0]!;
  } catch (error) {
    return (error as Error).message;
  }
}

const reviewed = (review: any, response: object) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "ConversionReview",
  response: { uid: review.request.uid, result: { status: "Success" }, ...response },
});
const failed = "conversion webhook for example.com/v1, Kind=Widget ";

test("a webhook converts, and changes labels and annotations of metadata only", async () => {
  const converted = await convert((review) => {
    const [given] = review.request.objects;
    const metadata = { ...given.metadata, labels: { a: "b" }, finalizers: ["x/y"] };
    return reviewed(review, {
      convertedObjects: [{ ...given, apiVersion: "example.com/v2", metadata, spec: { y: 1 } }],
    });
  });
  assert.deepEqual(converted, {
    apiVersion: "example.com/v2",
    kind: "Widget",
    metadata: { name: "a", uid: "1", labels: { a: "b" } },
    spec: { y: 1 },
  });
});

for (const [what, answer, message] of [
  [
    "nothing",
    () => ({}),
    "failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got , Kind=",
  ],
  ["a refusal", (review: any) => reviewed(review, { result: { status: "Failed", message: "no" } }), "failed: no"],
  ["too few objects", (review: any) => reviewed(review, { convertedObjects: [] }), "returned 0 objects, expected 1"],
  [
    "another version",
    (review: any) => reviewed(review, { convertedObjects: [object("v3")] }),
    "returned invalid converted object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v3)",
  ],
  [
    "another name",
    (review: any) => reviewed(review, { convertedObjects: [{ ...object("v2"), metadata: { name: "b", uid: "1" } }] }),
    "returned invalid converted object at index 0: must have the same name: a != b",
  ],
] as const) {
  test(`a webhook that answers ${what}`, async () => assert.equal(await convert(answer), failed + message));
}

test("a webhook that hangs is given up", async () => {
  // Takes connections and says nothing.
  const streams: ByteStream[] = [];
  const listener = await machineNet.listenTcp({ host: "127.0.0.1", port: 0 }, (stream) => void streams.push(stream));
  const alive = setInterval(() => {}, 1_000);
  using call = webhookCaller(() => ({ clock: machine.clock }) as unknown as Registry, machineNet, 0.05);
  const config = { url: `https://127.0.0.1:${listener.port}/convert` };
  await assert.rejects(
    call(config, {}),
    /^Error: Post "https:\/\/127.0.0.1:\d+\/convert\?timeout=0.05s": context deadline exceeded$/,
  );
  clearInterval(alive);
  for (const stream of streams) stream.close();
  await listener[Symbol.asyncDispose]();
});
