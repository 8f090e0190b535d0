import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { StatusError } from "../../../api/machinery/status.ts";
import type { HttpAnswer, HttpHandler, TlsIdentity } from "../../../base/http.ts";
import { type Client, inProcess } from "../../../client/mod.ts";
import { createAuthority, issueCertificate } from "../../../cluster/certificates.ts";
import { machine } from "../../../host/mod.ts";
import { openMemoryStore } from "../../../store/mod.ts";
import { createApiServer } from "../../mod.ts";

interface World {
  client: Client;
  handler: HttpHandler;
  /** The webhook's address: `https://127.0.0.1:12345`. */
  url: string;
  port: number;
  /** In base64. */
  caBundle: string;
  /** The reviews that came. */
  reviews: any[];
  /** What the webhook answers; the response to the review's request if it is no HttpAnswer. */
  answer: (request: any, path: string) => object | HttpAnswer | Promise<never>;
  failure(call: Promise<unknown>): Promise<string>;
}

const authority = await createAuthority("webhooks", Date.now());
const names = ["127.0.0.1", "hook.default.svc"];
const identity: TlsIdentity = await issueCertificate(authority, { commonName: "hook", names }, Date.now());

// Timeouts of one second come soon: no test waits for them.
const clock = {
  ...machine.clock,
  after: (ms: number, act: () => void) => machine.clock.after(ms === 1000 ? 50 : ms, act),
};

/** One behaviour, of a fresh server and a webhook behind real TLS. */
function check(what: string, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine, clock });
    const reviews: any[] = [];
    const world = { reviews, answer: () => ({ allowed: true }) } as unknown as World;
    await using listener = await machine.net.listenHttp(
      { host: "127.0.0.1", port: 0, tls: { identity } },
      async (request) => {
        let text = "";
        for await (const part of request.body as AsyncIterable<Uint8Array>) text += new TextDecoder().decode(part);
        const review = JSON.parse(text);
        reviews.push({ ...review, path: request.url });
        const answer: any = await world.answer(review.request, request.url);
        if ("status" in answer && "headers" in answer) return answer;
        const response = { uid: review.request.uid, ...answer };
        const { apiVersion, kind } = review;
        return json({ apiVersion, kind, response });
      },
    );
    const client = inProcess(server.handler, { username: "tester", groups: ["system:masters"] });
    const failure = (call: Promise<unknown>) =>
      call.then(
        () => "none",
        (error: unknown) =>
          error instanceof StatusError ? `${error.code} ${error.reason} ${error.message}` : String(error),
      );
    const { port } = listener;
    const caBundle = btoa(authority.certificate);
    await body(
      Object.assign(world, {
        client,
        handler: server.handler,
        failure,
        port,
        url: `https://127.0.0.1:${port}`,
        caBundle,
      }),
    );
  });
}

function json(body: object, status = 200): HttpAnswer {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return { status, headers: { "content-type": "application/json" }, body: { stream: once(bytes) } };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const kinds = { mutating: "MutatingWebhookConfiguration", validating: "ValidatingWebhookConfiguration" } as const;

/** Declares a webhook `x.example.com` for configmaps. */
async function declare(world: World, kind: keyof typeof kinds, more: object = {}): Promise<KubeObject> {
  const webhook = {
    name: "x.example.com",
    clientConfig: { url: `${world.url}/review`, caBundle: world.caBundle },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    timeoutSeconds: 5,
    ...more,
  };
  const plural = `${kind}webhookconfigurations.admissionregistration.k8s.io`;
  return world.client.create(plural, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: kinds[kind],
    metadata: { name: `hooks-${world.reviews.length}-${kind}` },
    webhooks: [webhook],
  });
}

const configMap = (name = "c", more: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...more },
});
const create = (world: World, object: object = configMap(), options = {}) =>
  world.client.create<KubeObject>("configmaps", object, options);
const patch = (...operations: object[]) => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: btoa(JSON.stringify(operations)),
});

check("a refusal is the webhook's, with its name", async (world) => {
  await declare(world, "validating");
  world.answer = () => ({ allowed: false, status: { code: 403, reason: "Forbidden", message: "no thanks" } });
  const denied = 'admission webhook "x.example.com" denied the request';
  assert.equal(await world.failure(create(world)), `403 Forbidden ${denied}: no thanks`);
  world.answer = () => ({ allowed: false });
  assert.equal(await world.failure(create(world)), `400  ${denied} without explanation`);
  world.answer = () => ({ allowed: false, status: { code: 200, reason: "Because" } });
  assert.equal(await world.failure(create(world)), `400 Because ${denied}: Because`);
});

