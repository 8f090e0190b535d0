import { type FieldError, FieldPath, invalid, required, tooMany } from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, ipAddressLegacy, qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { specialAddress } from "../parts/addresses.ts";
import { addInvalid, checkImmutable, checkRequiredOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, firstFew, text } from "../parts/columns.ts";

type EndpointSlice = KubeObject & { addressType?: string; endpoints?: any[]; ports?: any[] };

const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20000;

function portsText({ ports }: EndpointSlice): string {
  return ports?.length ? firstFew(ports.map(({ port }) => `${port ?? "*"}`)) : "<unset>";
}

function endpointsText({ endpoints }: EndpointSlice): string {
  const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
  return addresses.length ? firstFew(addresses) : "<unset>";
}

function defaults({ ports }: EndpointSlice): void {
  for (const port of ports ?? []) {
    port.name ??= "";
    port.protocol ||= "TCP";
  }
}

function checkAddress(errors: Errors, type: string, address: string, path: FieldPath): void {
  const at = () => path;
  if (type === "FQDN") {
    addInvalid(errors, at, address, dns1123Subdomain(address));
    return;
  }
  const messages = ipAddressLegacy(address);
  addInvalid(errors, at, address, messages);
  if (messages.length > 0) return;
  const isV6 = address.includes(":");
  if (isV6 !== (type === "IPv6")) errors.push(invalid(path, address, `must be an ${type} address`));
  addInvalid(errors, at, address, specialAddress(address));
}

function checkEndpoint(errors: Errors, type: string, endpoint: any, path: FieldPath): void {
  const { addresses = [], hostname, nodeName } = endpoint;
  const at = path.child("addresses");
  if (addresses.length === 0) errors.push(required(at, "must contain at least 1 address"));
  else if (addresses.length > addressesMax) errors.push(tooMany(at, addresses.length, addressesMax));
  else for (const [index, address] of addresses.entries()) checkAddress(errors, type, address, at.index(index));
  if (nodeName !== undefined) addInvalid(errors, () => path.child("nodeName"), nodeName, dns1123Subdomain(nodeName));
  if (hostname !== undefined) addInvalid(errors, () => path.child("hostname"), hostname, dns1123Label(hostname));
}

function checkPorts(errors: Errors, ports: any[], path: FieldPath): void {
  if (ports.length > portsMax) {
    errors.push(tooMany(path, ports.length, portsMax));
    return;
  }
  const names = new Set<string>();
  for (const [index, { name, protocol, appProtocol }] of ports.entries()) {
    const at = path.index(index);
    if (name) addInvalid(errors, () => at.child("name"), name, dns1123Label(name));
    if (names.has(name)) {
      errors.push({
        type: "FieldValueDuplicate",
        field: `${at.child("name")}`,
        body: `Duplicate value: ${JSON.stringify(name)}`,
      });
    }
    names.add(name);
    checkRequiredOneOf(errors, protocol, ["SCTP", "TCP", "UDP"], () => at.child("protocol"));
    if (appProtocol) addInvalid(errors, () => at.child("appProtocol"), appProtocol, qualifiedName(appProtocol));
  }
}

function validate({ addressType, endpoints = [], ports = [] }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  checkRequiredOneOf(errors, addressType, ["FQDN", "IPv4", "IPv6"], () => new FieldPath("addressType"));
  const path = new FieldPath("endpoints");
  if (endpoints.length > endpointsMax) return [...errors, tooMany(path, endpoints.length, endpointsMax)];
  for (const [index, endpoint] of endpoints.entries()) {
    checkEndpoint(errors, addressType ?? "", endpoint, path.index(index));
  }
  checkPorts(errors, ports, new FieldPath("ports"));
  return errors;
}

export const endpointSlices = defineResource<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  scope: "Namespaced",
  schema: "io.k8s.api.discovery.v1.EndpointSlice",
  generation: true,
  defaults,
  prepareUpdate(next, previous) {
    if (!sameValue(next.metadata.labels, previous.metadata.labels))
      next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
  },
  validate,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.addressType, previous.addressType, () => new FieldPath("addressType"));
    return errors;
  },
  *warnings({ addressType }) {
    if (addressType === "FQDN") yield "spec.addressType: FQDN endpoints are deprecated";
  },
  columns: [
    text("AddressType", ({ addressType }) => addressType ?? ""),
    text("Ports", portsText),
    text("Endpoints", endpointsText),
    ageColumn,
  ],
});
