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
import { domainPrefixedPath } from "../machinery/names.ts";
import { defineResource, type RequestFacts } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { partSubresource, statusSubresource } from "../parts/subresources.ts";
import { parseCertificateRequest } from "./request.ts";

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
  if (!request) return [required(path)];
  try {
    parseCertificateRequest(atob(request));
    return [];
  } catch (error) {
    return [invalid(path, request, (error as Error).message)];
  }
}

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...requestErrors(spec.request, specPath.child("request")));
  const list: string[] = spec.usages ?? [];
  if (list.length === 0) errors.push(required(specPath.child("usages")));
  for (const [index, usage] of list.entries()) {
    const at = specPath.child("usages").index(index);
    if (!usages.includes(usage)) errors.push(notSupported(at, usage, usages));
    if (list.indexOf(usage) < index) errors.push(duplicate(at, usage));
  }
  const signer = specPath.child("signerName");
  if (!spec.signerName) errors.push(required(signer));
  else if (domainPrefixedPath(spec.signerName).length > 0) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    errors.push(invalid(signer, spec.signerName, why));
  }
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
    else if (final.includes(condition.type) && condition.status !== "True")
      errors.push(notSupported(at.child("status"), condition.status, ["True"]));
    if (seen.has(condition.type)) errors.push(duplicate(at.child("type"), condition.type));
    const other = decisions.find((each) => each !== condition.type)!;
    if (decisions.includes(condition.type) && seen.has(other)) {
      const why = "Approved and Denied conditions are mutually exclusive";
      errors.push(invalid(at.child("type"), condition.type, why));
    }
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
    if (now.length > before.length && decisions.includes(type) && !mayDecide)
      errors.push(forbiddenField(conditionsPath, `updates may not add a condition of type ${JSON.stringify(type)}`));
  }
  return errors;
}

/** Errors in a change of the subresource `approval`. */
export function approvalErrors(next: any, previous: any): FieldError[] {
  return [...decisionErrors(next, previous, true), ...conditionErrors(next)];
}

function prepareStatusUpdate(next: any, previous: any, { now }: RequestFacts): void {
  populateConditionTimes(next, previous, now);
}

function validateStatusUpdate(next: any, previous: any): FieldError[] {
  const errors = decisionErrors(next, previous, false);
  const [now, before] = [next.status?.certificate, previous.status?.certificate];
  if (before && now !== before) {
    const why = "updates may not change existing certificate content";
    errors.push(forbiddenField(new FieldPath("status").child("certificate"), why));
  }
  return [...errors, ...conditionErrors(next)];
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
