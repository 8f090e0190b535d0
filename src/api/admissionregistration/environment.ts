import { compile, type Environment, type Program } from "../cel/cel.ts";
import { authorizerTypes } from "../cel/library/authorizer.ts";
import {
  boolType,
  type CelType,
  durationType,
  dynType,
  formatType,
  intType,
  listOf,
  mapOf,
  nullType,
  type ObjectType,
  objectOf,
  stringType,
  timestampType,
} from "../cel/types.ts";

// What the expressions of admission see (admissionregistration.k8s.io, "Validation.expression").

const texts = (name: string, ...fields: string[]) =>
  objectOf(name, Object.fromEntries(fields.map((field) => [field, stringType])));

const kindType = texts("kubernetes.GroupVersionKind", "group", "version", "kind");
const resourceType = texts("kubernetes.GroupVersionResource", "group", "version", "resource");

const userType = objectOf("kubernetes.UserInfo", {
  username: stringType,
  uid: stringType,
  groups: listOf(stringType),
  extra: mapOf(stringType, listOf(stringType)),
});

const requestType = objectOf("kubernetes.AdmissionRequest", {
  kind: kindType,
  resource: resourceType,
  subResource: stringType,
  requestKind: kindType,
  requestResource: resourceType,
  requestSubResource: stringType,
  name: stringType,
  namespace: stringType,
  operation: stringType,
  userInfo: userType,
  dryRun: boolType,
  options: dynType,
});

const namespaceType = objectOf("kubernetes.Namespace", {
  metadata: objectOf("kubernetes.NamespaceMetadata", {
    name: stringType,
    generateName: stringType,
    namespace: stringType,
    labels: mapOf(stringType, stringType),
    annotations: mapOf(stringType, stringType),
    UID: stringType,
    creationTimestamp: timestampType,
    deletionGracePeriodSeconds: intType,
    deletionTimestamp: timestampType,
    generation: intType,
    resourceVersion: stringType,
    finalizers: listOf(stringType),
  }),
  spec: objectOf("kubernetes.NamespaceSpec", { finalizers: listOf(stringType) }),
  status: objectOf("kubernetes.NamespaceStatus", { phase: stringType }),
});

/** `authorizer` is a value of its own, and has one field besides. */
const authorizerType: CelType = { kind: "opaque", name: authorizerTypes.authorizer };

/** What an expression may see beyond the request and its objects. */
export interface Sight {
  params?: boolean;
  authorizer?: boolean;
  /** The policy's own variables, with the types of their expressions. */
  variables?: Readonly<Record<string, CelType>>;
  /** The expression makes a patch: it may build `Object` and `JSONPatch` values. */
  mutation?: boolean;
}

/** The environment for the expressions of policies and match conditions. */
export function admissionEnvironment({ params, authorizer, variables, mutation }: Sight): Environment {
  return {
    variables: {
      object: dynType,
      oldObject: dynType,
      request: requestType,
      namespaceObject: namespaceType,
      ...(params ? { params: dynType } : {}),
      ...(authorizer ? { authorizer: authorizerType, "authorizer.requestResource": requestResourceType } : {}),
      ...(variables ? { variables: objectOf("kubernetes.variables", variables) } : {}),
    },
    ...(mutation ? { construct: patchTypes() } : {}),
  };
}

const requestResourceType: CelType = { kind: "opaque", name: authorizerTypes.resourceCheck };

const jsonPatchType: ObjectType = {
  ...objectOf("JSONPatch", { op: stringType, path: stringType, from: stringType, value: dynType }),
  constructible: true,
};

/** `Object`, `Object.spec`, `Object.spec.template`, …: each has whatever fields it is given. */
function patchTypes(): (name: string) => ObjectType | undefined {
  const known = new Map<string, ObjectType>([["JSONPatch", jsonPatchType]]);
  return (name) => {
    if (!known.has(name) && /^Object(\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(name)) {
      known.set(name, { kind: "object", name, constructible: true, field: (key) => ({ type: dynType, key }) });
    }
    return known.get(name);
  };
}

/** The types that the parts of policies must evaluate to. */
export const results = {
  condition: [boolType],
  message: [stringType],
  auditAnnotation: [stringType, nullType],
  applyConfiguration: [{ kind: "object", name: "Object", field: () => undefined }],
  jsonPatch: [listOf(jsonPatchType)],
  anything: undefined,
} satisfies Record<string, readonly CelType[] | undefined>;

export type Compiled = { program: Program } | { error: string };

/** Compiles an expression of a policy. The error is Kubernetes' text. */
export function compileExpression(
  expression: string,
  environment: Environment,
  wanted: readonly CelType[] | undefined,
): Compiled {
  const compiled = compile(expression, environment);
  if (!compiled.ok) return { error: `compilation failed: ${compiled.message}` };
  const { program } = compiled;
  const found = showType(program.type);
  if (wanted && !wanted.some((type) => showType(type) === found)) {
    const list = wanted.map(showType);
    const expected = list.length === 1 ? list[0] : `one of [${list.join(" ")}]`;
    return { error: `must evaluate to ${expected}${list.length === 1 ? ` but got ${found}` : ""}` };
  }
  return { program };
}

function showType(type: CelType): string {
  if (type.kind === "null") return "null_type";
  if (type.kind === timestampType.kind) return "google.protobuf.Timestamp";
  if (type.kind === durationType.kind) return "google.protobuf.Duration";
  return formatType(type);
}
