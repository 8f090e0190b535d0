import type { KubeObject } from "../../api/machinery/object.ts";
import { type Action, type Client, type Controller, requeueAfter, type View } from "../../client/mod.ts";
import { approvalRight, hasCondition, isOwnSigner, signingProblem } from "./rules.ts";

const requests = "certificatesigningrequests.certificates.k8s.io";

/** What a certificate is issued for. */
export interface SigningRequest {
  /** The PEM block of the request. */
  pem: string;
  /** As in the API: `client auth`, … */
  usages: readonly string[];
  /** How long it is wanted for; the authority may give less. */
  seconds?: number;
}

/** Issues a certificate with the cluster's authority, as PEM. Rejects for a request that is not signed by its own key. */
export type Sign = (request: SigningRequest) => Promise<string>;

/** What signing came to. */
export type Signed = { certificate: string } | { problem: string } | undefined;

/** Issues certificates that were approved, for the signers of Kubernetes' own. Without an authority, none. */
export function signingController({ sign }: { sign?: Sign }): Controller<KubeObject, Signed> {
  return {
    name: "certificatesigningrequest-signing",
    account: "certificate-controller",
    primary: requests,
    async observe(request) {
      if (!sign || !isToBeSigned(request)) return undefined;
      const problem = signingProblem(request);
      if (problem !== undefined) return { problem };
      const { request: text, usages, expirationSeconds } = request.spec;
      return { certificate: await sign({ pem: atob(text), usages, seconds: expirationSeconds }) };
    },
    plan: (request, _, signed) => planSigning(request, signed),
  };
}

function isToBeSigned(request: KubeObject): boolean {
  if (!isOwnSigner(request.spec.signerName) || request.status?.certificate) return false;
  return hasCondition(request, "Approved") && !hasCondition(request, "Denied") && !hasCondition(request, "Failed");
}

/** Writes what signing came to. Pure. */
export function planSigning(request: KubeObject, signed: Signed): Action[] {
  if (!signed || !isToBeSigned(request)) return [];
  const { status } = request;
  const failed = { type: "Failed", status: "True", reason: "SignerValidationFailure" };
  const next =
    "certificate" in signed
      ? { ...status, certificate: btoa(signed.certificate) }
      : { ...status, conditions: [...(status?.conditions ?? []), { ...failed, message: signed.problem }] };
  return [{ do: "update", resource: requests, object: { ...request, status: next }, subresource: "status" }];
}

/** Approves kubelets' client certificates for whoever may have them (KEP-266). */
export const approvingController: Controller<KubeObject, boolean> = {
  name: "certificatesigningrequest-approving",
  account: "certificate-controller",
  primary: requests,
  observe: mayHave,
  plan: (request, _, allowed) => planApproval(request, allowed),
};

function isPending(request: KubeObject): boolean {
  return !request.status?.certificate && !hasCondition(request, "Approved") && !hasCondition(request, "Denied");
}

async function mayHave(request: KubeObject, client: Client): Promise<boolean> {
  const subresource = isPending(request) ? approvalRight(request) : undefined;
  if (subresource === undefined) return false;
  const { username, uid, groups, extra } = request.spec;
  const group = "certificates.k8s.io";
  const review = await client.create<KubeObject>("subjectaccessreviews.authorization.k8s.io", {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user: username,
      uid,
      groups,
      extra,
      resourceAttributes: { group, resource: "certificatesigningrequests", verb: "create", version: "*", subresource },
    },
  });
  return review.status?.allowed === true;
}

/** Approves if that is allowed. Pure. */
export function planApproval(request: KubeObject, allowed: boolean): Action[] {
  if (!allowed || !isPending(request)) return [];
  const self = approvalRight(request) === "selfnodeclient" ? "self " : "";
  const message = `Auto approving ${self}kubelet client certificate after SubjectAccessReview.`;
  const condition = { type: "Approved", status: "True", reason: "AutoApproved", message };
  const status = { ...request.status, conditions: [...(request.status?.conditions ?? []), condition] };
  return [{ do: "update", resource: requests, object: { ...request, status }, subresource: "approval" }];
}

const hourMs = 3_600_000;

/** How long requests are kept, in milliseconds, by what became of them. */
const keptMs = { Approved: hourMs, Denied: hourMs, Failed: hourMs, pending: 24 * hourMs };

/** Deletes requests that nobody needs any more. */
export const cleanerController: Controller = {
  name: "certificatesigningrequest-cleaner",
  account: "certificate-controller",
  primary: requests,
  plan: planCleaning,
};

/** Deletes what was decided an hour ago, or not within a day. Pure. */
export function planCleaning(request: KubeObject, view: View): Action[] {
  const timeOf = (condition: any): number => Date.parse(condition.lastUpdateTime ?? request.metadata.creationTimestamp);
  let endMs = Date.parse(request.metadata.creationTimestamp) + keptMs.pending;
  for (const condition of request.status?.conditions ?? []) {
    const kept = keptMs[condition.type as keyof typeof keptMs];
    if (kept !== undefined) endMs = Math.min(endMs, timeOf(condition) + kept);
  }
  if (endMs > view.now) return [requeueAfter(endMs - view.now)];
  return [{ do: "delete", resource: requests, object: request }];
}
