// What can be wrong with a service, in the order in which the real server looks at it.

import { duplicate, type FieldError, FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { cidr, dns1123Label, dns1123Subdomain, ipAddress, portNumber, qualifiedName } from "../machinery/names.ts";
import { specialAddress } from "../parts/addresses.ts";
import { addInvalid, checkLabels, checkOneOf, checkRequiredOneOf, type Errors } from "../parts/checks.ts";
import { checkPort } from "./podspec/probes.ts";
import { isHeadless, isOpenToTheWorld, needsHealthCheckPort, type Service, type ServicePort } from "./servicetypes.ts";

const specPath = new FieldPath("spec");
const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const protocols = ["SCTP", "TCP", "UDP"];
const affinitySecondsMax = 86400;
const kubeletPort = 10250;

function checkByType(errors: Errors, { spec }: Service): void {
  switch (spec.type) {
    case "LoadBalancer":
      for (const [index, { port }] of (spec.ports ?? []).entries()) {
        if (port !== kubeletPort) continue;
        const why = `may not expose port ${kubeletPort} externally since it is used by kubelet`;
        errors.push(invalid(specPath.child("ports").index(index), port, why));
      }
      checkNotHeadless(errors, spec, "LoadBalancer");
      break;
    case "NodePort":
      checkNotHeadless(errors, spec, "NodePort");
      break;
    case "ExternalName":
      checkExternalName(errors, spec);
      break;
  }
}

function checkNotHeadless(errors: Errors, spec: Service["spec"], type: string): void {
  if (!isHeadless(spec)) return;
  const why = `may not be set to 'None' for ${type} services`;
  errors.push(invalid(specPath.child("clusterIPs").index(0), "None", why));
}

function checkExternalName(errors: Errors, spec: Service["spec"]): void {
  for (const field of ["clusterIPs", "ipFamilies"] as const) {
    if (spec[field]?.length) {
      errors.push(forbiddenField(specPath.child(field), "may not be set for ExternalName services"));
    }
  }
  if (spec.ipFamilyPolicy) {
    errors.push(forbiddenField(specPath.child("ipFamilyPolicy"), "may not be set for ExternalName services"));
  }
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.push(required(specPath.child("externalName")));
  else addInvalid(errors, () => specPath.child("externalName"), name, dns1123Subdomain(name));
}

function checkPorts(errors: Errors, ports: ServicePort[]): void {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = specPath.child("ports").index(index);
    if (port.name) {
      addInvalid(errors, () => at.child("name"), port.name, dns1123Label(port.name));
      if (names.has(port.name)) errors.push(duplicate(at.child("name"), port.name));
      names.add(port.name);
    } else if (ports.length > 1) {
      errors.push(required(at.child("name")));
    }
    addInvalid(errors, () => at.child("port"), port.port ?? 0, portNumber(port.port ?? 0));
    checkRequiredOneOf(errors, port.protocol, protocols, () => at.child("protocol"));
    checkPort(errors, port.targetPort, () => at.child("targetPort"));
    if (port.appProtocol !== undefined) {
      addInvalid(errors, () => at.child("appProtocol"), port.appProtocol, qualifiedName(port.appProtocol));
    }
  }
}

function checkAffinity(errors: Errors, spec: Service["spec"]): void {
  checkRequiredOneOf(errors, spec.sessionAffinity, ["ClientIP", "None"], () => specPath.child("sessionAffinity"));
  const config = specPath.child("sessionAffinityConfig");
  if (spec.sessionAffinity === "None" && spec.sessionAffinityConfig) {
    errors.push(forbiddenField(config, "must not be set when session affinity is None"));
  }
  if (spec.sessionAffinity !== "ClientIP") return;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  const at = config.child("clientIP", "timeoutSeconds");
  if (seconds === undefined) errors.push(required(at));
  else if (seconds <= 0 || seconds > affinitySecondsMax) {
    errors.push(invalid(at, seconds, `must be greater than 0 and less than ${affinitySecondsMax}`));
  }
}

function checkFamilies(errors: Errors, spec: Service["spec"]): void {
  const seen = new Set<string>();
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const at = () => specPath.child("ipFamilies").index(index);
    checkOneOf(errors, family, ["IPv4", "IPv6"], at);
    if (seen.has(family)) errors.push(duplicate(at(), family));
    seen.add(family);
  }
  const policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
  checkOneOf(errors, spec.ipFamilyPolicy, policies, () => specPath.child("ipFamilyPolicy"));
}

