import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import { parseCidr } from "../machinery/ip.ts";
import { cidr, dns1123Subdomain, ipAddress, pathSegment } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, sameValue } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";

const group = "networking.k8s.io";
const version = "v1";

function parentText({ spec }: any): string {
  const ref = spec?.parentRef;
  if (!ref) return "<none>";
  const resource = ref.group ? `${ref.resource}.${ref.group}` : ref.resource;
  return [resource, ref.namespace, ref.name].filter(Boolean).join("/");
}

const specPath = new FieldPath("spec");

function validateAddress({ metadata, spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name) {
    addInvalid(errors, () => new FieldPath("metadata").child("name"), metadata.name, ipAddress(metadata.name));
  }
  const path = specPath.child("parentRef");
  if (!spec.parentRef) return [...errors, required(path)];
  const { group: ofGroup, resource, name, namespace } = spec.parentRef;
  if (ofGroup) addInvalid(errors, () => path.child("group"), ofGroup, dns1123Subdomain(ofGroup));
  if (!resource) errors.push(required(path.child("resource")));
  else addInvalid(errors, () => path.child("resource"), resource, pathSegment(resource));
  if (!name) errors.push(required(path.child("name")));
  else addInvalid(errors, () => path.child("name"), name, pathSegment(name));
  if (namespace) addInvalid(errors, () => path.child("namespace"), namespace, pathSegment(namespace));
  return errors;
}

function validateAddressUpdate(next: any, previous: any): FieldError[] {
  if (sameValue(next.spec?.parentRef, previous.spec?.parentRef)) return [];
  const { group: ofGroup = "", resource = "", namespace = "", name = "" } = next.spec?.parentRef ?? {};
  // The real server prints its own struct here.
  const shown = { Group: ofGroup, Resource: resource, Namespace: namespace, Name: name };
  return [invalid(specPath.child("parentRef"), shown, "field is immutable")];
}

function validateRanges({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const path = specPath.child("cidrs");
  const ranges: string[] = spec.cidrs ?? [];
  if (ranges.length === 0) return [required(path, "at least one CIDR required")];
  if (ranges.length > 2) return [invalid(path, { CIDRs: ranges }, "may only hold up to 2 values")];
  for (const [index, range] of ranges.entries()) addInvalid(errors, () => path.index(index), range, cidr(range));
  const [first, second] = ranges.map((range) => parseCidr(range)?.ip.family);
  if (first !== undefined && first === second) {
    const why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
    errors.push(invalid(path, ranges, why));
  }
  return errors;
}

/** Ranges stay; a single one may get a second of the other family beside it. */
function validateRangesUpdate(next: any, previous: any): FieldError[] {
  const path = specPath.child("cidrs");
  const [now, before]: string[][] = [next.spec.cidrs ?? [], previous.spec.cidrs ?? []];
  const grows = before!.length === 1 && now!.length === 2;
  // A range that is added is looked at once more.
  const again = grows ? validateRanges(next) : [];
  if (now!.length !== before!.length && !grows) return [invalid(path, now, "field is immutable")];
  const changed = before!.flatMap((range, index) => (now![index] === range ? [] : [index]));
  return [...changed.map((index) => invalid(path.index(index), now![index], "field is immutable")), ...again];
}

export const ipAddresses = defineResource<any>({
  group,
  version,
  kind: "IPAddress",
  plural: "ipaddresses",
  shortNames: ["ip"],
  scope: "Cluster",
  schema: "io.k8s.api.networking.v1.IPAddress",
  nameRule: "none",
  validate: validateAddress,
  validateUpdate: validateAddressUpdate,
  columns: [text("ParentRef", parentText)],
  // The real server has no column for it, but a cell.
  cellsBeyond: [ageColumn],
});

export const serviceCidrs = defineResource<any>({
  group,
  version,
  kind: "ServiceCIDR",
  plural: "servicecidrs",
  scope: "Cluster",
  schema: "io.k8s.api.networking.v1.ServiceCIDR",
  subresources: [statusSubresource],
  statusFields: ["status"],
  statusKeeps: "metadata",
  statusWith: "all",
  validate: validateRanges,
  validateUpdate: validateRangesUpdate,
  columns: [text("CIDRs", ({ spec }) => (spec?.cidrs ?? []).join(",")), ageColumn],
});
