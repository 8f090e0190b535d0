import { checkPort } from "../core/podspec/probes.ts";
import { type FieldError, FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { parseCidr } from "../machinery/ip.ts";
import { cidr } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { isWithin, rangeWarnings } from "../parts/addresses.ts";
import { addInvalid, checkLabelSelector, checkOneOf, type Errors } from "../parts/checks.ts";
import { ageColumn, selectorText, text } from "../parts/columns.ts";

type NetworkPolicy = KubeObject & { spec: any };

const specPath = new FieldPath("spec");

function defaults({ spec }: NetworkPolicy): void {
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= "TCP";
  }
  if (spec.policyTypes?.length) return;
  spec.policyTypes = ["Ingress"];
  if (spec.egress?.length) spec.policyTypes.push("Egress");
}

function checkPolicyPort(errors: Errors, { protocol, port, endPort }: any, path: FieldPath): void {
  checkOneOf(errors, protocol, ["TCP", "UDP", "SCTP"], () => path.child("protocol"));
  const at = path.child("endPort");
  const whyNot = port === undefined ? "not specified" : "non-numeric";
  if (endPort !== undefined && typeof port !== "number") {
    errors.push(invalid(at, endPort, `may not be specified when \`port\` is ${whyNot}`));
  }
  if (port !== undefined) checkPort(errors, port, () => path.child("port"));
  if (endPort === undefined || typeof port !== "number") return;
  if (endPort < port) errors.push(invalid(at, endPort, "must be greater than or equal to `port`"));
  checkPort(errors, endPort, () => at);
}

function checkBlock(errors: Errors, block: any, path: FieldPath): void {
  if (!block.cidr) {
    errors.push(required(path.child("cidr")));
    return;
  }
  addInvalid(errors, () => path.child("cidr"), block.cidr, cidr(block.cidr));
  if (!parseCidr(block.cidr)) return;
  for (const [index, except] of (block.except ?? []).entries()) {
    const at = path.child("except").index(index);
    addInvalid(errors, () => at, except, cidr(except));
    if (parseCidr(except) && !isWithin(except, block.cidr)) {
      errors.push(invalid(at, except, "must be a strict subset of `cidr`"));
    }
  }
}

function checkPeer(errors: Errors, peer: any, path: FieldPath): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  checkLabelSelector(errors, podSelector, path.child("podSelector"));
  checkLabelSelector(errors, namespaceSelector, path.child("namespaceSelector"));
  if (ipBlock) checkBlock(errors, ipBlock, path.child("ipBlock"));
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(path, "must specify a peer"));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbiddenField(path, "may not specify both ipBlock and another peer"));
  }
}

function checkRules(errors: Errors, rules: any[] | undefined, peers: "from" | "to", path: FieldPath): void {
  for (const [index, rule] of (rules ?? []).entries()) {
    const at = path.index(index);
    for (const [position, port] of (rule.ports ?? []).entries()) {
      checkPolicyPort(errors, port, at.child("ports").index(position));
    }
    for (const [position, peer] of (rule[peers] ?? []).entries()) {
      checkPeer(errors, peer, at.child(peers).index(position));
    }
  }
}

function validate({ spec }: NetworkPolicy): FieldError[] {
  const errors: FieldError[] = [];
  checkLabelSelector(errors, spec.podSelector, specPath.child("podSelector"));
  checkRules(errors, spec.ingress, "from", specPath.child("ingress"));
  checkRules(errors, spec.egress, "to", specPath.child("egress"));
  const types: string[] = spec.policyTypes ?? [];
  if (types.length > 2) {
    errors.push(invalid(specPath.child("policyTypes"), types, "may not specify more than two policyTypes"));
    return errors;
  }
  for (const [index, type] of types.entries()) {
    if (type === "Ingress" || type === "Egress") continue;
    errors.push(notSupported(specPath.child("policyTypes").index(index), type, ["Ingress", "Egress"]));
  }
  return errors;
}

/** Ranges that are right but not written as they should be. */
function* warnings({ spec }: NetworkPolicy): Iterable<string> {
  for (const [field, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    for (const [index, rule] of (spec[field] ?? []).entries()) {
      for (const [position, { ipBlock }] of (rule[peers] ?? []).entries()) {
        if (!ipBlock) continue;
        const path = specPath.child(field).index(index).child(peers).index(position).child("ipBlock");
        yield* rangeWarnings(ipBlock.cidr ?? "", path.child("cidr"));
        for (const [place, each] of (ipBlock.except ?? []).entries()) {
          yield* rangeWarnings(each, path.child("except").index(place));
        }
      }
    }
  }
}

export const networkPolicies = defineResource<NetworkPolicy>({
  group: "networking.k8s.io",
  version: "v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  shortNames: ["netpol"],
  scope: "Namespaced",
  schema: "io.k8s.api.networking.v1.NetworkPolicy",
  generation: true,
  defaults,
  checkedTwice: true,
  validate,
  warnings,
  columns: [text("Pod-Selector", ({ spec }) => selectorText(spec?.podSelector)), ageColumn],
});