function checkAddresses(errors: Errors, spec: Service["spec"]): void {
  if (spec.type === "ExternalName") return;
  const addresses = spec.clusterIPs ?? [];
  const path = specPath.child("clusterIPs");
  if (!spec.clusterIP && addresses.length > 0) {
    errors.push(invalid(path, addresses, "must be empty when `clusterIP` is not specified"));
  } else if (addresses.length > 0 && addresses[0] !== spec.clusterIP) {
    errors.push(invalid(path, addresses, "first value must match `clusterIP`"));
  }
  checkFamilies(errors, spec);
  const before = errors.length;
  for (const [index, address] of addresses.entries()) {
    if (index === 0 && address === "None") {
      if (addresses.length > 1) errors.push(invalid(path, addresses, "'None' must be the first and only value"));
      continue;
    }
    addInvalid(errors, () => path.index(index), address, ipAddress(address));
    if (addresses.indexOf(address) < index) errors.push(duplicate(path.index(index), address));
  }
  if (addresses.length > 2) errors.push(invalid(path, addresses, "may only hold up to 2 values"));
  if (errors.length > before || isHeadless(spec)) return;
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const address = addresses[index];
    if (address === undefined || (family !== "IPv4" && family !== "IPv6")) continue;
    if (address.includes(":") === (family === "IPv6")) continue;
    const why = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalid(path.index(index), address, why));
  }
}

/** Ports that collide; the real server prints its own struct for them. */
function checkCollisions(errors: Errors, spec: Service["spec"]): void {
  const ports = spec.ports ?? [];
  const nodePorts = new Set<string>();
  const seen = new Set<string>();
  for (const [index, { protocol, nodePort }] of ports.entries()) {
    if (spec.type === "ClusterIP" && nodePort) {
      const why = "may not be used when `type` is 'ClusterIP'";
      errors.push(forbiddenField(specPath.child("ports").index(index).child("nodePort"), why));
    }
    if (nodePort && nodePorts.has(`${protocol}/${nodePort}`)) {
      errors.push(duplicate(specPath.child("ports").index(index).child("nodePort"), nodePort));
    }
    nodePorts.add(`${protocol}/${nodePort}`);
  }
  for (const [index, { port, protocol }] of ports.entries()) {
    if (seen.has(`${protocol}/${port}`)) {
      const shown = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
      errors.push(duplicate(specPath.child("ports").index(index), shown));
    }
    seen.add(`${protocol}/${port}`);
  }
}

const rangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

/** Ranges as old clients write them. */
function checkAnnotatedRanges(errors: Errors, { metadata, spec }: Service): void {
  const ranges = metadata.annotations?.[rangesAnnotation];
  if (ranges === undefined || spec.loadBalancerSourceRanges?.length) return;
  const path = new FieldPath("metadata").child("annotations").key(rangesAnnotation);
  if (spec.type !== "LoadBalancer") {
    errors.push(forbiddenField(path, "may only be used when `type` is 'LoadBalancer'"));
  }
  if (ranges.trim() === "") return;
  for (const range of ranges.split(",")) addInvalid(errors, () => path, range.trim(), cidr(range.trim()));
}

function checkLoadBalancer(errors: Errors, spec: Service["spec"]): void {
  const onlyFor = "may only be used when `type` is 'LoadBalancer'";
  const isLoadBalancer = spec.type === "LoadBalancer";
  if (spec.loadBalancerSourceRanges?.length) {
    // The capital is the real server's own.
    const path = specPath.child("LoadBalancerSourceRanges");
    if (!isLoadBalancer) errors.push(forbiddenField(path, onlyFor));
    for (const [index, range] of spec.loadBalancerSourceRanges.entries()) {
      addInvalid(errors, () => path.index(index), range, cidr(range.trim()));
    }
  }
  const allocate = specPath.child("allocateLoadBalancerNodePorts");
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer)
    errors.push(forbiddenField(allocate, onlyFor));
  if (spec.loadBalancerClass === undefined) return;
  const path = specPath.child("loadBalancerClass");
  if (!isLoadBalancer) errors.push(forbiddenField(path, onlyFor));
  else addInvalid(errors, () => path, spec.loadBalancerClass, qualifiedName(spec.loadBalancerClass));
}

