import assert from "node:assert/strict";
import { test } from "node:test";
import { inProcess } from "../../client/mod.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore, type Store } from "../../store/mod.ts";
import { createApiServer } from "../mod.ts";
import { parseEncryptionConfig, ruleFor } from "./config.ts";
import type { Encryption } from "./store.ts";
import { transformerOf } from "./transform.ts";

const secretOf = (fill: number, length = 32) => btoa(String.fromCharCode(...new Uint8Array(length).fill(fill)));

/** A configuration for secrets: `aesgcm:a=1,b=2 identity`. */
function config(providers: string, resources = "[secrets]"): string {
  const lines = providers.split(" ").map((each) => {
    const [kind, keys] = each.split(":");
    if (!keys) return `  - ${kind}: {}`;
    const list = keys.split(",").map((key) => {
      const [name, fill] = key.split("=");
      return `{name: ${name}, secret: ${secretOf(Number(fill))}}`;
    });
    return `  - ${kind}: {keys: [${list.join(", ")}]}`;
  });
  const head = "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:";
  return [head, `- resources: ${resources}`, "  providers:", ...lines].join("\n");
}

const rulesOf = (providers: string) => parseEncryptionConfig(config(providers));
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => String.fromCharCode(...value);

function refuses(what: string, yaml: string, wanted: RegExp): void {
  test(`a configuration is refused: ${what}`, () => assert.throws(() => parseEncryptionConfig(yaml), wanted));
}

refuses("another kind", "kind: Config\napiVersion: v1\nresources: []", /wanted kind EncryptionConfiguration/);
refuses("an unknown field", `${config("identity")}\nmore: 1`, /unknown field "more"/);
refuses("kms", config("kms"), /not supported yet: resources\[0\]\.providers\[0\]\.kms/);
refuses(
  "a short key",
  config("aescbc:a=1").replace(secretOf(1), secretOf(1, 5)),
  /got 5, expected one of \[16 24 32\]/,
);
refuses(
  "a short secretbox",
  config("secretbox:a=1").replace(secretOf(1), secretOf(1, 16)),
  /got 16, expected one of \[32\]/,
);
refuses("two keys of a name", config("aescbc:a=1,a=2"), /two keys of one name/);
refuses("no base64", config("aescbc:a=1").replace(secretOf(1), '"%%"'), /must be base64 encoded/);
refuses("a bad wildcard", config("identity", '["sec*"]'), /use '\*\.<group>'/);

test("a resource falls under the first rule that covers it", () => {
  const names = [["secrets"], ["*.apps", "pandas.example.com"], ["*."], ["*.*"]];
  const rules = names.map((resources) => ({ resources, providers: [] }));
  const found = (resource: string) => ruleFor(rules, resource)?.resources[0];
  assert.deepEqual(["secrets", "deployments.apps", "pandas.example.com", "configmaps", "jobs.batch"].map(found), [
    "secrets",
    "*.apps",
    "*.apps",
    "*.",
    "*.*",
  ]);
  assert.equal(ruleFor(rules.slice(0, 1), "configmaps"), undefined);
});

for (const kind of ["aescbc", "aesgcm", "secretbox"]) {
  test(`${kind}: Kubernetes' prefix, and what was tampered with is refused`, async () => {
    const [rule] = rulesOf(`${kind}:key1=1 identity`);
    const transformer = transformerOf(rule!, machine.random);
    const key = "/registry/secrets/default/a";
    const stored = await transformer.encrypt(key, bytes("hunter2 hunter2 hunter2"));
    assert.ok(text(stored).startsWith(`k8s:enc:${kind}:v1:key1:`));
    assert.ok(!text(stored).includes("hunter2"));
    assert.deepEqual(await transformer.decrypt(key, stored), { value: bytes("hunter2 hunter2 hunter2"), stale: false });
    const refused = /^Error: unable to transform key "\/registry\/secrets\/default\/a": /;
    const shorter = [stored.length - 1, stored.length - 16, 40, 20].map((length) => stored.subarray(0, length));
    for (const part of shorter) {
      const read = transformer.decrypt(key, part);
      // CBC authenticates nothing: a text cut at a block may, one time in 256, look whole. It is never the same.
      if (kind !== "aescbc" || part.length === stored.length - 1) await assert.rejects(read, refused);
      else
        await read.then(
          ({ value }) => assert.notEqual(text(value), "hunter2 hunter2 hunter2"),
          (error) => assert.match(String(error), refused),
        );
    }
    if (kind !== "aescbc") {
      for (const at of [stored.length - 1, stored.length - 20, `k8s:enc:${kind}:v1:key1:`.length]) {
        const wrong = new Uint8Array(stored);
        wrong[at]! ^= 1;
        await assert.rejects(transformer.decrypt(key, wrong), refused);
      }
      const [other] = rulesOf(`${kind}:key1=2`);
      await assert.rejects(transformerOf(other!, machine.random).decrypt(key, stored), refused);
    }
    const [renamed] = rulesOf(`${kind}:key2=1 identity`);
    await assert.rejects(transformerOf(renamed!, machine.random).decrypt(key, stored), /no matching prefix found/);
  });
}

