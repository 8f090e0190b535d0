// Parts of objects that are written apart can be applied like the objects themselves.

import assert from "node:assert/strict";
import { test } from "node:test";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { type Answered, ask, masters } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";

const core = "/api/v1/namespaces/default";

type Apply = (path: string, manager: string, body: object) => Promise<Answered>;

/** One behaviour, of a fresh server with a pod. */
function check(what: string, body: (apply: Apply) => Promise<void>): void {
  test(what, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    const user = masters;
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
    await ask(server, { path: `${core}/serviceaccounts`, body: account, user });
    const pod = { ...head, spec: { containers: [{ ...sized("1"), image: "i" }] } };
    assert.equal((await ask(server, { path: `${core}/pods`, body: pod, user })).code, 201);
    const headers = { "content-type": "application/apply-patch+yaml" };
    await body((path, manager, sent) =>
      ask(server, { method: "PATCH", path: `${path}?fieldManager=${manager}`, headers, body: sent, user }),
    );
  });
}

const head = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" } };
const sized = (cpu: string) => ({ name: "c", resources: { requests: { cpu }, limits: { cpu } } });
const managers = ({ body }: Answered): string[] =>
  body.metadata.managedFields.map((each: any) =>
    [each.manager, each.operation, each.subresource].filter(Boolean).join(" "),
  );

check("a resize is owned by who applied it, and refused to others", async (apply) => {
  const resize = (manager: string, cpu: string) =>
    apply(`${core}/pods/p/resize`, manager, { ...head, spec: { containers: [sized(cpu)] } });
  const refused = await resize("one", "2");
  assert.equal(refused.code, 409, "whoever made the pod owns its resources");
  const { code, body } = await apply(`${core}/pods/p/resize`, "one&force=true", {
    ...head,
    spec: { containers: [sized("2")] },
  });
  assert.equal(code, 200, body.message);
  assert.deepEqual(body.spec.containers[0].resources.requests, { cpu: "2" });
  assert.equal(body.spec.containers[0].image, "i");
  assert.ok(managers({ code, body }).includes("one Apply resize"), String(managers({ code, body })));
  const other = await resize("other", "3");
  assert.equal(other.code, 409);
  assert.match(other.body.message, /conflicts? with "one" with subresource "resize"/);
});

check("ephemeral containers are added", async (apply) => {
  const container = { name: "debug", image: "i", targetContainerName: "c" };
  const answer = await apply(`${core}/pods/p/ephemeralcontainers`, "one", {
    ...head,
    spec: { ephemeralContainers: [container] },
  });
  assert.equal(answer.code, 200, answer.body.message);
  assert.equal(answer.body.spec.ephemeralContainers[0].targetContainerName, "c");
  assert.ok(managers(answer).includes("one Apply ephemeralcontainers"));
  const changed = await apply(`${core}/pods/p/ephemeralcontainers`, "one", {
    ...head,
    spec: { ephemeralContainers: [{ ...container, image: "other" }] },
  });
  assert.equal(changed.code, 422);
});

check("what is no configuration of the kind is refused", async (apply) => {
  const other = { ...head, kind: "ConfigMap" };
  assert.equal((await apply(`${core}/pods/p/resize`, "one", other)).code, 400);
  assert.equal((await apply(`${core}/pods/p/resize`, "", { ...head, spec: {} })).code, 422);
});
