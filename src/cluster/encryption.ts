import { type Encryption, parseEncryptionConfig } from "../apiserver/mod.ts";
import type { Disk } from "../base/world.ts";
import type { FlagTable, ParsedFlags } from "./flags.ts";

/** Flags of encryption at rest, named as kube-apiserver's. */
export const encryptionFlags: FlagTable = {
  "encryption-provider-config": { type: "string", help: "EncryptionConfiguration: how what is stored is encrypted" },
  "encryption-provider-config-automatic-reload": {
    type: "boolean",
    default: false,
    help: "Whether changes of that file are taken over while the server runs",
  },
};

/** What the flags say, followed as the file changes if they say so. Undefined without a file; throws for a bad one. */
export async function encryptionOf(
  flags: ParsedFlags,
  disk: Disk,
  report: (error: unknown) => void,
): Promise<({ encryption: Encryption } & Disposable) | undefined> {
  const path = flags.string("encryption-provider-config");
  const reload = flags.boolean("encryption-provider-config-automatic-reload");
  if (!path) {
    if (!reload) return undefined;
    throw new Error("--encryption-provider-config-automatic-reload is nothing without --encryption-provider-config");
  }
  const read = async () => parseEncryptionConfig(await disk.readText(path));
  const etcdPrefix = flags.strings("etcd-servers").length > 0 ? flags.string("etcd-prefix") : undefined;
  const encryption: Encryption = { rules: await read(), ...(etcdPrefix ? { prefix: etcdPrefix } : {}) };
  if (!reload) return { encryption, [Symbol.dispose]() {} };
  // The folder: files are mostly replaced, not written.
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  let text = await disk.readText(path);
  const changed = async () => {
    const now = await disk.readText(path);
    if (now === text) return;
    text = now;
    // What is wrong is told, and the last good one stays.
    encryption.rules = parseEncryptionConfig(now);
  };
  const watch = disk.watch(folder, () => void changed().catch(report));
  return { encryption, [Symbol.dispose]: () => watch[Symbol.dispose]() };
}
