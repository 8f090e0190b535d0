// What Kubernetes' own signers issue (certificates.k8s.io, "Kubernetes signers"). Pure.

import { type CertificateRequest, parseCertificateRequest } from "../../api/certificates/request.ts";
import type { KubeObject } from "../../api/machinery/object.ts";

const clientSigner = "kubernetes.io/kube-apiserver-client";
const kubeletClientSigner = "kubernetes.io/kube-apiserver-client-kubelet";
const kubeletServingSigner = "kubernetes.io/kubelet-serving";

type Rule = (request: CertificateRequest, usages: readonly string[]) => string | undefined;

const always = ["digital signature", "key encipherment"];

function usageProblem(usages: readonly string[], required: readonly string[]): string | undefined {
  const fits = usages.every((each) => [...required, ...always].includes(each));
  const hasAll = required.every((each) => usages.includes(each));
  return fits && hasAll ? undefined : `usages did not match map[${[...required, ...always].sort().join(" ")}]`;
}

function nodeProblem({ organizations, commonName }: CertificateRequest): string | undefined {
  if (organizations.join() !== "system:nodes") return "subject organization is not system:nodes";
  if (!commonName.startsWith("system:node:")) return "subject common name does not begin with system:node: ";
  return undefined;
}

const rules: Record<string, Rule> = {
  [clientSigner]: (_, usages) => usageProblem(usages, ["client auth"]),
  [kubeletClientSigner]: (request, usages) => {
    const problem = nodeProblem(request);
    if (problem) return problem;
    if (request.dnsNames.length > 0) return "DNS subjectAltNames are not allowed";
    if (request.emails.length > 0) return "Email subjectAltNames are not allowed";
    if (request.ipAddresses.length > 0) return "IP subjectAltNames are not allowed";
    if (request.uris.length > 0) return "URI subjectAltNames are not allowed";
    return usageProblem(usages, ["client auth", "digital signature"]);
  },
  [kubeletServingSigner]: (request, usages) => {
    const problem = nodeProblem(request);
    if (problem) return problem;
    if (request.dnsNames.length + request.ipAddresses.length === 0) return "DNS or IP subjectAltName is required";
    if (request.emails.length > 0) return "Email subjectAltNames are not allowed";
    if (request.uris.length > 0) return "URI subjectAltNames are not allowed";
    return usageProblem(usages, ["server auth", "digital signature"]);
  },
};

/** Whether the signer is one of Kubernetes' own. */
export function isOwnSigner(name: string): boolean {
  return Object.hasOwn(rules, name);
}

/** Why a signer of Kubernetes' own does not issue what is asked for; undefined if it does. */
export function signingProblem({ spec }: KubeObject): string | undefined {
  try {
    return rules[spec.signerName]!(parseCertificateRequest(atob(spec.request)), spec.usages ?? []);
  } catch (error) {
    return `unable to parse csr ${JSON.stringify(spec.request)}: ${(error as Error).message}`;
  }
}

/**
 * The subresource of `certificatesigningrequests` that somebody must be allowed to create for their kubelet's client
 * certificate to be approved; undefined for any other request.
 */
export function approvalRight(request: KubeObject): "nodeclient" | "selfnodeclient" | undefined {
  const { spec } = request;
  if (spec.signerName !== kubeletClientSigner || signingProblem(request) !== undefined) return undefined;
  const { commonName } = parseCertificateRequest(atob(spec.request));
  return commonName === spec.username ? "selfnodeclient" : "nodeclient";
}

/** Whether the request has a condition of this type. */
export function hasCondition({ status }: KubeObject, type: string): boolean {
  return (status?.conditions ?? []).some((each: any) => each.type === type);
}
