// What can be wrong with a service, in the order in which the real server looks at it.

import { duplicate, type FieldError, FieldPath, forbiddenField, invalid, required } from "../machinery/field.ts";
import { parseIp } from "../machinery/ip.ts";
import { cidr, dns1123Label, dns1123Subdomain, ipAddress, portNumber, qualifiedName } from "../machinery/names.ts";
import { specialAddress } from "../parts/addresses.ts";
import { addInvalid, checkLabels, checkOneOf, checkRequiredOneOf, type Errors } from "../parts/checks.ts";
import { checkPort } from "./podspec/probes.ts";
import { addressChangeErrors, familyErrors } from "./servicefamilies.ts";
import { isHeadless, isOpenToTheWorld, needsHealthCheckPort, type Service, type ServicePort } from "./servicetypes.ts";

const specPath = new FieldPath("spec");
const types = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const protocols = ["SCTP", "TCP", "UDP"];
const affinitySecondsMax = 86400;

function checkByType(errors: Errors, { spec }: Service): void {
  switch (spec.type) {
    case "LoadBalancer":
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
  if (seconds === undefined) errors.push(required(at, "when session affinity type is ClientIP"));
  else if (seconds <= 0 || seconds > affinitySecondsMax) {
    errors.push(invalid(at, seconds, `must be greater than 0 and less than ${affinitySecondsMax}`));
  }
}

/** Ports that collide; the real server prints its own struct for them. */
function checkCollisions(errors: Errors, spec: Service["spec"]): void {
  const ports = spec.ports ?? [];
  const at = (index: number) => specPath.child("ports").index(index);
  for (const [index, { nodePort }] of ports.entries()) {
    if (spec.type !== "ClusterIP" || !nodePort) continue;
    errors.push(forbiddenField(at(index).child("nodePort"), "may not be used when `type` is 'ClusterIP'"));
  }
  const seen = new Set<string>();
  const isRepeated = (key: string) => seen.has(key) || !seen.add(key);
  for (const [index, { protocol, nodePort }] of ports.entries()) {
    if (nodePort && isRepeated(`node ${protocol}/${nodePort}`)) {
      errors.push(duplicate(at(index).child("nodePort"), nodePort));
    }
  }
  for (const [index, { port, protocol }] of ports.entries()) {
    if (!isRepeated(`${protocol}/${port}`)) continue;
    const shown = { Name: "", Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    errors.push(duplicate(at(index), shown));
  }
}

const rangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

/** Ranges as old clients write them; those that were there may stay as they are. */
function checkAnnotatedRanges(errors: Errors, { metadata, spec }: Service, previous: Service | undefined): void {
  const ranges = metadata.annotations?.[rangesAnnotation];
  if (ranges === undefined || spec.loadBalancerSourceRanges?.length) return;
  const path = new FieldPath("metadata").child("annotations").key(rangesAnnotation);
  if (spec.type !== "LoadBalancer") {
    errors.push(forbiddenField(path, "may only be used when `type` is 'LoadBalancer'"));
  }
  if (ranges.trim() === "" || previous?.metadata.annotations?.[rangesAnnotation] === ranges) return;
  for (const range of ranges.split(",")) addInvalid(errors, () => path, range.trim(), cidr(range.trim()));
}

function checkLoadBalancer(errors: Errors, spec: Service["spec"], previous: Service["spec"] | undefined): void {
  const isLoadBalancer = spec.type === "LoadBalancer";
  if (spec.loadBalancerSourceRanges?.length) {
    // The capital is the real server's own.
    const path = specPath.child("LoadBalancerSourceRanges");
    if (!isLoadBalancer) errors.push(forbiddenField(path, onlyFor));
    const kept = new Set(previous?.loadBalancerSourceRanges?.map((range) => range.trim()));
    for (const [index, given] of spec.loadBalancerSourceRanges.entries()) {
      const range = given.trim();
      if (!kept.has(range)) addInvalid(errors, () => path.index(index), range, cidr(range));
    }
  }
  const allocate = specPath.child("allocateLoadBalancerNodePorts");
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isLoadBalancer)
    errors.push(forbiddenField(allocate, onlyFor));
  checkClass(errors, spec);
}

function checkClass(errors: Errors, spec: Service["spec"]): void {
  if (spec.loadBalancerClass === undefined) return;
  const path = specPath.child("loadBalancerClass");
  if (spec.type !== "LoadBalancer") errors.push(forbiddenField(path, onlyFor));
  else addInvalid(errors, () => path, spec.loadBalancerClass, qualifiedName(spec.loadBalancerClass));
}

const onlyFor = "may only be used when `type` is 'LoadBalancer'";

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
  const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"];
  checkOneOf(errors, spec.trafficDistribution, distributions, () => specPath.child("trafficDistribution"));
}

