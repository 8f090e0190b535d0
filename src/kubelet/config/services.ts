import type { KubeObject } from "../../api/machinery/object.ts";

/**
 * The variables that tell a container where services are: those of its namespace (if it wants links) and, always, the
 * API's own (Services, "Environment variables"). Pure.
 */
export function serviceVariables(
  services: readonly KubeObject[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const env = new Map<string, string>();
  const isApi = (service: KubeObject) =>
    service.metadata.namespace === "default" && service.metadata.name === "kubernetes";
  const chosen = services.filter((service) => isApi(service) || (links && service.metadata.namespace === namespace));
  // One of the same name in the pod's own namespace comes before the API's.
  chosen.sort((a, b) => Number(isApi(a)) - Number(isApi(b)));
  const seen = new Set<string>();
  for (const service of chosen) {
    const { name } = service.metadata;
    const address: string | undefined = service.spec?.clusterIP;
    if (!address || address === "None" || seen.has(name)) continue;
    seen.add(name);
    addService(env, name, address, service.spec.ports ?? []);
  }
  return env;
}

function addService(
  env: Map<string, string>,
  name: string,
  address: string,
  ports: readonly { name?: string; port: number; protocol?: string }[],
): void {
  const first = ports[0];
  if (!first) return;
  const prefix = variableName(name);
  const host = address.includes(":") ? `[${address}]` : address;
  env.set(`${prefix}_SERVICE_HOST`, address);
  env.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports)
    if (port.name) env.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  for (const port of ports) {
    const protocol = (port.protocol ?? "TCP").toLowerCase();
    const url = `${protocol}://${host}:${port.port}`;
    const stem = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
    if (port === first) env.set(`${prefix}_PORT`, url);
    env.set(stem, url);
    env.set(`${stem}_PROTO`, protocol);
    env.set(`${stem}_PORT`, String(port.port));
    env.set(`${stem}_ADDR`, address);
  }
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
