import type { KubeObject } from "../api/machinery/object.ts";
import { accessFrom, overHttp, parseKubeconfig } from "../client/mod.ts";
import type { Machine, Self } from "../host/mod.ts";
import { type FlagTable, parseFlags } from "./flags.ts";
import { isReady } from "./node.ts";
import { type Places, placesOf, readSettings } from "./settings.ts";
import { clusterFlags, serverPid } from "./up.ts";

export const statusFlags: FlagTable = { ...clusterFlags, output: { type: "string", help: "json for machines" } };

/** What `status -o json` prints. */
export interface ClusterStatus {
  name: string;
  running: boolean;
  pid?: number;
  version?: string;
  server?: string;
  /** The node's address, and the machine's end of its link. */
  address?: string;
  machineAddress?: string;
  nodes: { name: string; ready: boolean; addresses: Record<string, string>; version: string }[];
}

/** Tells how the cluster is. Exit code 0 if it runs and every node is ready, 1 otherwise. */
export async function status(args: readonly string[], machine: Machine, self: Self): Promise<number> {
  const flags = parseFlags(args, statusFlags);
  const name = flags.string("name")!;
  const found = await clusterStatus(name, placesOf(name, flags.string("data-dir")!), machine);
  if (flags.string("output") === "json") self.print(`${JSON.stringify(found, null, 2)}\n`);
  else self.print(describe(found));
  return found.running && found.nodes.length > 0 && found.nodes.every((node) => node.ready) ? 0 : 1;
}

async function clusterStatus(name: string, places: Places, machine: Machine): Promise<ClusterStatus> {
  const { disk, net } = machine;
  const pid = await serverPid(places, machine);
  if (!pid || !(await readSettings(places, disk))) return { name, running: false, nodes: [] };
  const ready = (await disk.stat(places.ready)) ? JSON.parse(await disk.readText(places.ready)) : {};
  const access = await accessFrom(parseKubeconfig(await disk.readText(places.kubeconfig)), disk, places.data);
  const client = overHttp(net, access);
  const version = await client.raw({ method: "GET", url: "/version" });
  const text = await textOf(version.body);
  const nodes = await client.list<KubeObject>("nodes");
  return {
    name,
    running: true,
    pid,
    version: JSON.parse(text).gitVersion,
    server: access.url,
    address: ready.address,
    machineAddress: ready.machineAddress,
    nodes: nodes.items.map((node) => ({
      name: node.metadata.name,
      ready: isReady(node),
      addresses: Object.fromEntries((node.status?.addresses ?? []).map((each: any) => [each.type, each.address])),
      version: node.status?.nodeInfo?.kubeletVersion ?? "",
    })),
  };
}

async function textOf(body: unknown): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of (body as { stream: AsyncIterable<Uint8Array> }).stream)
    text += decoder.decode(chunk, { stream: true });
  return text;
}

function describe(found: ClusterStatus): string {
  if (!found.running) return `cluster ${found.name}: not running ("typernetes up" starts it)\n`;
  const nodes = found.nodes.map(
    (node) =>
      `  node ${node.name}: ${node.ready ? "Ready" : "NotReady"}, ${node.addresses.InternalIP ?? ""}, ${node.version}\n`,
  );
  return `cluster ${found.name}: running (pid ${found.pid}), ${found.version}\n  server: ${found.server}\n${nodes.join("")}`;
}
