import type { KubeObject } from "../../api/machinery/object.ts";
import { keyOf } from "../../api/machinery/object.ts";
import { selectsMap } from "../../api/machinery/selector.ts";
import type { View, Watch } from "../../client/mod.ts";
import { isFinished, isReady, type Pod } from "./pods.ts";

/** A pod as an endpoint of a service. */
export interface PodEndpoint {
  pod: Pod;
  ip: string;
  ready: boolean;
  serving: boolean;
  terminating: boolean;
}

/** Services that a pod belongs to or belonged to, as keys. */
export const podsOfServices: Watch = {
  resource: "pods",
  *keys(pod, view, before) {
    if (before && !matters(pod, before)) return;
    for (const service of view.list("services", pod.metadata.namespace)) {
      const { selector } = service.spec;
      if (!selector || Object.keys(selector).length === 0) continue;
      if (selectsMap(selector, pod.metadata.labels) || (before && selectsMap(selector, before.metadata.labels)))
        yield keyOf(service);
    }
  },
};

/** Whether a change of a pod can change an endpoint. */
function matters(now: Pod, before: Pod): boolean {
  const facts = (pod: Pod) =>
    JSON.stringify([
      pod.metadata.labels,
      pod.metadata.deletionTimestamp !== undefined,
      pod.spec?.nodeName,
      pod.status?.podIPs ?? pod.status?.podIP,
      isReady(pod),
      isFinished(pod),
    ]);
  return facts(now) !== facts(before);
}

/** The pods behind a service, in the order of their names; none if the service selects none. */
export function endpointsOf(service: KubeObject, view: View, family: "IPv4" | "IPv6"): PodEndpoint[] {
  const { selector, publishNotReadyAddresses } = service.spec;
  if (!selector || Object.keys(selector).length === 0) return [];
  const found: PodEndpoint[] = [];
  for (const pod of view.list<Pod>("pods", service.metadata.namespace)) {
    if (isFinished(pod) || !selectsMap(selector, pod.metadata.labels)) continue;
    const ip = addressOf(pod, family);
    if (ip === undefined) continue;
    const serving = isReady(pod);
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    found.push({
      pod,
      ip,
      ready: publishNotReadyAddresses === true || (serving && !terminating),
      serving,
      terminating,
    });
  }
  return found.sort((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
}

function addressOf({ status }: Pod, family: "IPv4" | "IPv6"): string | undefined {
  const ips: string[] = (status?.podIPs ?? [{ ip: status?.podIP }])
    .map(({ ip }: { ip?: string }) => ip)
    .filter(Boolean);
  return ips.find((ip) => ip.includes(":") === (family === "IPv6"));
}

/** A service's ports as one pod has them; ports by name that the pod lacks are left out. */
export function portsFor(
  service: KubeObject,
  pod: Pod,
): { name: string; port: number; protocol: string; appProtocol?: string }[] {
  const ports = [];
  for (const { name = "", port, targetPort, protocol = "TCP", appProtocol } of service.spec.ports ?? []) {
    const number = typeof targetPort === "string" ? namedPort(pod, targetPort, protocol) : targetPort || port;
    if (number !== undefined) ports.push({ name, port: number, protocol, ...(appProtocol ? { appProtocol } : {}) });
  }
  return ports;
}

function namedPort({ spec }: Pod, name: string, protocol: string): number | undefined {
  const sidecars = (spec?.initContainers ?? []).filter(({ restartPolicy }: any) => restartPolicy === "Always");
  for (const container of [...(spec?.containers ?? []), ...sidecars])
    for (const port of container.ports ?? [])
      if (port.name === name && (port.protocol ?? "TCP") === protocol) return port.containerPort;
  return undefined;
}

/** What points at a pod from an endpoint. */
export function targetOf({ metadata }: Pod) {
  return { kind: "Pod", namespace: metadata.namespace, name: metadata.name, uid: metadata.uid };
}

/** The name under which a pod is known in its headless service's DNS, if it has one. */
export function hostnameOf(pod: Pod, service: KubeObject): string | undefined {
  const { hostname, subdomain } = pod.spec ?? {};
  return hostname && subdomain === service.metadata.name ? hostname : undefined;
}
