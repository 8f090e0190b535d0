import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startEtcd } from "../../tools/etcd.ts";
import { createApiServer } from "../apiserver/mod.ts";
import { inProcess } from "../client/mod.ts";
import { machine, type Self } from "../host/mod.ts";
import { openLmdbStore } from "../store/mod.ts";
import { runCommand } from "./commands.ts";
import { encryptionFlags, encryptionOf } from "./encryption.ts";
import { parseFlags } from "./flags.ts";
import { etcdFlags, openEtcd } from "./store.ts";

/** Runs `typernetes store …` and gives what a user sees. */
async function run(...args: string[]): Promise<string> {
  const out: string[] = [];
  const print = (text: string) => void out.push(text);
  const code = await runCommand("store", args, machine, { print, printError: print } as unknown as Self);
  return `${out.join("")}exit ${code}`;
}

const admin = { username: "admin", groups: ["system:masters"] };

test("store copy: a cluster goes from lmdb to etcd and back", async () => {
  const directory = mkdtempSync(join(tmpdir(), "copy-"));
  await using etcd = await startEtcd();
  try {
    const wide = "x".repeat(2_000);
    let keys: number;
    {
      await using store = await openLmdbStore(join(directory, "a"));
      await using server = await createApiServer({ store, ...machine });
      const client = inProcess(server.handler, admin);
      for (let index = 0; index < 150; index++) {
        const metadata = { name: `x${index}`, namespace: "default" };
        await client.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data: { wide } });
      }
      keys = (await store.range("/registry/")).entries.length;
    }
    const [a, b, there] = [`lmdb:${directory}/a`, `lmdb:${directory}/b`, `etcd://${etcd.endpoints[0]}`];
    assert.match(
      await run("copy", "--from", a, "--to", there),
      new RegExp(`^copied ${keys} keys at .*\n.*equal\nexit 0$`),
    );
    const flags = parseFlags([], etcdFlags);
    await using store = await openEtcd([`http://${etcd.endpoints[0]}`], flags, machine);
    // Others read it: it is plain JSON.
    const { entry } = await store.get("/registry/configmaps/default/x7");
    assert.equal(JSON.parse(new TextDecoder().decode(entry!.value)).data.wide, wide);
    assert.match(
      await run("copy", "--from", a, "--to", there),
      /the target has \d+ keys already; --force replaces them\nexit 1/,
    );
    await store.commit(
      [],
      [{ put: "/registry/extra", value: new Uint8Array([1]) }, { delete: "/registry/configmaps/default/x7" }],
    );
    assert.match(await run("copy", "--from", a, "--to", there, "--force"), new RegExp(`verified: ${keys} keys`));
    assert.match(await run("copy", "--from", there, "--to", b), new RegExp(`verified: ${keys} keys.*\nexit 0`));
    await using back = await openLmdbStore(join(directory, "b", "store"));
    await using server = await createApiServer({ store: back, ...machine });
    const client = inProcess(server.handler, admin);
    const got: any = await client.get("configmaps", { name: "x7", namespace: "default" });
    assert.equal(got.data.wide, wide);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("store copy: what it refuses", async () => {
  assert.match(await run("copy", "--from", "memory", "--to", "etcd://127.0.0.1:1"), /--from memory: .*\nexit 1/);
  assert.match(await run("copy", "--from", "lmdb:/nowhere", "--to", "etcd://127.0.0.1:1"), /there is no store\nexit 1/);
  assert.match(await run("copy", "--from", "x", "--to", "lmdb:/y"), /wanted lmdb:DIR.*\nexit 1/);
  assert.match(await run("copy", "--to", "lmdb:/y"), /--from and --to are needed\nexit 1/);
  assert.match(await run("move"), /unknown command "move" for "typernetes store"\nexit 1/);
  assert.match(await run("copy", "--help"), /Usage:\n.*store copy --from[\s\S]*exit 0/);
});

test("the encryption's file is followed as it changes, and a bad one is told and left", async () => {
  const directory = mkdtempSync(join(tmpdir(), "encryption-"));
  try {
    const path = join(directory, "config.yaml");
    const head = "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n";
    const put = (resource: string) =>
      machine.disk.replace(path, `${head}- {resources: [${resource}], providers: [{identity: {}}]}\n`);
    await put("secrets");
    const told: unknown[] = [];
    const args = [`--encryption-provider-config=${path}`, "--encryption-provider-config-automatic-reload"];
    const flags = parseFlags(args, { ...encryptionFlags, "etcd-servers": { type: "strings", help: "" } });
    using followed = await encryptionOf(flags, machine.disk, (error) => told.push(error));
    const first = () => followed!.encryption.rules[0]!.resources[0];
    const until = async (holds: () => boolean) => {
      while (!holds()) await machine.clock.sleep(5);
    };
    assert.equal(first(), "secrets");
    await put("configmaps");
    await until(() => first() === "configmaps");
    writeFileSync(path, "kind: Nonsense\n");
    await until(() => told.length > 0);
    assert.equal(first(), "configmaps");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