check("a review tells who does what to which object", async (world) => {
  await declare(world, "validating");
  await create(world);
  await world.client.delete("configmaps", { namespace: "default", name: "c" });
  const [made, deleted] = world.reviews.map(({ request }) => request);
  assert.equal(world.reviews[0].path, "/review?timeout=5s");
  assert.deepEqual(made.kind, { group: "", version: "v1", kind: "ConfigMap" });
  assert.deepEqual(made.resource, { group: "", version: "v1", resource: "configmaps" });
  assert.equal(`${made.operation} ${made.namespace}/${made.name} ${made.dryRun}`, "CREATE default/c false");
  assert.deepEqual(made.userInfo, { username: "tester", groups: ["system:masters", "system:authenticated"] });
  assert.equal(made.object.metadata.name, "c");
  assert.equal(made.oldObject, null);
  assert.equal(made.options.kind, "CreateOptions");
  assert.equal(deleted.operation, "DELETE");
  assert.equal(deleted.object, null);
  assert.equal(deleted.oldObject.metadata.name, "c");
});

check("a patch changes what is stored, and the result is checked like any object", async (world) => {
  const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["services"] }];
  await declare(world, "mutating", { rules });
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "s", namespace: "default" },
    spec: { ports: [{ port: 80 }] },
  };
  world.answer = () => patch({ op: "add", path: "/spec/ports/-", value: { port: 81, name: "more" } });
  const refused = await world.failure(world.client.create("services", service));
  assert.equal(refused, '422 Invalid Service "s" is invalid: spec.ports[0].name: Required value');
  world.answer = () => patch({ op: "replace", path: "/spec/ports/0/port", value: 81 });
  const made = await world.client.create<KubeObject>("services", service);
  // The target port follows the port that was there when defaults were filled in first.
  assert.deepEqual(made.spec.ports, [{ protocol: "TCP", port: 81, targetPort: 80 }]);
});

check("a webhook's warnings come with the answer", async (world) => {
  await declare(world, "validating");
  world.answer = () => ({ allowed: true, warnings: ["mind the gap"] });
  const answer = await world.handler({
    method: "POST",
    url: "/api/v1/namespaces/default/configmaps",
    headers: { "content-type": "application/json" },
    body: { object: configMap() },
    user: { username: "tester", groups: ["system:masters"] },
    signal: new AbortController().signal,
  });
  assert.deepEqual(answer.headers.warning, ['299 - "mind the gap"']);
});

const calling = '500 InternalError Internal error occurred: failed calling webhook "x.example.com": ';

check("a webhook that nobody vouches for is not believed", async (world) => {
  const other = await createAuthority("somebody else", Date.now());
  const clientConfig = { url: world.url, caBundle: btoa(other.certificate) };
  await declare(world, "validating", { clientConfig });
  const why = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  assert.equal(
    await world.failure(create(world)),
    `${calling}failed to call webhook: Post "${world.url}?timeout=5s": ${why}`,
  );
  assert.equal(world.reviews.length, 0);
});

check("a webhook that hangs is waited for no longer than it says", async (world) => {
  await declare(world, "validating", { timeoutSeconds: 1 });
  world.answer = () => new Promise<never>(() => {});
  const why = `Post "${world.url}/review?timeout=1s": context deadline exceeded`;
  assert.equal(await world.failure(create(world)), `${calling}failed to call webhook: ${why}`);
});

check("what is no review is no verdict", async (world) => {
  await declare(world, "validating");
  const text = (body: string, status = 200): HttpAnswer => ({ ...json({}, status), ...json(JSON.parse(body), status) });
  const answers: [() => object, string][] = [
    [() => json({}), "received invalid webhook response: webhook response was absent"],
    [
      () => ({ uid: "other", allowed: true }),
      'received invalid webhook response: expected response.uid="UID", got "other"',
    ],
    [() => text("{}", 404), "failed to call webhook: the server could not find the requested resource"],
    [
      () => text('{"a":1}', 500),
      'failed to call webhook: an error on the server ("{\\"a\\":1}") has prevented the request from succeeding',
    ],
    [
      () => ({ ...json({}, 302), headers: { location: "https://127.0.0.1:1/" } }),
      "failed to call webhook: the server responded with the status code 302 but did not return more information",
    ],
    [
      () => ({ allowed: true, warnings: ["x".repeat(9 * 1024 * 1024)] }),
      "failed to call webhook: the answer is larger than 8388608 bytes",
    ],
  ];
  for (const [answer, why] of answers) {
    world.answer = answer;
    const got = (await world.failure(create(world))).replace(/uid="[0-9a-f-]{36}"/, 'uid="UID"');
    assert.equal(got, `${calling}${why}`);
  }
});

