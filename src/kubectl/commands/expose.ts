import { defineCommand } from "../command.ts";
import { makeObject, makingFlags } from "../creating.ts";
import { qualifiedName } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import { fileFlags } from "../flag_sets.ts";
import { fetchTargets, targetsOf } from "../targets.ts";

export const expose = defineCommand({
  path: "expose",
  usage:
    "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]",
  summary: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
  examples: `
# A service on port 80 for a deployment's port 8000
kubectl expose deployment web --port=80 --target-port=8000`,
  flags: {
    ...fileFlags,
    ...makingFlags,
    "cluster-ip": {
      type: "string",
      help: "ClusterIP to be assigned to the service. Leave empty to auto-allocate, or set to 'None' to create a headless service.",
    },
    "external-ip": {
      type: "string",
      help: "Additional external IP address (not managed by Kubernetes) to accept for the service.",
    },
    labels: { type: "string", short: "l", help: "Labels to apply to the service created by this call." },
    "load-balancer-ip": { type: "string", help: "IP to assign to the LoadBalancer." },
    name: { type: "string", help: "The name for the newly created object." },
    port: {
      type: "string",
      help: "The port that the service should serve on. Copied from the resource being exposed, if unspecified",
    },
    protocol: { type: "string", help: "The network protocol for the service to be created. Default is 'TCP'." },
    selector: { type: "string", help: "A label selector to use for this service." },
    "session-affinity": {
      type: "string",
      help: "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'",
    },
    "target-port": {
      type: "string",
      help: "Name or number for the port on the container that the service should direct traffic to.",
    },
    type: {
      type: "string",
      help: "Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is 'ClusterIP'.",
    },
  },
  async run(call) {
    const { flags } = call;
    const errors: unknown[] = [];
    for (const { mapping, name, object } of await fetchTargets(call, await targetsOf(call), errors)) {
      const selector = flags.string("selector")
        ? pairs(flags.string("selector"))
        : selectorOf(object, qualifiedName(mapping));
      const protocol = flags.string("protocol") || "TCP";
      const known = containerPorts(object);
      const numbers = flags.string("port") ? flags.string("port").split(",").map(Number) : known;
      if (numbers.length === 0)
        throw new CommandError(
          "couldn't find port via --port flag or introspection\nSee 'kubectl expose -h' for help and examples",
        );
      const target = flags.string("target-port");
      const ports = numbers.map((port, index) => ({
        ...(numbers.length > 1 ? { name: `port-${index + 1}` } : {}),
        protocol,
        port,
        targetPort: target === "" ? port : /^\d+$/.test(target) ? Number(target) : target,
      }));
      const labels = flags.string("labels") ? pairs(flags.string("labels")) : object.metadata.labels;
      await makeObject(
        call,
        {
          kind: "Service",
          apiVersion: "v1",
          metadata: { name: flags.string("name") || name.slice(0, 63), ...(labels ? { labels } : {}) },
          spec: {
            ports,
            selector,
            ...(flags.string("type") ? { type: flags.string("type") } : {}),
            ...(flags.string("cluster-ip") ? { clusterIP: flags.string("cluster-ip") } : {}),
            ...(flags.string("external-ip") ? { externalIPs: [flags.string("external-ip")] } : {}),
            ...(flags.string("session-affinity") ? { sessionAffinity: flags.string("session-affinity") } : {}),
          },
          status: { loadBalancer: {} },
        },
        "exposed",
      );
    }
    if (errors.length > 0) throw errors[0];
  },
});

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(text.split(",").map((word) => [word.split("=")[0]!, word.split("=")[1] ?? ""]));
}

/** The labels by which the exposed thing's pods are found. */
function selectorOf(object: any, resource: string): Record<string, string> {
  const { spec = {}, metadata } = object;
  if (resource === "pods") {
    if (!metadata.labels) throw new CommandError("the pod has no labels and cannot be exposed");
    return metadata.labels;
  }
  if (resource === "services" || resource === "replicationcontrollers") return spec.selector ?? {};
  if (!spec.selector) throw new CommandError(`cannot expose a ${object.kind}`);
  if (spec.selector.matchExpressions?.length > 0)
    throw new CommandError("couldn't convert expressions - to map-based selector format");
  return spec.selector.matchLabels ?? {};
}

function containerPorts(object: any): number[] {
  const spec = object.kind === "Pod" ? object.spec : object.spec?.template?.spec;
  if (object.kind === "Service") return (object.spec.ports ?? []).map(({ port }: { port: number }) => port);
  return (spec?.containers ?? []).flatMap((container: any) =>
    (container.ports ?? []).map((port: any) => port.containerPort),
  );
}
