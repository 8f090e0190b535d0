// What a node's network consists of, as data and commands. Pure.

/** How the pods of a node reach the world outside. */
export type Uplink = "machine" | "none";

export interface NodeNetworkFacts {
  /** The cluster's name, part of the names of everything below. */
  cluster: string;
  /** A number that tells this node's devices and addresses from others on the machine: 0–16383. */
  index: number;
  podCidr: string;
  /** The whole cluster's pods. */
  clusterCidr: string;
  serviceCidr: string;
  uplink: Uplink;
  mtu: number;
}

/**
 * A node lives in a network namespace of its own, joined to the machine by a pair of devices. The machine's end is where
 * the API server, the kubelet's API and DNS listen; the other end is the node's address.
 */
export interface NodeNetwork extends NodeNetworkFacts {
  namespace: string;
  machineDevice: string;
  machineAddress: string;
  nodeDevice: string;
  nodeAddress: string;
}

/** The addresses that node networks are cut from, four a node. */
const linkBase = "10.253";

/** Port of the kubelet's API, on both ends. */
export const kubeletPort = 10250;

/** Names and addresses of a node's network. */
export function nodeNetwork(facts: NodeNetworkFacts): NodeNetwork {
  const { cluster, index } = facts;
  const third = index >> 6;
  const fourth = (index & 63) * 4;
  return {
    ...facts,
    namespace: `typernetes-${cluster}`,
    // Device names have at most 15 letters.
    machineDevice: `tn${index}`,
    machineAddress: `${linkBase}.${third}.${fourth + 1}`,
    nodeDevice: "uplink0",
    nodeAddress: `${linkBase}.${third}.${fourth + 2}`,
  };
}

/** One program with its arguments. `inside` runs it in the node's network namespace. */
export interface Command {
  inside?: boolean;
  program: string;
  args: readonly string[];
  stdin?: string;
}

function ip(text: string, inside = false): Command {
  return { program: "ip", args: text.split(" "), inside };
}

/** What makes the network, in order. Each step may be done already: `File exists` is no failure. */
export function setUpCommands(network: NodeNetwork): Command[] {
  const { namespace, machineDevice, machineAddress, nodeDevice, nodeAddress, clusterCidr, serviceCidr, mtu } = network;
  const settings = [
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.route_localnet=1",
    "net.bridge.bridge-nf-call-iptables=1",
  ];
  return [
    ip(`netns add ${namespace}`),
    ip(`link add ${machineDevice} mtu ${mtu} type veth peer name ${nodeDevice} mtu ${mtu} netns ${namespace}`),
    ip(`addr add ${machineAddress}/30 dev ${machineDevice}`),
    ip(`link set ${machineDevice} up`),
    ip("link set lo up", true),
    ip(`addr add ${nodeAddress}/30 dev ${nodeDevice}`, true),
    ip(`link set ${nodeDevice} up`, true),
    ...settings.map((setting) => ({ program: "sysctl", args: ["-q", "-e", "-w", setting], inside: true })),
    { program: "nft", args: ["-f", "-"], stdin: nodeRules(network), inside: true },
    // The machine reaches pods and services as the node does. A route, so that nothing to them goes anywhere else.
    ip(`route replace ${clusterCidr} via ${nodeAddress} dev ${machineDevice}`),
    ip(`route replace ${serviceCidr} via ${nodeAddress} dev ${machineDevice}`),
    // A packet needs a route before its service address is translated; what is not translated is refused by the rules.
    ip(`route replace ${serviceCidr} via ${machineAddress} dev ${nodeDevice}`, true),
    // Pods of other nodes are not here, and their addresses are nobody else's.
    ip(`route replace unreachable ${clusterCidr} metric 4294967295`, true),
    ...(network.uplink === "machine"
      ? uplinkCommands(network)
      : [ip("route replace unreachable default metric 4294967295", true)]),
  ];
}

function uplinkCommands(network: NodeNetwork): Command[] {
  return [
    ip(`route replace default via ${network.machineAddress} dev ${network.nodeDevice}`, true),
    { program: "sysctl", args: ["-q", "-w", "net.ipv4.ip_forward=1"] },
    { program: "nft", args: ["-f", "-"], stdin: machineRules(network) },
  ];
}

/** What removes the network, in order. Missing things are no failure. */
export function tearDownCommands(network: NodeNetwork): Command[] {
  return [
    { program: "nft", args: ["delete", "table", "ip", machineTable(network)] },
    ip(`link del ${network.machineDevice}`),
    ip(`netns del ${network.namespace}`),
  ];
}

function machineTable({ cluster }: NodeNetwork): string {
  return `typernetes-${cluster}`;
}

/**
 * The node's own rules, apart from those of Services: the kubelet's API answers on the node's address though it listens
 * on the machine's, and service addresses that no rule translated are refused.
 */
function nodeRules({ nodeAddress, machineAddress, serviceCidr }: NodeNetwork): string {
  return `table ip typernetes-node {
}
delete table ip typernetes-node
table ip typernetes-node {
  chain prerouting {
    type nat hook prerouting priority dstnat - 5;
    ip daddr ${nodeAddress} tcp dport ${kubeletPort} dnat to ${machineAddress}:${kubeletPort};
  }
  chain output {
    type nat hook output priority -105;
    ip daddr ${nodeAddress} tcp dport ${kubeletPort} dnat to ${machineAddress}:${kubeletPort};
  }
  chain postrouting {
    type nat hook postrouting priority srcnat - 5;
    ip daddr ${machineAddress} ip saddr ${machineAddress} masquerade;
  }
  chain forward {
    type filter hook forward priority filter + 5;
    ip daddr ${serviceCidr} reject;
  }
  chain local {
    type filter hook output priority filter + 5;
    ip daddr ${serviceCidr} reject;
  }
}
`;
}

/** On the machine: pods go out under its address, and the cluster's addresses never do. */
function machineRules(network: NodeNetwork): string {
  const { machineDevice, machineAddress, clusterCidr, serviceCidr } = network;
  const table = machineTable(network);
  const link = machineAddress.replace(/\d+$/, (last) => String(Number(last) - 1));
  return `table ip ${table} {
}
delete table ip ${table}
table ip ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    oifname != "${machineDevice}" ip saddr { ${clusterCidr}, ${link}/30 } masquerade;
  }
  chain forward {
    type filter hook forward priority filter - 5;
    oifname != "${machineDevice}" ip daddr { ${clusterCidr}, ${serviceCidr}, ${link}/30 } reject;
  }
}
`;
}

/** The CNI configuration list: one bridge, addresses from the node's range. */
export function cniConfig(network: NodeNetwork, dataDir: string): object {
  return {
    cniVersion: "1.0.0",
    name: "typernetes",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        mtu: network.mtu,
        ipam: { type: "host-local", dataDir, ranges: [[{ subnet: network.podCidr }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
    ],
  };
}
