import { defineResource } from "../machinery/resource.ts";
import { ageColumn, firstFew, text } from "../parts/columns.ts";

function portsText({ ports }: any): string {
  return ports?.length ? firstFew(ports.map(({ port }: { port?: number }) => `${port ?? "*"}`)) : "<unset>";
}

function endpointsText({ endpoints }: any): string {
  const addresses = (endpoints ?? []).flatMap((endpoint: { addresses?: string[] }) => endpoint.addresses ?? []);
  return addresses.length ? firstFew(addresses) : "<unset>";
}

export const endpointSlices = defineResource({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  scope: "Namespaced",
  schema: "io.k8s.api.discovery.v1.EndpointSlice",
  generation: true,
  columns: [
    text("AddressType", ({ addressType }) => addressType ?? ""),
    text("Ports", portsText),
    text("Endpoints", endpointsText),
    ageColumn,
  ],
});
