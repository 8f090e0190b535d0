// Groups that are Kubernetes' own (KEP-1111, "API approval").

export const approvalAnnotation = "api-approved.kubernetes.io";

const see = "see https://github.com/kubernetes/enhancements/pull/1111";

/** Whether definitions of a group need an approval. */
export function isProtectedGroup(group: string): boolean {
  return ["k8s.io", "kubernetes.io"].some((suffix) => group === suffix || group.endsWith(`.${suffix}`));
}

/** What a definition's annotation says of its approval. */
export function approvalOf(annotations: Readonly<Record<string, string>> | undefined): {
  approved: boolean;
  reason: "MissingAnnotation" | "UnapprovedAPI" | "ApprovedAnnotation" | "InvalidAnnotation";
  message: string;
} {
  const value = annotations?.[approvalAnnotation] ?? "";
  const must = `protected groups must have approval annotation ${JSON.stringify(approvalAnnotation)}`;
  if (value === "") return { approved: false, reason: "MissingAnnotation", message: `${must}, ${see}` };
  if (value.startsWith("unapproved"))
    return { approved: false, reason: "UnapprovedAPI", message: `not approved: ${JSON.stringify(value)}` };
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^\s/]+/.test(value))
    return { approved: true, reason: "ApprovedAnnotation", message: `approved in ${value}` };
  const message = `${must} with either a URL or a reason starting with "unapproved", ${see}`;
  return { approved: false, reason: "InvalidAnnotation", message };
}
