import { humanDuration } from "../machinery/duration.ts";
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import { defineResource, type RequestFacts } from "../machinery/resource.ts";
import { sameValue } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { partSubresource, statusSubresource } from "../parts/subresources.ts";
import { issuedCertificateError } from "./issued.ts";
import { parseCertificateRequest } from "./request.ts";
import { signerErrors } from "./signer.ts";

/** What has become of a request: `Approved,Issued`. */
function conditionText({ status }: any): string {
  const types = new Set((status?.conditions ?? []).map(({ type }: { type: string }) => type));
  const parts = [types.has("Denied") ? "Denied" : types.has("Approved") ? "Approved" : "Pending"];
  if (types.has("Failed")) parts.push("Failed");
  if (status?.certificate) parts.push("Issued");
  return parts.join(",");
}

const specPath = new FieldPath("spec");
const secondsMin = 600;

const legacySigner = "kubernetes.io/legacy-unknown";

const usages = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];

/** Who asks is what the server knows, not what the request says. */
function prepareCreate({ spec }: any, { username, user }: RequestFacts): void {
  for (const field of ["uid", "groups", "extra"]) delete spec[field];
  spec.username = username;
  if (user?.uid) spec.uid = user.uid;
  if (user?.groups?.length) spec.groups = [...user.groups];
  if (user?.extra && Object.keys(user.extra).length > 0) spec.extra = user.extra;
}

function requestErrors(request: string | undefined, path: FieldPath): FieldError[] {
  try {
    parseCertificateRequest(atob(request ?? ""));
    return [];
  } catch (error) {
    return [invalid(path, request || null, (error as Error).message)];
  }
}

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...requestErrors(spec.request, specPath.child("request")));
  const list: string[] = spec.usages ?? [];
  if (list.length === 0) errors.push(required(specPath.child("usages")));
  const at = (index: number) => specPath.child("usages").index(index);
  for (const [index, usage] of list.entries()) {
    if (!usages.includes(usage)) errors.push(notSupported(at(index), usage, usages));
  }
  for (const [index, usage] of list.entries())
    if (list.indexOf(usage) < index) errors.push(duplicate(at(index), usage));
  const signerPath = specPath.child("signerName");
  if (spec.signerName === legacySigner) {
    errors.push(invalid(signerPath, legacySigner, "the legacy signerName is not allowed via this API version"));
  } else errors.push(...signerErrors(spec.signerName ?? "", signerPath));
  if (spec.expirationSeconds < secondsMin) {
    errors.push(
      invalid(
        specPath.child("expirationSeconds"),
        spec.expirationSeconds,
        "may not specify a duration less than 600 seconds (10 minutes)",
      ),
    );
  }
  return errors;
}

const conditionsPath = new FieldPath("status").child("conditions");
const decisions = ["Approved", "Denied"];
const final = [...decisions, "Failed"];

const ofType = (request: any, type: string): any[] =>
  (request.status?.conditions ?? []).filter((each: any) => each.type === type);

/** Gives conditions the times that their author left out. `now` is in milliseconds. */
export function populateConditionTimes(next: any, previous: any, now: number): void {
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  for (const condition of next.status?.conditions ?? []) {
    condition.lastUpdateTime ??= time;
    if (condition.lastTransitionTime) continue;
    const before = ofType(previous, condition.type).find(({ status }) => status === condition.status);
    condition.lastTransitionTime = before?.lastTransitionTime ?? time;
  }
}

function conditionErrors({ status }: any): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, condition] of (status?.conditions ?? []).entries()) {
    const at = conditionsPath.index(index);
    if (!condition.type) errors.push(required(at.child("type")));
    if (!condition.status) errors.push(required(at.child("status")));
    else {
      const allowed = final.includes(condition.type) ? ["True"] : ["False", "True", "Unknown"];
      if (!allowed.includes(condition.status)) {
        errors.push(notSupported(at.child("status"), condition.status, allowed));
      }
    }
    const other = decisions.find((each) => each !== condition.type)!;
    if (decisions.includes(condition.type) && seen.has(other)) {
      const why = "Approved and Denied conditions are mutually exclusive";
      errors.push(invalid(at.child("type"), condition.type, why));
    }
    if (seen.has(condition.type)) errors.push(duplicate(at.child("type"), condition.type));
    seen.add(condition.type);
  }
  return errors;
}

/** What is decided stays; only an approval may decide. */
function decisionErrors(next: any, previous: any, mayDecide: boolean): FieldError[] {
  const errors: FieldError[] = [];
  for (const type of final) {
    const [now, before] = [ofType(next, type), ofType(previous, type)];
    if (now.length < before.length)
      errors.push(forbiddenField(conditionsPath, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  }
  if (mayDecide) return errors;
  for (const type of decisions) {
    const [now, before] = [ofType(next, type), ofType(previous, type)];
    if (now.length < before.length || sameValue(now, before)) continue;
    const what = now.length > before.length ? "add" : "modify";
    errors.push(forbiddenField(conditionsPath, `updates may not ${what} a condition of type ${JSON.stringify(type)}`));
  }
  return errors;
}

/** Errors in a change of the subresource `approval`. */
export function approvalErrors(next: any, previous: any): FieldError[] {
  return [...conditionErrors(next), ...decisionErrors(next, previous, true)];
}

/** Decisions stay as they were made: only an approval writes them. */
function keepDecisions(next: any, previous: any): void {
  for (const type of decisions) {
    const before = ofType(previous, type);
    if (ofType(next, type).length !== before.length) continue;
    next.status.conditions = next.status.conditions.map((each: any) => (each.type === type ? before.shift() : each));
  }
}

function prepareStatusUpdate(next: any, previous: any, { now }: RequestFacts): void {
  if (next.status?.conditions) keepDecisions(next, previous);
  populateConditionTimes(next, previous, now);
}

function validateStatusUpdate(next: any, previous: any): FieldError[] {
  const errors = conditionErrors(next);
  const path = new FieldPath("status").child("certificate");
  const [now, before] = [next.status?.certificate, previous.status?.certificate];
  const wrong = now && now !== before ? issuedCertificateError(atob(now)) : undefined;
  if (wrong) errors.push(invalid(path, "<certificate data>", wrong));
  errors.push(...decisionErrors(next, previous, false));
  if (before && now !== before) {
    errors.push(forbiddenField(path, "updates may not modify existing certificate content"));
  }
  return errors;
}

export const certificateSigningRequests = defineResource<any>({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  scope: "Cluster",
  schema: "io.k8s.api.certificates.v1.CertificateSigningRequest",
  subresources: [partSubresource("approval"), statusSubresource],
  statusFields: ["status"],
  prepareCreate,
  // What is asked for stays as it was asked.
  prepareUpdate(next, previous) {
    next.spec = previous.spec;
  },
  prepareStatusUpdate,
  validate,
  validateStatusUpdate,
  columns: [
    ageColumn,
    text("SignerName", ({ spec }) => spec?.signerName || "<none>"),
    text("Requestor", ({ spec }) => spec?.username ?? ""),
    text("RequestedDuration", ({ spec }) =>
      spec?.expirationSeconds === undefined ? "<none>" : humanDuration(spec.expirationSeconds * 1000),
    ),
    text("Condition", conditionText),
  ],
  selectableFields: { "spec.signerName": ({ spec }) => spec?.signerName ?? "" },
});
