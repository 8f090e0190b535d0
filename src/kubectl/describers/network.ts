// Services, endpoints, endpoint slices, ingresses.

import { type DescribeContext, eventLines, type Lines, metadataLines, nameLines, orNone } from "./writer.ts";

/** `kubectl describe service`. */
export async function describeService(out: Lines, service: any, context: DescribeContext): Promise<void> {
  const { metadata, spec = {}, status = {} } = service;
  const slices = await context.read(
    `/apis/discovery.k8s.io/v1/namespaces/${metadata.namespace}/endpointslices?labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${metadata.name}`)}`,
  );
  nameLines(out, service);
  metadataLines(out, service);
  const selector = Object.keys(spec.selector ?? {}).sort();
  out.raw(`Selector:\t${orNone(selector.map((key) => `${key}=${spec.selector[key]}`).join(","))}\n`);
  out.raw(`Type:\t${spec.type ?? ""}\n`);
  if (spec.ipFamilyPolicy) out.raw(`IP Family Policy:\t${spec.ipFamilyPolicy}\n`);
  out.raw(`IP Families:\t${spec.ipFamilies?.length > 0 ? spec.ipFamilies.join(",") : "<none>"}\n`);
  out.raw(`IP:\t${spec.clusterIP ?? ""}\n`);
  out.raw(`IPs:\t${spec.clusterIPs?.length > 0 ? spec.clusterIPs.join(",") : "<none>"}\n`);
  if (spec.externalIPs?.length > 0) out.raw(`External IPs:\t${spec.externalIPs.join(",")}\n`);
  if (spec.loadBalancerIP) out.raw(`Desired LoadBalancer IP:\t${spec.loadBalancerIP}\n`);
  if (spec.externalName) out.raw(`External Name:\t${spec.externalName}\n`);
  const ingress: any[] = status.loadBalancer?.ingress ?? [];
  if (ingress.length > 0)
    out.raw(
      `LoadBalancer Ingress:\t${ingress.map(({ ip, hostname, ipMode }) => `${ip || hostname}${ipMode ? ` (${ipMode})` : ""}`).join(", ")}\n`,
    );
  for (const port of spec.ports ?? []) portLines(out, port, slices?.items ?? []);
  out.raw(`Session Affinity:\t${spec.sessionAffinity ?? ""}\n`);
  if (spec.externalTrafficPolicy) out.raw(`External Traffic Policy:\t${spec.externalTrafficPolicy}\n`);
  if (spec.internalTrafficPolicy) out.raw(`Internal Traffic Policy:\t${spec.internalTrafficPolicy}\n`);
  if (spec.trafficDistribution) out.raw(`Traffic Distribution:\t${spec.trafficDistribution}\n`);
  if (spec.healthCheckNodePort) out.raw(`HealthCheck NodePort:\t${spec.healthCheckNodePort}\n`);
  if (spec.loadBalancerSourceRanges?.length > 0)
    out.raw(`LoadBalancer Source Ranges:\t${spec.loadBalancerSourceRanges.join(",")}\n`);
  eventLines(out, await context.events(service), context.now);
}

function portLines(out: Lines, port: any, slices: readonly any[]): void {
  const name = port.name || "<unset>";
  out.raw(`Port:\t${name}\t${port.port}/${port.protocol}\n`);
  out.raw(`TargetPort:\t${port.targetPort ?? ""}/${port.protocol}\n`);
  if (port.nodePort) out.raw(`NodePort:\t${name}\t${port.nodePort}/${port.protocol}\n`);
  out.raw(`Endpoints:\t${addressesOf(slices, port.name ?? "")}\n`);
}

const addressesMax = 3;

/** The first ready addresses behind a port, and how many more there are. */
function addressesOf(slices: readonly any[], portName: string): string {
  const found: string[] = [];
  for (const slice of slices) {
    for (const { name = "", port } of slice.ports ?? []) {
      if (name !== portName) continue;
      for (const { addresses = [], conditions } of slice.endpoints ?? []) {
        if (conditions?.ready === false) continue;
        for (const address of addresses)
          found.push(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
      }
    }
  }
  if (found.length === 0) return "<none>";
  const shown = found.slice(0, addressesMax).join(",");
  return found.length > addressesMax ? `${shown} + ${found.length - addressesMax} more...` : shown;
}

/** `kubectl describe endpoints`. */
export async function describeEndpoints(out: Lines, endpoints: any, context: DescribeContext): Promise<void> {
  nameLines(out, endpoints);
  metadataLines(out, endpoints);
  out.raw("Subsets:\n");
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    const list = (items: any[]) => orNone(items.map(({ ip }) => ip).join(","));
    out.line(1, `Addresses:\t${list(addresses)}`);
    out.line(1, `NotReadyAddresses:\t${list(notReadyAddresses)}`);
    if (ports.length > 0) {
      out.line(1, "Ports:");
      out.line(2, "Name\tPort\tProtocol");
      out.line(2, "----\t----\t--------");
      for (const { name, port, protocol } of ports) out.line(2, `${name || "<unset>"}\t${port}\t${protocol}`);
    }
    out.raw("\n");
  }
  eventLines(out, await context.events(endpoints), context.now);
}

/** `kubectl describe ingress`. */
export async function describeIngress(out: Lines, ingress: any, context: DescribeContext): Promise<void> {
  const { metadata, spec = {}, status = {} } = ingress;
  const backend = (each: any) => backendText(each, metadata.namespace, context);
  out.raw(`Name:\t${metadata.name}\n`);
  out.raw(
    `Labels:\t${orNone(
      Object.entries(metadata.labels ?? {})
        .sort()
        .map(([key, value]) => `${key}=${value}`)
        .join("\n\t"),
    )}\n`,
  );
  out.raw(`Namespace:\t${metadata.namespace}\n`);
  out.raw(
    `Address:\t${(status.loadBalancer?.ingress ?? []).map(({ ip, hostname }: any) => ip || hostname).join(",")}\n`,
  );
  out.raw(`Ingress Class:\t${spec.ingressClassName ?? "<none>"}\n`);
  out.raw(`Default backend:\t${spec.defaultBackend ? await backend(spec.defaultBackend) : "<default>"}\n`);
  if (spec.tls?.length > 0) {
    out.raw("TLS:\n");
    for (const { secretName, hosts = [] } of spec.tls)
      out.line(1, secretName ? `${secretName} terminates ${hosts.join(",")}` : `SNI routes ${hosts.join(",")}`);
  }
  out.raw("Rules:\n  Host\tPath\tBackends\n  ----\t----\t--------\n");
  for (const { host, http } of spec.rules ?? []) {
    out.line(1, `${host || "*"}\t`);
    for (const { path, backend: to } of http?.paths ?? []) out.line(1, `  \t${path ?? ""} \t${await backend(to)}`);
  }
  if (!spec.rules?.length)
    out.line(1, `*\t*\t${spec.defaultBackend ? await backend(spec.defaultBackend) : "<default>"}`);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !key.includes("last-applied"));
  out.raw(
    annotations.length === 0
      ? "Annotations:\t<none>\n"
      : `Annotations:\t${annotations.map(([key, value]) => `${key}: ${value}`).join("\n\t")}\n`,
  );
  eventLines(out, await context.events(ingress), context.now);
}

/** A backend with the addresses behind it: `web:80 (10.0.0.5:8080)`. */
async function backendText({ service, resource }: any, namespace: string, context: DescribeContext): Promise<string> {
  if (resource) return `APIGroup: ${resource.apiGroup ?? ""}, Kind: ${resource.kind}, Name: ${resource.name}`;
  if (!service) return "<default>";
  const path = `/api/v1/namespaces/${namespace}/services/${service.name}`;
  const found = await context.read(path);
  const shown = `${service.name}:${service.port?.name || service.port?.number}`;
  if (!found) return `${shown} (<error: services ${JSON.stringify(service.name)} not found>)`;
  const port = (found.spec.ports ?? []).find(
    (each: any) => each.name === service.port?.name || each.port === service.port?.number,
  );
  const slices = await context.read(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${service.name}`)}`,
  );
  return `${shown} (${addressesOf(slices?.items ?? [], port?.name ?? "")})`;
}
