import { duplicate, type FieldError, FieldPath, invalid, required, tooMany } from "../machinery/field.ts";
import { parseIp } from "../machinery/ip.ts";
import { dns1123Label, dns1123Subdomain, ipAddress, labelValue, qualifiedName } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { addressWarnings, endpointAddress } from "../parts/addresses.ts";
import { addInvalid, checkImmutable, checkRequiredOneOf, type Errors, sameValue } from "../parts/checks.ts";
import { ageColumn, firstFew, text } from "../parts/columns.ts";

type EndpointSlice = KubeObject & { addressType?: string; endpoints?: any[]; ports?: any[] };

const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20000;
const hintsMax = 8;

function portsText({ ports }: EndpointSlice): string {
  return firstFew((ports ?? []).map(({ port, name }) => `${port ?? name ?? "*"}`)) || "<unset>";
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

/** What older versions said of places is no longer written; the fields for node and zone are. */
function dropTopology({ endpoints }: EndpointSlice): void {
  for (const endpoint of endpoints ?? []) delete endpoint.deprecatedTopology;
}

/** Who writes most slices, and no address that somebody should be warned of. */
const ownControllers = ["endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"];

function checkAddress(errors: Errors, type: string, address: string, path: FieldPath): void {
  const at = () => path;
  if (type === "FQDN") {
    errors.push(...domainErrors(address, path));
    return;
  }
  if (type !== "IPv4" && type !== "IPv6") return;
  const messages = ipAddress(address);
  addInvalid(errors, at, address, messages);
  const isOther = messages.length === 0 && `IPv${parseIp(address)?.family}` !== type;
  if (isOther) errors.push(invalid(path, address, `must be an ${type} address`));
  // The real server looks twice, and says so twice.
  addInvalid(errors, at, address, endpointAddress(address));
}

/** A domain of at least two parts, with or without the dot at its end. */
function domainErrors(text: string, path: FieldPath): FieldError[] {
  if (text === "") return [required(path)];
  const name = text.replace(/\.$/, "");
  const errors = dns1123Subdomain(name).map((why) => invalid(path, text, why));
  if (errors.length > 0) return errors;
  const labels = name.split(".");
  if (labels.length < 2)
    return [invalid(path, text, "should be a domain with at least two segments separated by dots")];
  for (const label of labels) {
    const messages = dns1123Label(label);
    if (messages.length > 0) return messages.map((why) => invalid(path, label, why));
  }
  return [];
}

function checkEndpoint(errors: Errors, type: string, endpoint: any, path: FieldPath): void {
  const { addresses = [], hostname, nodeName } = endpoint;
  const at = path.child("addresses");
  if (addresses.length === 0) errors.push(required(at, "must contain at least 1 address"));
  else if (addresses.length > addressesMax) errors.push(tooMany(at, addresses.length, addressesMax));
  for (const [index, address] of addresses.entries()) checkAddress(errors, type, address, at.index(index));
  if (nodeName !== undefined) addInvalid(errors, () => path.child("nodeName"), nodeName, dns1123Subdomain(nodeName));
  if (hostname !== undefined) addInvalid(errors, () => path.child("hostname"), hostname, dns1123Label(hostname));
  checkHints(errors, endpoint.hints?.forZones ?? [], labelValue, path.child("hints", "forZones"));
  checkHints(errors, endpoint.hints?.forNodes ?? [], dns1123Subdomain, path.child("hints", "forNodes"));
}

/** For which zones or nodes an endpoint is meant. */
function checkHints(errors: Errors, hints: any[], rule: (name: string) => string[], path: FieldPath): void {
  if (hints.length > hintsMax) {
    errors.push(tooMany(path, hints.length, hintsMax));
    return;
  }
  const names = new Set<string>();
  for (const [index, { name = "" }] of hints.entries()) {
    const at = path.index(index).child("name");
    if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
    addInvalid(errors, () => at, name, rule(name));
  }
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
      errors.push(duplicate(at.child("name"), name));
    }
    names.add(name);
    checkRequiredOneOf(errors, protocol, ["SCTP", "TCP", "UDP"], () => at.child("protocol"));
    if (appProtocol !== undefined)
      addInvalid(errors, () => at.child("appProtocol"), appProtocol, qualifiedName(appProtocol));
  }
}

function validate({ addressType, endpoints = [], ports = [] }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  checkRequiredOneOf(errors, addressType, ["FQDN", "IPv4", "IPv6"], () => new FieldPath("addressType"));
  const path = new FieldPath("endpoints");
  checkPorts(errors, ports, new FieldPath("ports"));
  if (endpoints.length > endpointsMax) errors.push(tooMany(path, endpoints.length, endpointsMax));
  else {
    for (const [index, endpoint] of endpoints.entries()) {
      checkEndpoint(errors, addressType ?? "", endpoint, path.index(index));
    }
  }
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
  prepareCreate: dropTopology,
  prepareUpdate(next, previous) {
    dropTopology(next);
    if (!sameValue(next.metadata.labels, previous.metadata.labels))
      next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
  },
  validate,
  validateUpdate(next, previous) {
    const errors: FieldError[] = [];
    checkImmutable(errors, next.addressType, previous.addressType, () => new FieldPath("addressType"));
    return errors;
  },
  *warnings({ addressType, endpoints = [], metadata }, previous) {
    if (addressType === "FQDN" && !previous) yield "spec.addressType: FQDN endpoints are deprecated";
    const manager = metadata.labels?.["endpointslice.kubernetes.io/managed-by"] ?? "";
    if (addressType === "FQDN" || ownControllers.includes(manager)) return;
    for (const [index, { addresses = [] }] of endpoints.entries()) {
      const path = new FieldPath("endpoints").index(index).child("addresses");
      for (const [position, address] of addresses.entries()) yield* addressWarnings(address, path.index(position));
    }
  },
  columns: [
    text("AddressType", ({ addressType }) => addressType ?? ""),
    text("Ports", portsText),
    text("Endpoints", endpointsText),
    ageColumn,
  ],
});
