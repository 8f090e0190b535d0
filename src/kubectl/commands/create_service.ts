// `create service …`.

import { type Call, type Command, defineCommand } from "../command.ts";
import { makeObject, makingFlags, nameOf } from "../creating.ts";
import { CommandError } from "../errors.ts";

/** `80`, `8080:http`: port and target port. */
function portOf(text: string): object {
  const [port = "", target] = text.split(":");
  if (!/^\d+$/.test(port)) throw new CommandError(`strconv.ParseInt: parsing ${JSON.stringify(port)}: invalid syntax`);
  const targetPort = target === undefined ? Number(port) : /^\d+$/.test(target) ? Number(target) : target;
  return { name: text.replace(":", "-"), protocol: "TCP", port: Number(port), targetPort };
}

async function makeService(call: Call, spec: Record<string, unknown>): Promise<void> {
  const name = nameOf(call);
  await makeObject(call, {
    kind: "Service",
    apiVersion: "v1",
    metadata: { name, labels: { app: name } },
    spec: { ...spec, selector: { app: name } },
    status: { loadBalancer: {} },
  });
}

function portsOf(call: Call): { ports?: object[] } {
  const ports = call.flags.list("tcp").map(portOf);
  return ports.length > 0 ? { ports } : {};
}

const tcp = { type: "strings", help: "Port pairs can be specified as '<port>:<targetPort>'." } as const;

function serviceCommand(word: string, type: string, summary: string): Command {
  return defineCommand({
    path: `create service ${word}`,
    usage: "NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]",
    summary,
    flags: {
      ...makingFlags,
      tcp,
      ...(word === "clusterip"
        ? {
            clusterip: {
              type: "string",
              help: "Assign your own ClusterIP or set to \"None\" for a 'headless' service (no loadbalancing).",
            } as const,
          }
        : {}),
      ...(word === "nodeport"
        ? {
            "node-port": {
              type: "int",
              default: "0",
              help: "Port used to expose the service on each node in a cluster.",
            } as const,
          }
        : {}),
    },
    async run(call) {
      const { ports } = portsOf(call);
      const headless = word === "clusterip" && call.flags.string("clusterip");
      if (!ports && headless !== "None") throw new CommandError("at least one tcp port specifier must be provided");
      const nodePort = word === "nodeport" ? call.flags.int("node-port") : 0;
      const given = ports?.map((port) => (nodePort ? { ...port, nodePort } : port));
      await makeService(call, {
        ...(given ? { ports: given } : {}),
        type,
        ...(headless ? { clusterIP: headless } : {}),
      });
    },
  });
}

export const createServiceClusterIp = serviceCommand("clusterip", "ClusterIP", "Create a ClusterIP service");
export const createServiceNodePort = serviceCommand("nodeport", "NodePort", "Create a NodePort service");
export const createServiceLoadBalancer = serviceCommand(
  "loadbalancer",
  "LoadBalancer",
  "Create a LoadBalancer service",
);

export const createServiceExternalName = defineCommand({
  path: "create service externalname",
  usage: "NAME --external-name external.name [--dry-run=server|client|none] [options]",
  summary: "Create an ExternalName service",
  flags: { ...makingFlags, tcp, "external-name": { type: "string", help: "External name of service" } },
  async run(call) {
    const externalName = call.flags.string("external-name");
    if (!externalName) throw new CommandError('required flag(s) "external-name" not set');
    await makeService(call, { ...portsOf(call), type: "ExternalName", externalName });
  },
});
