// `kubectl describe csr`.

import { CommandError } from "../errors.ts";
import { type CertificateRequest, parseCertificateRequest } from "./certificate_request.ts";
import { annotationLines, type DescribeContext, eventLines, type Lines, labelLines } from "./writer.ts";

/** Names of the subject's parts by identifier (X.520), in kubectl's order. The first two are always shown. */
const subjectParts: [string, string][] = [
  ["Common Name", "2.5.4.3"],
  ["Serial Number", "2.5.4.5"],
  ["Organization", "2.5.4.10"],
  ["Organizational Unit", "2.5.4.11"],
  ["Country", "2.5.4.6"],
  ["Locality", "2.5.4.7"],
  ["Province", "2.5.4.8"],
  ["StreetAddress", "2.5.4.9"],
  ["PostalCode", "2.5.4.17"],
];

/** `kubectl describe certificatesigningrequest`. */
export async function describeCertificateRequest(out: Lines, csr: any, context: DescribeContext): Promise<void> {
  const { metadata, spec, status = {} } = csr;
  out.raw(`Name:\t${metadata.name}\n`);
  labelLines(out, "Labels", metadata.labels);
  annotationLines(out, "Annotations", metadata.annotations);
  out.raw(`CreationTimestamp:\t${context.formatTime(metadata.creationTimestamp)}\n`);
  out.raw(`Requesting User:\t${spec.username ?? ""}\n`);
  if (spec.signerName) out.raw(`Signer:\t${spec.signerName}\n`);
  if (spec.expirationSeconds) out.raw(`Requested Duration:\t${duration(spec.expirationSeconds)}\n`);
  out.raw(`Status:\t${statusText(status)}\n`);
  requestLines(out, readRequest(spec.request));
  eventLines(out, await context.events(csr), context.now);
}

function readRequest(request: string): CertificateRequest {
  try {
    return parseCertificateRequest(atob(request));
  } catch (error) {
    throw new CommandError(`Error parsing CSR: ${(error as Error).message}`);
  }
}

function requestLines(out: Lines, { subject, names }: CertificateRequest): void {
  out.raw("Subject:\n");
  for (const [index, [title, id]] of subjectParts.entries()) {
    const values = subject.get(id) ?? [];
    if (values.length > 0 || index < 2) out.raw(`\t${title}:\t${values.join("\n\t\t")}\n`);
  }
  const lists: [string, string[]][] = [
    ["DNS Names", names.dns],
    ["Email Addresses", names.email],
    ["URIs", names.uri],
    ["IP Addresses", names.ip],
  ];
  if (lists.every(([, values]) => values.length === 0)) return;
  out.raw("Subject Alternative Names:\n");
  for (const [title, values] of lists) if (values.length > 0) out.raw(`\t${title}:\t${values.join("\n\t\t")}\n`);
}

/** The same words as in the table. */
function statusText({ conditions = [], certificate }: any): string {
  const has = (type: string) => conditions.some((each: any) => each.type === type);
  const decided = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  return [decided, ...(has("Failed") ? ["Failed"] : []), ...(certificate ? ["Issued"] : [])].join(",");
}

/** Seconds as tables show ages. */
function duration(seconds: number): string {
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 180) return minutes < 10 && seconds % 60 > 0 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 48) return hours < 8 && minutes % 60 > 0 ? `${hours}h${minutes % 60}m` : `${hours}h`;
  const days = Math.trunc(hours / 24);
  return days < 8 && hours % 24 > 0 ? `${days}d${hours % 24}h` : `${days}d`;
}
