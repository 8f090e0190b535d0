// Two flow schemas and two priority levels must be as they are, or nobody could repair a server that is flooded (API
// priority and fairness, "Mandatory configuration objects").

import { sameJson } from "../../base/equal.ts";
import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";

const everything = [
  {
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  },
];
const group = (name: string) => ({ kind: "Group", group: { name } });
const forGroups = (...names: string[]) => everything.map((rule) => ({ subjects: names.map(group), ...rule }));

const schemas: Record<string, object> = {
  exempt: {
    priorityLevelConfiguration: { name: "exempt" },
    matchingPrecedence: 1,
    rules: forGroups("system:masters"),
  },
  "catch-all": {
    priorityLevelConfiguration: { name: "catch-all" },
    matchingPrecedence: 10_000,
    distinguisherMethod: { type: "ByUser" },
    rules: forGroups("system:unauthenticated", "system:authenticated"),
  },
};

const levels: Record<string, object> = {
  exempt: { type: "Exempt" },
  "catch-all": {
    type: "Limited",
    limited: { nominalConcurrencyShares: 5, limitResponse: { type: "Reject" }, lendablePercent: 0 },
  },
};

/** How the real server's own structs are printed in messages: all fields, in their order, under their Go names. */
type Shape = { [field: string]: Shape | undefined };

const named: Shape = { Name: undefined };
const schemaShape: Shape = {
  PriorityLevelConfiguration: named,
  MatchingPrecedence: undefined,
  DistinguisherMethod: { Type: undefined },
  Rules: {
    Subjects: { Kind: undefined, User: named, Group: named, ServiceAccount: { Namespace: undefined, Name: undefined } },
    ResourceRules: {
      Verbs: undefined,
      APIGroups: undefined,
      Resources: undefined,
      ClusterScope: undefined,
      Namespaces: undefined,
    },
    NonResourceRules: { Verbs: undefined, NonResourceURLs: undefined },
  },
};
const levelShape: Shape = {
  Type: undefined,
  Limited: {
    NominalConcurrencyShares: undefined,
    LimitResponse: {
      Type: undefined,
      Queuing: { Queues: undefined, HandSize: undefined, QueueLengthLimit: undefined },
    },
    LendablePercent: undefined,
    BorrowingLimitPercent: undefined,
  },
  Exempt: { NominalConcurrencyShares: undefined, LendablePercent: undefined },
};

function printed(value: any, shape: Shape | undefined): unknown {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map((each) => printed(each, shape));
  if (!shape) return value;
  const byName = new Map(Object.keys(value).map((key) => [key.toLowerCase(), value[key]]));
  const fields = Object.entries(shape).map(([name, below]) => {
    const given = byName.get(name.toLowerCase());
    // A flag is a flag whether it is set or not.
    return [name, name === "ClusterScope" ? (given ?? false) : printed(given, below)];
  });
  return Object.fromEntries(fields);
}

/** What is wrong with a flow schema's spec because of its name. */
export function mandatorySchemaErrors(name: string | undefined, spec: object): FieldError[] {
  const wanted = schemas[name ?? ""];
  if (!wanted || sameJson(spec, wanted)) return [];
  return [invalid(new FieldPath("spec"), printed(spec, schemaShape), `spec of '${name}' must equal the fixed value`)];
}

/** What is wrong with a priority level's spec because of its name. How much the exempt level lends may be changed. */
export function mandatoryLevelErrors(name: string | undefined, spec: Record<string, unknown>): FieldError[] {
  const wanted = levels[name ?? ""];
  if (!wanted) return [];
  const { exempt: _, ...rest } = spec;
  if (sameJson(name === "exempt" ? rest : spec, wanted)) return [];
  const which = name === "exempt" ? " except the 'spec.exempt' field" : "";
  const why = `spec of '${name}'${which} must equal the fixed value`;
  return [invalid(new FieldPath("spec"), printed(spec, levelShape), why)];
}
