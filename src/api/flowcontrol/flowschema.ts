import { type FieldError, FieldPath, notSupported, required } from "../machinery/field.ts";
import { defineResource } from "../machinery/resource.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { mandatorySchemaErrors } from "./mandatory.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

function validate({ metadata, spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("spec");
  if (!spec.priorityLevelConfiguration?.name) {
    errors.push(required(path.child("priorityLevelConfiguration", "name"), "must reference a priority level"));
  }
  const type = spec.distinguisherMethod?.type;
  if (type !== undefined && type !== "ByNamespace" && type !== "ByUser") {
    // The real server prints its own struct here.
    errors.push(notSupported(path.child("distinguisherMethod", "type"), { Type: type }, ["ByNamespace", "ByUser"]));
  }
  for (const [index, rule] of (spec.rules ?? []).entries()) {
    const at = path.child("rules").index(index);
    if (!rule.subjects?.length) errors.push(required(at.child("subjects"), "subjects must contain at least one value"));
    for (const [position, each] of (rule.resourceRules ?? []).entries()) {
      if (each.clusterScope || each.namespaces?.length) continue;
      const why = "resource rules that are not cluster scoped must supply at least one namespace";
      errors.push(required(at.child("resourceRules").index(position).child("namespaces"), why));
    }
    for (const list of ["resourceRules", "nonResourceRules"] as const) {
      for (const [position, each] of (rule[list] ?? []).entries()) {
        const asked: string[] = each.verbs ?? [];
        if (asked.includes("*") || asked.every((verb) => verbs.includes(verb))) continue;
        errors.push(notSupported(at.child(list).index(position).child("verbs"), asked, verbs));
      }
    }
  }
  return [...errors, ...mandatorySchemaErrors(metadata.name, spec)];
}

export const flowSchemas = defineResource<any>({
  group: "flowcontrol.apiserver.k8s.io",
  version: "v1",
  kind: "FlowSchema",
  plural: "flowschemas",
  scope: "Cluster",
  schema: "io.k8s.api.flowcontrol.v1.FlowSchema",
  subresources: [statusSubresource],
  statusFields: ["status"],
  generation: true,
  unconditionalUpdate: false,
  defaults({ spec }) {
    spec.matchingPrecedence ||= 1000;
  },
  validate,
  columns: [
    text("PriorityLevel", ({ spec }) => spec?.priorityLevelConfiguration?.name ?? ""),
    text("MatchingPrecedence", ({ spec }) => spec?.matchingPrecedence ?? 0),
    text("DistinguisherMethod", ({ spec }) => spec?.distinguisherMethod?.type ?? "<none>"),
    ageColumn,
    text(
      "MissingPL",
      ({ status }) => status?.conditions?.find(({ type }: { type: string }) => type === "Dangling")?.status ?? "?",
    ),
  ],
});