test("aesgcm: a value is bound to its key in the store", async () => {
  const transformer = transformerOf(rulesOf("aesgcm:a=1")[0]!, machine.random);
  const stored = await transformer.encrypt("/registry/secrets/default/a", bytes("x"));
  await assert.rejects(transformer.decrypt("/registry/secrets/default/b", stored), /"\/registry\/secrets\/default\/b"/);
});

test("secretbox: the box that NaCl makes", async () => {
  // From the test of NaCl's own (tests/secretbox.c): the first bytes of its box, tag first.
  const hex = (digits: string) => Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  const secret = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
  const nonce = hex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37");
  const rule = { providers: [{ kind: "secretbox" as const, keys: [{ name: "k", secret }] }] };
  const random = { next: () => 0, bytes: () => nonce };
  const message = hex(
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705",
  );
  const stored = await transformerOf(rule, random).encrypt("/a", message);
  const box = stored.subarray("k8s:enc:secretbox:v1:k:".length + nonce.length);
  assert.deepEqual(box.subarray(0, 32), hex("f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce"));
});

async function serve(store: Store, encryption: Encryption) {
  const server = await createApiServer({ store, ...machine, encryption });
  return { server, client: inProcess(server.handler, { username: "admin", groups: ["system:masters"] }) };
}

const where = { name: "a", namespace: "default" };
const secret = { apiVersion: "v1", kind: "Secret", metadata: where, data: { password: btoa("hunter2") } };

/** What the store has at a key, in letters. */
async function raw(store: Store, key = "/registry/secrets/default/a"): Promise<string> {
  return text((await store.get(key)).entry!.value);
}

test("the store never holds a secret's text, and keys are rotated by writing what is there", async () => {
  await using store = await openMemoryStore();
  const encryption: Encryption = { rules: rulesOf("identity") };
  const { server, client } = await serve(store, encryption);
  await using _server = server;
  await client.create("secrets", secret);
  const replace = async () => client.update("secrets", await client.get<any>("secrets", where));
  encryption.rules = rulesOf("aescbc:one=1 identity");
  await replace();
  assert.match(await raw(store), /^k8s:enc:aescbc:v1:one:/);
  assert.ok(!(await raw(store)).includes(btoa("hunter2")));
  const written = await store.revision();
  await replace();
  assert.equal(await store.revision(), written, "what is not stale is not written");
  encryption.rules = rulesOf("secretbox:two=2 aescbc:one=1");
  await replace();
  assert.match(await raw(store), /^k8s:enc:secretbox:v1:two:/);
  encryption.rules = rulesOf("secretbox:three=3,two=2");
  await client.patch("secrets", where, "merge", {});
  assert.match(await raw(store), /^k8s:enc:secretbox:v1:three:/);
  const present: any = await client.get("secrets", where);
  assert.equal(atob(present.data.password), "hunter2");
  await client.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata: where, data: { a: "b" } });
  assert.doesNotMatch(await raw(store, "/registry/configmaps/default/a"), /^k8s:enc/);
});

test("what cannot be read is told by its key, and hides nothing else", async () => {
  await using store = await openMemoryStore();
  {
    const { server, client } = await serve(store, { rules: rulesOf("aesgcm:one=1") });
    await using _server = server;
    await client.create("secrets", secret);
    await client.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } });
    await client.create("secrets", { ...secret, metadata: { name: "b", namespace: "other" } });
  }
  const value = (await store.get("/registry/secrets/default/a")).entry!.value;
  // Somebody puts another secret's bytes in its place.
  await store.commit(
    [],
    [{ put: "/registry/secrets/default/stolen", value }, { delete: "/registry/secrets/default/a" }],
  );
  const { server, client } = await serve(store, { rules: rulesOf("aesgcm:one=1") });
  await using _server = server;
  const told = /Internal error occurred: unable to transform key "\/registry\/secrets\/default\/stolen": /;
  await assert.rejects(client.list("secrets"), told);
  await assert.rejects(client.get("secrets", { name: "stolen", namespace: "default" }), told);
  await assert.rejects(client.delete("secrets", { name: "stolen", namespace: "default" }), told);
  assert.equal((await client.list("secrets", { namespace: "other" })).items.length, 1);
  await assert.rejects(
    client.create("secrets", { ...secret, metadata: { ...where, name: "stolen" } }),
    /stolen|exists/,
  );
});
