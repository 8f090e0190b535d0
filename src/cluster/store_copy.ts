import { packValue, unpackValue } from "../apiserver/mod.ts";
import type { Machine, Self } from "../host/mod.ts";
import { type Operation, openLmdbStore, type Store } from "../store/mod.ts";
import { type FlagTable, type ParsedFlags, parseFlags } from "./flags.ts";
import { etcdFlags, openEtcd } from "./store.ts";

const flags: FlagTable = {
  from: { type: "string", help: "The store to read" },
  to: { type: "string", help: "The store to write" },
  force: { type: "boolean", default: false, help: "Whether what is in the target already is replaced" },
  ...etcdFlags,
};

const usage = `Copies a cluster's state from one store to another, as it is at one moment. Stop the API servers of both first.

Usage:
  typernetes store copy --from STORE --to STORE [flags]

Stores:
  lmdb:DIR                          the directory of an API server's --data-dir, or its store
  etcd://HOST:PORT[,HOST:PORT]      an etcd cluster, or with TLS: https://HOST:PORT[,HOST:PORT]

Flags:
${Object.entries(flags)
  .map(([name, { help }]) => `  --${name.padEnd(20)} ${help}`)
  .join("\n")}

All resource versions are new afterwards: clients list again.
`;

/** All that is a cluster's. */
const prefix = "/registry/";

/** Operations of one transaction: etcd takes 128, and a request of a megabyte and a half. */
const operationsMax = 100;
const bytesMax = 1 << 20;

/** `typernetes store copy`. Gives the exit code. Throws for wrong flags and for stores that cannot be opened. */
export async function storeCommand(args: readonly string[], machine: Machine, self: Self): Promise<number> {
  const [command, ...rest] = args;
  if (command === undefined || command === "help" || rest.includes("--help") || rest.includes("-h")) {
    self.print(usage);
    return command === undefined ? 1 : 0;
  }
  if (command !== "copy") throw new Error(`unknown command ${JSON.stringify(command)} for "typernetes store"`);
  const given = parseFlags(rest, flags);
  const [from, to] = [given.string("from"), given.string("to")];
  if (!from || !to) throw new Error("store copy: --from and --to are needed");
  if (from === to) throw new Error("store copy: --from and --to are the same store");
  await using source = await openNamed("--from", from, given, machine);
  await using target = await openNamed("--to", to, given, machine);
  const { copied, revision } = await copyStore(source, target, given.boolean("force"));
  self.print(`copied ${copied} keys at revision ${revision}: ${from} to ${to}\n`);
  self.print(`verified: ${copied} keys in both, every value equal\n`);
  return 0;
}

interface NamedStore extends AsyncDisposable {
  store: Store;
  /** The value as this kind of store has it. */
  form(value: Uint8Array): Uint8Array;
}

async function openNamed(flag: string, name: string, given: ParsedFlags, machine: Machine): Promise<NamedStore> {
  const held = (store: Store, form: NamedStore["form"]): NamedStore => ({
    store,
    form,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  });
  if (name === "memory" || name.startsWith("memory:"))
    throw new Error(`${flag} ${name}: what is in memory is its process's only; wanted lmdb:DIR or etcd://HOST:PORT`);
  const lmdb = /^lmdb:(.+)$/.exec(name);
  if (lmdb) return held(await openLmdbStore(await lmdbDirectory(flag, lmdb[1]!, machine)), packValue);
  const etcd = /^(etcd|http|https):\/\/(.+)$/.exec(name);
  if (!etcd) throw new Error(`${flag} ${JSON.stringify(name)}: wanted lmdb:DIR, etcd://HOST:PORT or https://HOST:PORT`);
  const scheme = etcd[1] === "https" ? "https" : "http";
  const members = etcd[2]!.split(",").map((each) => `${scheme}://${each.replace(/^(etcd|https?):\/\//, "")}`);
  // Others read what is there: nothing is packed.
  return held(await openEtcd(members, given, machine), unpackValue);
}

/** The directory with the database: the one that is named, or `store` in it. A new target is made. */
async function lmdbDirectory(flag: string, path: string, { disk }: Machine): Promise<string> {
  for (const each of [path, `${path}/store`]) if (await disk.stat(`${each}/data.mdb`)) return each;
  if (flag === "--from") throw new Error(`${flag} lmdb:${path}: there is no store`);
  await disk.makeDirectory(`${path}/store`, { mode: 0o700 });
  return `${path}/store`;
}

/**
 * Copies all keys of the cluster as they are at one revision, and looks whether they have arrived. Throws if the target has
 * any already and `force` is not set, and if they are not the same afterwards.
 */
export async function copyStore(
  source: Pick<NamedStore, "store">,
  target: Pick<NamedStore, "store" | "form">,
  force: boolean,
): Promise<{ copied: number; revision: number }> {
  const before = await target.store.range(prefix, { limit: 1 });
  if (before.entries.length > 0 && !force)
    throw new Error(`the target has ${before.remaining + 1} keys already; --force replaces them`);
  const { entries, revision } = await source.store.snapshot(prefix);
  const wanted = new Map<string, Uint8Array>();
  for await (const { key, value } of entries) wanted.set(key, value);
  await write(
    target.store,
    [...wanted].map(([put, value]) => ({ put, value: target.form(unpackValue(value)) })),
  );
  if (before.entries.length > 0) {
    const present = await target.store.range(prefix);
    const extra = present.entries.filter(({ key }) => !wanted.has(key));
    await write(
      target.store,
      extra.map(({ key }) => ({ delete: key })),
    );
  }
  await verify(target.store, wanted);
  return { copied: wanted.size, revision };
}

async function write(store: Store, operations: readonly Operation[]): Promise<void> {
  let part: Operation[] = [];
  let bytes = 0;
  const flush = async () => {
    if (part.length > 0) await store.commit([], part);
    part = [];
    bytes = 0;
  };
  for (const operation of operations) {
    const length = "put" in operation ? operation.value.length : 0;
    if (part.length >= operationsMax || bytes + length > bytesMax) await flush();
    part.push(operation);
    bytes += length;
  }
  await flush();
}

async function verify(store: Store, wanted: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const { entries } = await store.snapshot(prefix);
  let count = 0;
  for await (const { key, value } of entries) {
    count++;
    const original = wanted.get(key);
    if (!original || !sameBytes(unpackValue(original), unpackValue(value)))
      throw new Error(`verification failed: ${JSON.stringify(key)} is not the same in both stores`);
  }
  if (count !== wanted.size)
    throw new Error(`verification failed: ${wanted.size} keys were copied, the target has ${count}`);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
