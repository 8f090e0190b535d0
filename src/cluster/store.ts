import type { Disk } from "../base/world.ts";
import { type Machine, rpcClient } from "../host/mod.ts";
import { etcdProto, openEtcdStore, openLmdbStore, openMemoryStore, type Store } from "../store/mod.ts";
import type { FlagTable, ParsedFlags } from "./flags.ts";

/** Flags that say where an etcd is, named as kube-apiserver's. */
export const etcdFlags: FlagTable = {
  "etcd-cafile": { type: "string", help: "PEM bundle that etcd's certificates are checked against" },
  "etcd-certfile": { type: "string", help: "PEM certificate to show to etcd" },
  "etcd-keyfile": { type: "string", help: "PEM key of --etcd-certfile" },
  "etcd-prefix": { type: "string", default: "/registry", help: "What all keys in etcd begin with" },
};

/** How often an idle connection to etcd is tried whether it lives, in milliseconds, as kube-apiserver does. */
const keepaliveMs = 30_000;

/** Opens the store that the flags of `typernetes apiserver` name: etcd, a directory, or memory. */
export async function openFlaggedStore(flags: ParsedFlags, machine: Machine): Promise<Store> {
  const { disk } = machine;
  const servers = flags.strings("etcd-servers").filter(Boolean);
  const dataDir = flags.string("data-dir");
  if (servers.length > 0) return openEtcd(servers, flags, machine);
  if (!dataDir) return openMemoryStore();
  await disk.makeDirectory(`${dataDir}/store`, { mode: 0o700 });
  return openLmdbStore(`${dataDir}/store`, disk);
}

/** Opens an etcd cluster by its members' URLs (`https://host:2379`). Throws for anything else, and for missing files. */
export async function openEtcd(servers: readonly string[], flags: ParsedFlags, machine: Machine): Promise<Store> {
  const tls = await tlsOf(flags, machine.disk);
  const members = servers.map((server) => {
    const { scheme, endpoint } = parseServer(server);
    const credentials = scheme === "https" ? tls : undefined;
    return { endpoint, rpc: rpcClient({ target: endpoint, protos: [etcdProto], credentials, keepaliveMs }) };
  });
  const theirs = `${flags.string("etcd-prefix")!.replace(/^\/?/, "/").replace(/\/+$/, "")}/`;
  return openEtcdStore({ members, clock: machine.clock, prefix: { ours: "/registry/", theirs } });
}

function parseServer(server: string): { scheme: "http" | "https"; endpoint: string } {
  const match = /^(https?):\/\/([^/?#]+)\/?$/.exec(server);
  if (!match) throw new Error(`etcd server ${JSON.stringify(server)}: wanted a URL such as https://127.0.0.1:2379`);
  const host = match[2]!;
  return { scheme: match[1] as "http" | "https", endpoint: /:\d+$/.test(host) ? host : `${host}:2379` };
}

async function tlsOf(flags: ParsedFlags, disk: Disk): Promise<{ ca?: string; certificate?: string; key?: string }> {
  const file = (name: string) => {
    const path = flags.string(name);
    return path ? disk.readText(path) : undefined;
  };
  const [ca, certificate, key] = await Promise.all(["etcd-cafile", "etcd-certfile", "etcd-keyfile"].map(file));
  if ((certificate === undefined) !== (key === undefined))
    throw new Error("etcd: --etcd-certfile and --etcd-keyfile are needed together");
  return { ca, certificate, key };
}