const hintsAnnotation = "service.kubernetes.io/topology-aware-hints";
const modeAnnotation = "service.kubernetes.io/topology-mode";

/** The old and the new way to say where traffic goes must say the same. */
function checkTopology(errors: Errors, { annotations }: Service["metadata"]): void {
  const [hints, mode] = [annotations?.[hintsAnnotation], annotations?.[modeAnnotation]];
  if (hints === undefined || mode === undefined || hints === mode) return;
  const path = new FieldPath("metadata").child("annotations").key(modeAnnotation);
  errors.push(invalid(path, mode, `must match annotations[${hintsAnnotation}] when both are specified`));
}

function checkExternalAddresses(errors: Errors, spec: Service["spec"], previous: Service["spec"] | undefined): void {
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const messages = previous?.externalIPs?.includes(address) ? [] : ipAddress(address);
    const at = () => specPath.child("externalIPs").index(index);
    addInvalid(errors, at, address, messages.length > 0 ? messages : specialAddress(address));
  }
}

/** What is wrong with a service besides its families. */
function checkService(errors: Errors, service: Service, previous?: Service): void {
  const { spec } = service;
  const ports = spec.ports ?? [];
  checkTopology(errors, service.metadata);
  if (ports.length === 0 && !isHeadless(spec) && spec.type !== "ExternalName") {
    errors.push(required(specPath.child("ports")));
  }
  checkByType(errors, service);
  checkPorts(errors, ports);
  checkLabels(errors, spec.selector, () => specPath.child("selector"));
  checkAffinity(errors, spec);
  checkExternalAddresses(errors, spec, previous?.spec);
  checkRequiredOneOf(errors, spec.type, types, () => specPath.child("type"));
  checkCollisions(errors, spec);
  checkAnnotatedRanges(errors, service, previous);
  checkLoadBalancer(errors, spec, previous?.spec);
  checkTraffic(errors, spec);
}

/** Errors in a new service. */
export function validateService(service: Service): FieldError[] {
  const errors = familyErrors(service.spec);
  if (errors.length === 0) checkService(errors, service);
  return errors;
}

/** Errors in a change, and then in the service as it would be: an address once given stays, and so does the class. */
export function validateServiceUpdate(next: Service, previous: Service): FieldError[] {
  const [now, before] = [next.spec, previous.spec];
  const ofFamilies = familyErrors(now, before);
  if (ofFamilies.length > 0) return ofFamilies;
  const errors = addressChangeErrors(now, before);
  const areBalanced = now.type === "LoadBalancer" && before.type === "LoadBalancer";
  if (areBalanced && now.loadBalancerClass !== before.loadBalancerClass) {
    const path = specPath.child("loadBalancerClass");
    errors.push(invalid(path, now.loadBalancerClass ?? null, "may not change once set"));
  }
  // The real server looks at the class twice, and says twice what is wrong with it.
  checkClass(errors, now);
  if (needsHealthCheckPort(now) && needsHealthCheckPort(before) && before.healthCheckNodePort) {
    if (now.healthCheckNodePort !== before.healthCheckNodePort) {
      errors.push(forbiddenField(specPath.child("healthCheckNodePort"), "field is immutable"));
    }
  }
  checkService(errors, next, previous);
  return errors;
}

function checkIngress(errors: Errors, { ip, ipMode, hostname }: any, kept: ReadonlySet<string>, path: FieldPath): void {
  if (ip && !kept.has(ip)) addInvalid(errors, () => path.child("ip"), ip, ipAddress(ip));
  const mode = path.child("ipMode");
  if (ip && ipMode === undefined) errors.push(required(mode, "must be specified when `ip` is set"));
  if (!ip && ipMode !== undefined) errors.push(forbiddenField(mode, "may not be specified when `ip` is not set"));
  else checkOneOf(errors, ipMode, ["Proxy", "VIP"], () => mode);
  if (!hostname) return;
  addInvalid(errors, () => path.child("hostname"), hostname, dns1123Subdomain(hostname));
  if (!parseIp(hostname)) return;
  errors.push(invalid(path.child("hostname"), hostname, "must be a DNS name, not an IP address"));
}

/** Errors in the status: addresses of load balancers. */
export function validateServiceStatus({ spec, status }: Service, previous: Service): FieldError[] {
  const errors: FieldError[] = [];
  const ingress: any[] = status?.loadBalancer?.ingress ?? [];
  const path = new FieldPath("status").child("loadBalancer", "ingress");
  if (spec.type !== "LoadBalancer" && ingress.length > 0) {
    return [forbiddenField(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const kept = new Set<string>((previous.status?.loadBalancer?.ingress ?? []).map(({ ip }: any) => ip));
  for (const [index, each] of ingress.entries()) checkIngress(errors, each, kept, path.index(index));
  return errors;
}
