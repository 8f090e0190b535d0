import { humanDuration } from "../machinery/duration.ts";
import { duplicate, type FieldError, FieldPath, invalid, notSupported, required } from "../machinery/field.ts";
import { domainPrefixedPath } from "../machinery/names.ts";
import { defineResource, type RequestFacts } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { partSubresource, statusSubresource } from "../parts/subresources.ts";

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

function validate({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec.request) errors.push(required(specPath.child("request")));
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
  validate,
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
