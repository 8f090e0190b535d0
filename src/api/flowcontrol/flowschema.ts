import { type FieldError, FieldPath, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1123Subdomain } from "../machinery/names.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { statusSubresource } from "../parts/subresources.ts";
import { typedConditionErrors } from "./conditions.ts";
import { flowRuleErrors } from "./flowrules.ts";
import { mandatorySchemaErrors } from "./mandatory.ts";

const precedence = ({ spec }: any): number => spec?.matchingPrecedence ?? 0;

const precedenceMax = 10_000;

function validate({ metadata, spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const path = new FieldPath("spec");
  checkPrecedence(errors, spec.matchingPrecedence, metadata.name, path.child("matchingPrecedence"));
  const method = spec.distinguisherMethod;
  if (method && method.type !== "ByNamespace" && method.type !== "ByUser") {
    // The real server prints its own struct here.
    const shown = { Type: method.type ?? "" };
    errors.push(notSupported(path.child("distinguisherMethod", "type"), shown, ["ByNamespace", "ByUser"]));
  }
  const level = path.child("priorityLevelConfiguration", "name");
  const name = spec.priorityLevelConfiguration?.name;
  if (!name) errors.push(required(level, "must reference a priority level"));
  else addInvalid(errors, () => level, name, dns1123Subdomain(name));
  for (const [index, rule] of (spec.rules ?? []).entries()) {
    errors.push(...flowRuleErrors(rule, path.child("rules").index(index)));
  }
  return [...errors, ...mandatorySchemaErrors(metadata.name, spec)];
}

function checkPrecedence(errors: FieldError[], precedence: number, name: string | undefined, path: FieldPath): void {
  if (precedence <= 0) errors.push(invalid(path, precedence, "must be a positive value"));
  if (precedence > precedenceMax) errors.push(invalid(path, precedence, `must not be greater than ${precedenceMax}`));
  if (precedence === 1 && name !== "exempt") {
    errors.push(invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
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
  statusKeeps: "metadata",
  generation: true,
  defaults({ spec }) {
    spec.matchingPrecedence ||= 1000;
  },
  validate,
  validateStatusUpdate: ({ status }) => typedConditionErrors(status?.conditions ?? []),
  rowOrder: (one, other) => precedence(one) - precedence(other),
  columns: [
    text("PriorityLevel", ({ spec }) => spec?.priorityLevelConfiguration?.name ?? ""),
    text("MatchingPrecedence", precedence),
    text("DistinguisherMethod", ({ spec }) => spec?.distinguisherMethod?.type ?? "<none>"),
    ageColumn,
    text(
      "MissingPL",
      ({ status }) => status?.conditions?.find(({ type }: { type: string }) => type === "Dangling")?.status ?? "?",
    ),
  ],
});
