import { humanDuration } from "../machinery/duration.ts";
import { defineResource } from "../machinery/resource.ts";
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

export const certificateSigningRequests = defineResource({
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  plural: "certificatesigningrequests",
  shortNames: ["csr"],
  scope: "Cluster",
  schema: "io.k8s.api.certificates.v1.CertificateSigningRequest",
  subresources: [partSubresource("approval"), statusSubresource],
  statusFields: ["status"],
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