check("failures may be ignored, refusals may not", async (world) => {
  await declare(world, "validating", { failurePolicy: "Ignore", clientConfig: { url: "https://127.0.0.1:1/" } });
  await create(world);
  await declare(world, "mutating", { failurePolicy: "Ignore" });
  world.answer = () => ({ allowed: false });
  assert.match(await world.failure(create(world, configMap("d"))), /denied the request without explanation/);
});

check("nobody is locked out by a webhook that refuses everything", async (world) => {
  const rules = [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }];
  const made = await declare(world, "validating", { rules, clientConfig: { url: "https://127.0.0.1:1/" } });
  assert.match(await world.failure(create(world)), /connection refused/);
  const { name } = made.metadata;
  await world.client.delete("validatingwebhookconfigurations.admissionregistration.k8s.io", { name });
  await create(world);
});

check("selectors and match conditions choose", async (world) => {
  await declare(world, "validating", {
    objectSelector: { matchLabels: { look: "yes" } },
    matchConditions: [
      { name: "not-me", expression: "request.userInfo.username != 'tester' || object.metadata.name == 'b'" },
    ],
  });
  await create(world, configMap("a", { labels: { look: "yes" } }));
  await create(world, configMap("c"));
  await create(world, configMap("b", { labels: { look: "yes" } }));
  assert.deepEqual(
    world.reviews.map(({ request }) => request.name),
    ["b"],
  );
});

const hpaV1 = {
  group: "autoscaling",
  version: "v1",
  plural: "horizontalpodautoscalers",
  namespaced: true,
  kind: "HorizontalPodAutoscaler",
};

check("a webhook sees other versions of its resource, in its own", async (world) => {
  const rules = [
    {
      apiGroups: ["autoscaling"],
      apiVersions: ["v2"],
      operations: ["CREATE"],
      resources: ["horizontalpodautoscalers"],
    },
  ];
  await declare(world, "validating", { rules });
  await world.client.create(hpaV1, {
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h", namespace: "default" },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "d", apiVersion: "apps/v1" } },
  });
  const [{ request }] = world.reviews;
  assert.equal(request.object.apiVersion, "autoscaling/v2");
  assert.deepEqual(request.resource.version, "v2");
  assert.deepEqual(request.requestResource.version, "v1");
});

check("a webhook before others is asked again if it wants to know", async (world) => {
  await declare(world, "mutating", {
    reinvocationPolicy: "IfNeeded",
    clientConfig: { url: `${world.url}/first`, caBundle: world.caBundle },
  });
  world.reviews.push({});
  await declare(world, "mutating", {
    name: "y.example.com",
    clientConfig: { url: `${world.url}/second`, caBundle: world.caBundle },
  });
  world.reviews.pop();
  world.answer = (_, path) =>
    path.startsWith("/second") ? patch({ op: "add", path: "/data", value: { made: "by second" } }) : { allowed: true };
  await create(world);
  assert.deepEqual(
    world.reviews.map(({ path }) => path.split("?")[0]),
    ["/first", "/second", "/first"],
  );
  assert.deepEqual(world.reviews[2].request.object.data, { made: "by second" });
});

check("a service is called under its own name, wherever it is", async (world) => {
  const service = { namespace: "default", name: "hook", path: "/in", port: world.port };
  await declare(world, "validating", { clientConfig: { service, caBundle: world.caBundle } });
  const url = `https://hook.default.svc:${world.port}/in?timeout=5s`;
  const post = `${calling}failed to call webhook: Post "${url}"`;
  assert.equal(await world.failure(create(world)), `${post}: service "hook" not found`);
  const metadata = { name: "hook", namespace: "default" };
  const spec = { type: "ExternalName", externalName: "localhost" };
  await world.client.create("services", { apiVersion: "v1", kind: "Service", metadata, spec });
  await create(world);
  assert.equal(world.reviews[0].path, "/in?timeout=5s");
});
