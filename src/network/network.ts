import type { Disk, Exec, ExecResult } from "../base/world.ts";
import {
  type Command,
  cniConfig,
  type NodeNetwork,
  type NodeNetworkFacts,
  nodeNetwork,
  setUpCommands,
  tearDownCommands,
} from "./plan.ts";

/** Messages of `ip` and `nft` that say that a step was done before. */
const doneBefore = /File exists|already assigned|already exists/;

export interface NetworkWorld {
  exec: Exec;
  disk: Disk;
}

/** Picks an index whose addresses and device nobody on the machine has. Throws if there is none. */
export async function freeIndex({ exec }: NetworkWorld): Promise<number> {
  const { stdout } = await exec.run("ip", ["-o", "-4", "addr", "show"]);
  const routes = await exec.run("ip", ["-4", "route", "show"]);
  for (let index = 0; index < 64; index++) {
    const { machineDevice, machineAddress, nodeAddress } = nodeNetwork({
      cluster: "",
      index,
      podCidr: "",
      clusterCidr: "",
      serviceCidr: "",
      uplink: "none",
      mtu: 0,
    });
    const taken = [machineAddress, nodeAddress].some(
      (address) => stdout.includes(` ${address}/`) || routes.stdout.includes(`${address} `),
    );
    const link = await exec.run("ip", ["link", "show", machineDevice]);
    if (!taken && link.code !== 0) return index;
  }
  throw new Error("network: all link addresses in 10.253.0.0/24 are taken on this machine");
}

/** Makes the node's network. Harmless if it is there. Throws with the failing command's words. */
export async function setUpNetwork(facts: NodeNetworkFacts, world: NetworkWorld): Promise<NodeNetwork> {
  const network = nodeNetwork(facts);
  await dropStaleLink(network, world);
  for (const command of setUpCommands(network)) {
    const { code, stderr } = await run(network, command, world);
    if (code !== 0 && !doneBefore.test(stderr)) {
      throw new Error(`network: ${command.program} ${command.args.join(" ")}: ${stderr.trim() || `exit code ${code}`}`);
    }
  }
  return network;
}

/** A namespace may have kept its end of a link from a start that failed half-way, under another index. */
async function dropStaleLink(network: NodeNetwork, world: NetworkWorld): Promise<void> {
  const link = await world.exec.run("ip", ["link", "show", network.machineDevice]);
  if (link.code === 0) return;
  await run(network, { program: "ip", args: ["link", "delete", network.nodeDevice], inside: true }, world);
}

/** Removes the node's network and everything in its namespace. */
export async function tearDownNetwork(network: NodeNetwork, world: NetworkWorld): Promise<void> {
  for (const command of tearDownCommands(network)) await run(network, command, world);
}

/** Writes the CNI configuration that the node's container runtime reads. */
export async function writeCniConfig(
  network: NodeNetwork,
  directory: string,
  dataDir: string,
  disk: Disk,
): Promise<void> {
  await disk.makeDirectory(directory);
  await disk.replace(`${directory}/10-typernetes.conflist`, JSON.stringify(cniConfig(network, dataDir), null, 2));
}

async function run(network: NodeNetwork, command: Command, { exec, disk }: NetworkWorld): Promise<ExecResult> {
  let { args } = command;
  let file: string | undefined;
  if (command.stdin !== undefined) {
    // nft cannot read rules from every kind of pipe: a file always works.
    file = `/run/${network.namespace}.nft`;
    await disk.write(file, command.stdin);
    args = args.map((arg) => (arg === "-" ? file! : arg));
  }
  const inside = ["--net=/run/netns/".concat(network.namespace), command.program, ...args];
  const result = await (command.inside ? exec.run("nsenter", inside) : exec.run(command.program, args));
  if (file) await disk.remove(file);
  return result;
}