function checkTraffic(errors: Errors, spec: Service["spec"]): void {
  const policies = ["Cluster", "Local"];
  const external = specPath.child("externalTrafficPolicy");
  if (isOpenToTheWorld(spec)) checkRequiredOneOf(errors, spec.externalTrafficPolicy, policies, () => external);
  else if (spec.externalTrafficPolicy) {
    const why = "may only be set for externally-accessible services";
    errors.push(invalid(external, spec.externalTrafficPolicy, why));
  }
  if (spec.healthCheckNodePort && !needsHealthCheckPort(spec)) {
    const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(specPath.child("healthCheckNodePort"), spec.healthCheckNodePort, why));
  }
  checkOneOf(errors, spec.internalTrafficPolicy, policies, () => specPath.child("internalTrafficPolicy"));
  const distributions = ["PreferClose", "PreferSameNode", "PreferSameZone"];
  checkOneOf(errors, spec.trafficDistribution, distributions, () => specPath.child("trafficDistribution"));
}

/** Errors in a service. */
export function validateService(service: Service): FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = service;
  const ports = spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== "ExternalName") {
    errors.push(required(specPath.child("ports")));
  }
  checkByType(errors, service);
  checkPorts(errors, ports);
  checkLabels(errors, spec.selector, () => specPath.child("selector"));
  checkAffinity(errors, spec);
  checkAddresses(errors, spec);
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const messages = ipAddress(address);
    const at = () => specPath.child("externalIPs").index(index);
    addInvalid(errors, at, address, messages.length > 0 ? messages : specialAddress(address));
  }
  checkRequiredOneOf(errors, spec.type, types, () => specPath.child("type"));
  checkCollisions(errors, spec);
  checkAnnotatedRanges(errors, service);
  checkLoadBalancer(errors, spec);
  checkTraffic(errors, spec);
  return errors;
}

/** Errors in a change: an address once given stays, and so does the load balancer's class. */
export function validateServiceUpdate(next: Service, previous: Service): FieldError[] {
  const errors: FieldError[] = [];
  const [now, before] = [next.spec, previous.spec];
  const bothHaveAddresses = now.type !== "ExternalName" && before.type !== "ExternalName";
  if (bothHaveAddresses && before.clusterIPs?.[0] && now.clusterIPs?.[0] !== before.clusterIPs[0]) {
    const path = specPath.child("clusterIPs").index(0);
    errors.push(invalid(path, now.clusterIPs ?? null, "may not change once set"));
  }
  if (
    now.type === "LoadBalancer" &&
    before.type === "LoadBalancer" &&
    now.loadBalancerClass !== before.loadBalancerClass
  ) {
    const path = specPath.child("loadBalancerClass");
    errors.push(invalid(path, now.loadBalancerClass ?? null, "may not change once set"));
  }
  if (needsHealthCheckPort(now) && needsHealthCheckPort(before) && before.healthCheckNodePort) {
    if (now.healthCheckNodePort !== before.healthCheckNodePort) {
      errors.push(forbiddenField(specPath.child("healthCheckNodePort"), "field is immutable"));
    }
  }
  return errors;
}

/** Errors in the status: addresses of load balancers. */
export function validateServiceStatus({ status }: Service): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { ip, ipMode, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    const at = new FieldPath("status").child("loadBalancer", "ingress").index(index);
    if (ip) addInvalid(errors, () => at.child("ip"), ip, ipAddress(ip));
    if (ip && ipMode === undefined) errors.push(required(at.child("ipMode"), "must be specified when `ip` is set"));
    if (!ip && ipMode !== undefined) {
      errors.push(forbiddenField(at.child("ipMode"), "may not be specified when `ip` is not set"));
    } else checkOneOf(errors, ipMode, ["Proxy", "VIP"], () => at.child("ipMode"));
    if (!hostname) continue;
    addInvalid(errors, () => at.child("hostname"), hostname, dns1123Subdomain(hostname));
    if (ipAddress(hostname).length === 0) {
      errors.push(invalid(at.child("hostname"), hostname, "must be a DNS name, not an IP address"));
    }
  }
  return errors;
}
