// Objects of one version in another: by their name alone, or through a webhook ("Versions in CustomResourceDefinitions").

import type { Definition, DefinitionConversion, WebhookClientConfig } from "../../api/apiextensions/types.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { StatusError } from "../../api/machinery/status.ts";
import { sameJson } from "../../base/equal.ts";
import type { Net } from "../../base/http.ts";
import { uuid } from "../../base/uuid.ts";
import type { Random } from "../../base/world.ts";
import type { Registry } from "../registry/scope.ts";
import { webhookPoster } from "../services/webhook.ts";

/** Gives objects in a version; those that are in it already stay as they are. Rejects with a StatusError. */
export type Converter = (
  objects: readonly KubeObject[],
  apiVersion: string,
) => readonly KubeObject[] | Promise<readonly KubeObject[]>;

/** How long a conversion webhook may take, in seconds. */
const conversionSeconds = 30;

/** How much of an answer is read, in bytes: a list of the largest objects. */
const answerBytesMax = 256 * 1024 * 1024;

/** Posts a ConversionReview and gives the answer's JSON. Rejects with an Error in Go's words. */
export type WebhookCaller = (config: WebhookClientConfig, review: object) => Promise<unknown>;

/** A caller of conversion webhooks until it is disposed of. `timeoutSeconds` is for tests. */
export function webhookCaller(
  registry: () => Registry,
  net: Net,
  timeoutSeconds = conversionSeconds,
): WebhookCaller & Disposable {
  const post = webhookPoster(registry, net, { userAgent: "kube-apiserver", answerBytesMax });
  // Nobody's request is waited for: several may read what one conversion made.
  const { signal } = new AbortController();
  const call: WebhookCaller = (config, review) => post(config, review, { timeoutSeconds, signal });
  return Object.assign(call, { [Symbol.dispose]: () => post[Symbol.dispose]() });
}

/** The converter that a definition asks for. */
export function converterOf(definition: Definition, call: WebhookCaller, random: Random): Converter {
  const { conversion } = definition.spec;
  if (conversion?.strategy !== "Webhook") return renameAll;
  return (objects, apiVersion) => {
    const wanted = objects.filter((object) => object.apiVersion !== apiVersion);
    if (wanted.length === 0) return objects;
    return convertByWebhook(wanted, apiVersion, conversion, call, random).then((converted) => {
      const next = converted[Symbol.iterator]();
      return objects.map((object) => (object.apiVersion === apiVersion ? object : next.next().value!));
    });
  };
}

/** Strategy None: all versions have the same fields. */
const renameAll: Converter = (objects, apiVersion) =>
  objects.map((object) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }));

async function convertByWebhook(
  objects: readonly KubeObject[],
  apiVersion: string,
  { webhook }: DefinitionConversion,
  call: WebhookCaller,
  random: Random,
): Promise<KubeObject[]> {
  const [first] = objects as [KubeObject, ...KubeObject[]];
  const what = `${first.apiVersion}, Kind=${first.kind}`;
  const fail = (why: string): never => {
    throw new StatusError({ code: 500, message: `conversion webhook for ${what} ${why}` });
  };
  const reviewVersion = webhook?.conversionReviewVersions?.find((each) => each === "v1" || each === "v1beta1");
  if (!reviewVersion) throw new StatusError({ code: 500, message: "no supported conversion review versions" });
  const uid = uuid(random);
  const review = {
    kind: "ConversionReview",
    apiVersion: `apiextensions.k8s.io/${reviewVersion}`,
    request: { uid, desiredAPIVersion: apiVersion, objects },
  };
  let converted: unknown[] = [];
  try {
    converted = convertedOf(await call(webhook!.clientConfig!, review), reviewVersion, uid);
  } catch (error) {
    fail(`failed: ${(error as Error).message}`);
  }
  if (converted.length !== objects.length) fail(`returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((object, index) => {
    const given = converted[index] as Partial<KubeObject> | null;
    const invalid = invalidAnswer(object, given, apiVersion);
    if (invalid) fail(`returned invalid converted object at index ${index}: ${invalid}`);
    return withMetadata(object, given as KubeObject, (why) =>
      fail(`returned invalid metadata in object at index ${index}: ${why}`),
    );
  });
}

/** The objects of a webhook's answer. Throws an Error that says what is wrong with it. */
function convertedOf(answer: any, reviewVersion: string, uid: string): unknown[] {
  const expected = `apiextensions.k8s.io/${reviewVersion}, Kind=ConversionReview`;
  const actual = `${answer?.apiVersion ?? ""}, Kind=${answer?.kind ?? ""}`;
  if (reviewVersion === "v1" && actual !== expected)
    throw new Error(`expected webhook response of ${expected}, got ${actual}`);
  const response = answer?.response;
  if (!response) throw new Error("no response provided");
  if (reviewVersion === "v1" && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`);
  const { status = "", message = "" } = response.result ?? {};
  if (status !== "Success") throw new Error(message || `response.result.status was '${status}', not 'Success'`);
  return response.convertedObjects ?? [];
}

/** What a webhook must not change; undefined if it didn't. */
function invalidAnswer(object: KubeObject, given: Partial<KubeObject> | null, apiVersion: string): string | undefined {
  if (typeof given !== "object" || given === null) return "Object 'Kind' is missing in 'null'";
  if (given.apiVersion !== apiVersion)
    return `invalid groupVersion (expected ${apiVersion}, received ${given.apiVersion ?? ""})`;
  if (given.kind !== object.kind) return `invalid kind (expected ${object.kind}, received ${given.kind ?? ""})`;
  for (const [field, word] of [
    ["name", "name"],
    ["namespace", "namespace"],
    ["uid", "UID"],
  ] as const) {
    const [before, after] = [object.metadata[field] ?? "", given.metadata?.[field] ?? ""];
    if (before !== after) return `must have the same ${word}: ${before} != ${after}`;
  }
  return undefined;
}

/** A webhook changes labels and annotations; of all other metadata the original stands. */
function withMetadata(object: KubeObject, given: KubeObject, fail: (why: string) => never): KubeObject {
  const { labels, annotations } = given.metadata;
  for (const [field, map] of [
    ["labels", labels],
    ["annotations", annotations],
  ] as const) {
    if (map === undefined || map === null) continue;
    const isTexts = typeof map === "object" && Object.values(map).every((value) => typeof value === "string");
    if (!isTexts) fail(`metadata.${field}: Invalid value: ${JSON.stringify(map)}: must be a map of strings`);
  }
  const metadata = { ...object.metadata };
  if (!sameJson(labels ?? undefined, metadata.labels)) metadata.labels = labels;
  if (!sameJson(annotations ?? undefined, metadata.annotations)) metadata.annotations = annotations;
  if (!metadata.labels) delete metadata.labels;
  if (!metadata.annotations) delete metadata.annotations;
  return { ...given, kind: object.kind, apiVersion: given.apiVersion, metadata };
}
