import { type FieldError, FieldPath, required } from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain, ipAddress, portNumber, qualifiedName } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { endpointAddress } from "../parts/addresses.ts";
import { addInvalid, checkRequiredOneOf, type Errors } from "../parts/checks.ts";
import { ageColumn, firstFew, text } from "../parts/columns.ts";

interface Subset {
  addresses?: { ip: string }[];
  ports?: { port: number }[];
}

function joinAddress(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function endpointsText(object: { subsets?: Subset[] }): string {
  const points = (object.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => joinAddress(ip, port))),
  );
  return object.subsets?.length ? firstFew(points) : "<none>";
}

function defaults(object: { subsets?: any[] }): void {
  for (const { ports = [] } of object.subsets ?? []) for (const port of ports) port.protocol ||= "TCP";
}

function checkAddress(errors: Errors, address: any, path: FieldPath): void {
  const messages = ipAddress(address.ip ?? "");
  addInvalid(errors, () => path.child("ip"), address.ip ?? "", messages);
  if (address.hostname)
    addInvalid(errors, () => path.child("hostname"), address.hostname, dns1123Label(address.hostname));
  if (address.nodeName !== undefined)
    addInvalid(errors, () => path.child("nodeName"), address.nodeName, dns1123Subdomain(address.nodeName));
  // The real server looks twice, and says so twice.
  addInvalid(errors, () => path.child("ip"), address.ip ?? "", endpointAddress(address.ip ?? ""));
}

function checkPort(errors: Errors, port: any, needsName: boolean, path: FieldPath): void {
  if (port.name) addInvalid(errors, () => path.child("name"), port.name, dns1123Label(port.name));
  else if (needsName) errors.push(required(path.child("name")));
  addInvalid(errors, () => path.child("port"), port.port ?? 0, portNumber(port.port ?? 0));
  checkRequiredOneOf(errors, port.protocol, ["SCTP", "TCP", "UDP"], () => path.child("protocol"));
  if (port.appProtocol !== undefined)
    addInvalid(errors, () => path.child("appProtocol"), port.appProtocol, qualifiedName(port.appProtocol));
}

function validate(object: { subsets?: any[] }): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, subset] of (object.subsets ?? []).entries()) {
    const path = new FieldPath("subsets").index(index);
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.push(required(path, "must specify `addresses` or `notReadyAddresses`"));
    }
    for (const list of ["addresses", "notReadyAddresses"] as const) {
      for (const [position, address] of (subset[list] ?? []).entries()) {
        checkAddress(errors, address, path.child(list).index(position));
      }
    }
    for (const [position, port] of ports.entries()) {
      checkPort(errors, port, ports.length > 1, path.child("ports").index(position));
    }
  }
  return errors;
}

export const endpoints = defineResource({
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Endpoints",
  storagePrefix: "services/endpoints",
  createOnUpdate: true,
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  defaults,
  validate,
  columns: [text<any>("Endpoints", endpointsText), ageColumn],
});
