// The objects of Services' addresses (KEP-1880): each is taken by an IPAddress of its name, which comes and goes with the
// Service in one transaction.

import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { uuid } from "../../base/uuid.ts";
import { type Cached, encodeValue, storagePrefix } from "../cache/cache.ts";
import type { Beside } from "../registry/beside.ts";
import { cacheOf, type Registry } from "../registry/scope.ts";

const managedBy = "ipaddress.kubernetes.io/managed-by";
const family = "ipaddress.kubernetes.io/ip-family";
const allocator = "ipallocator.k8s.io";

/** How long an address may be without its Service, in milliseconds: Kubernetes' own servers make it first. */
const graceMs = 60_000;

function addressResource({ resources }: Registry): Resource {
  return resources.byId("ipaddresses.networking.k8s.io")!;
}

/** The addresses of a Service that are taken for it alone. */
export function addressesOf(service: KubeObject | undefined): string[] {
  const { clusterIP, clusterIPs } = service?.spec ?? {};
  const all: string[] = clusterIPs ?? (clusterIP ? [clusterIP] : []);
  return all.filter((ip) => ip !== "" && ip !== "None");
}

/** The object of an address, if there is one. */
export function addressObject(registry: Registry, ip: string): KubeObject | undefined {
  return cacheOf(registry, addressResource(registry)).get(ip)?.object;
}

/** Whether an address is taken for this Service. */
export function belongsTo({ spec }: KubeObject, { name, namespace }: KubeObject["metadata"]): boolean {
  const { group = "", resource, ...parent } = spec?.parentRef ?? {};
  return group === "" && resource === "services" && parent.name === name && parent.namespace === namespace;
}

/** Adds to a write what becomes of the addresses: those that the Service had and has no more, and those that it is given. */
export function noteAddresses(
  registry: Registry,
  stored: Resource,
  previous: KubeObject | undefined,
  next: KubeObject | undefined,
  beside: Beside,
): void {
  if (stored.id !== "services") return;
  const [before, now] = [addressesOf(previous), addressesOf(next)];
  const prefix = storagePrefix(addressResource(registry));
  for (const ip of before) {
    if (now.includes(ip)) continue;
    const object = addressObject(registry, ip);
    if (object && belongsTo(object, previous!.metadata)) beside.operations.push({ delete: prefix + ip });
  }
  for (const ip of now) {
    if (before.includes(ip)) continue;
    beside.preconditions.push({ key: prefix + ip, revision: 0 });
    beside.operations.push({ put: prefix + ip, value: encodeValue(newAddress(registry, ip, next!)) });
  }
}

function newAddress({ random, clock }: Registry, ip: string, { metadata }: KubeObject): KubeObject {
  const time = formatTime(clock.now());
  const labels = { [family]: ip.includes(":") ? "IPv6" : "IPv4", [managedBy]: allocator };
  const { name, namespace } = metadata;
  const fieldsV1 = {
    "f:metadata": { "f:labels": { ".": {}, [`f:${family}`]: {}, [`f:${managedBy}`]: {} } },
    "f:spec": { "f:parentRef": { ".": {}, "f:name": {}, "f:namespace": {}, "f:resource": {} } },
  };
  const apiVersion = "networking.k8s.io/v1";
  const manager = { manager: "kube-apiserver", operation: "Update" as const, apiVersion, time };
  return {
    kind: "IPAddress",
    apiVersion,
    metadata: {
      name: ip,
      uid: uuid(random),
      creationTimestamp: time,
      labels,
      managedFields: [{ ...manager, fieldsType: "FieldsV1", fieldsV1 }],
    },
    spec: { parentRef: { name, namespace, resource: "services" } },
  } as unknown as KubeObject;
}

/** An object for one look. */
const look = (item: Cached): KubeObject => item.peek?.() ?? item.object;

/**
 * Brings addresses and Services together again where they fell apart: a Service whose address has no object gets one, and an
 * object of ours whose Service is gone, or has another address, goes.
 */
export async function repairAddresses(registry: Registry): Promise<void> {
  const services = cacheOf(registry, registry.resources.byId("services")!);
  const prefix = storagePrefix(addressResource(registry));
  for (const service of [...services.list()]) {
    const object = look(service);
    for (const ip of addressesOf(object)) {
      if (addressObject(registry, ip)) continue;
      const put = { put: prefix + ip, value: encodeValue(newAddress(registry, ip, object)) };
      await registry.store.commit([{ key: prefix + ip, revision: 0 }], [put]);
    }
  }
  for (const item of [...cacheOf(registry, addressResource(registry)).list()]) {
    const { key, revision } = item;
    const object = look(item);
    if (object.metadata.labels?.[managedBy] !== allocator) continue;
    if (Date.parse(object.metadata.creationTimestamp ?? "") > registry.clock.now() - graceMs) continue;
    const { namespace, name } = object.spec?.parentRef ?? {};
    const service = services.get(`${namespace}/${name}`)?.object;
    if (service && addressesOf(service).includes(object.metadata.name)) continue;
    await registry.store.commit([{ key: prefix + key, revision }], [{ delete: prefix + key }]);
  }
}
