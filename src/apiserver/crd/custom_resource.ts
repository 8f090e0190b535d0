// A definition's versions as resources: from here on they go through the same code as Kubernetes' own.

import { checkValue } from "../../api/apiextensions/check.ts";
import { embeddedErrors } from "../../api/apiextensions/embedded.ts";
import { duplicateItems } from "../../api/apiextensions/list_types.ts";
import { type RuleChecker, ruleChecker } from "../../api/apiextensions/rules.ts";
import type { Definition, DefinitionVersion, JsonSchema } from "../../api/apiextensions/types.ts";
import { isJsonObject } from "../../api/apiextensions/types.ts";
import { type FieldError, FieldPath, invalid } from "../../api/machinery/field.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { apiVersionOf } from "../../api/machinery/object.ts";
import { defineResource, type Resource, type ResourceDeclaration, type Verb } from "../../api/machinery/resource.ts";
import { compareVersions } from "../discovery/groups.ts";
import { standardFinalizers } from "../registry/prepare.ts";
import { customColumns } from "./columns.ts";
import type { Converter } from "./conversion.ts";
import { type ObjectReader, objectReader } from "./decode.ts";
import { customDefinitions, definitionName, objectSchema } from "./schema.ts";

/** In the order in which discovery has always listed them. */
const verbs: readonly Verb[] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const verbsWhileTerminating: readonly Verb[] = ["delete", "deletecollection", "get", "list", "watch"];

/** What the server itself knows that a definition does not say. */
export interface Serving {
  convert: Converter;
  /** Aborted when these resources are replaced. */
  ended: AbortSignal;
  now(): number;
}

/** The version that a definition's objects are stored in, served or not: for the server's own work on them. */
export function storedCustomResource(definition: Definition, serving: Serving): Resource {
  return customResource(definition, definition.spec.versions.find(({ storage }) => storage)!, serving);
}

/** A definition whose names were accepted: its served versions, the preferred one first. */
export function customResources(definition: Definition, serving: Serving): Resource[] {
  const versions = definition.spec.versions.filter(({ served }) => served);
  versions.sort((a, b) => compareVersions(a.name, b.name));
  return versions.map((version) => customResource(definition, version, serving));
}

function customResource(definition: Definition, version: DefinitionVersion, serving: Serving): Resource {
  const { group, scope, preserveUnknownFields } = definition.spec;
  const names = { ...definition.spec.names, ...definition.status!.acceptedNames };
  const gvk = { group, version: version.name, kind: names.kind };
  const given = version.schema?.openAPIV3Schema;
  const schema: JsonSchema = given ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const reader = objectReader(schema, preserveUnknownFields === true || given === undefined);
  const name = definitionName(group, version.name, names.kind);
  const terminating = isTerminating(definition);
  const { status, scale } = version.subresources ?? {};
  return defineResource<KubeObject>({
    ...gvk,
    plural: names.plural,
    singular: names.singular,
    shortNames: names.shortNames,
    categories: names.categories,
    listKind: names.listKind,
    scope: scope as "Namespaced" | "Cluster",
    verbs,
    schema: name,
    definitions: customDefinitions(name, objectSchema(schema, gvk)),
    storagePrefix: `${group}/${names.plural}`,
    subresources: [
      ...(status ? [{ name: "status", verbs: ["get", "patch", "update"] }] : []),
      ...(scale
        ? [{ name: "scale", verbs: ["get", "patch", "update"], group: "autoscaling", version: "v1", kind: "Scale" }]
        : []),
    ],
    statusFields: status ? ["status"] : undefined,
    statusKeeps: "metadata",
    scale: scale && {
      specReplicas: scale.specReplicasPath,
      statusReplicas: scale.statusReplicasPath,
      selector: scale.labelSelectorPath ?? "",
    },
    generation: true,
    unconditionalUpdate: false,
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: selectableFields(version),
    deprecation: deprecationOf(definition, version),
    custom: {
      schema,
      decode: reader.decode,
      ...conversions(definition, version, reader, serving),
      ended: serving.ended,
      terminating,
      listedVerbs: terminating ? verbsWhileTerminating : verbs,
    },
    defaults: reader.fill,
    ...hooks(definition, version, schema, reader, serving),
  });
}

function isTerminating({ metadata, status }: Definition): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  return status?.conditions?.some(({ type, status: value }) => type === "Terminating" && value === "True") ?? false;
}

function conversions(definition: Definition, version: DefinitionVersion, reader: ObjectReader, { convert }: Serving) {
  const { group, versions } = definition.spec;
  const apiVersion = apiVersionOf(group, version.name);
  const storageApiVersion = apiVersionOf(group, versions.find(({ storage }) => storage)!.name);
  return {
    storageApiVersion,
    fromStorage(objects: readonly KubeObject[]) {
      const converted = convert(objects, apiVersion);
      return converted instanceof Promise
        ? converted.then((all) => all.map(reader.restore))
        : converted.map(reader.restore);
    },
    toStorage(object: KubeObject) {
      if (apiVersion === storageApiVersion) return object;
      const converted = convert([object], storageApiVersion);
      return converted instanceof Promise ? converted.then((all) => all[0]!) : converted[0]!;
    },
  };
}

function selectableFields({
  selectableFields: fields,
}: DefinitionVersion): Record<string, (object: KubeObject) => string> {
  const readers: Record<string, (object: KubeObject) => string> = {};
  for (const { jsonPath } of fields ?? []) {
    const steps = jsonPath.split(".").filter(Boolean);
    readers[steps.join(".")] = (object) => {
      const value = valueAt(object, steps);
      return value === undefined || value === null ? "" : String(value);
    };
  }
  return readers;
}

function valueAt(object: unknown, steps: readonly string[]): unknown {
  let value: unknown = object;
  for (const step of steps) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
    value = value[step];
  }
  return value;
}

/** The warning of a deprecated version: its own words, or the usual ones with a better version if there is one. */
function deprecationOf(
  { spec }: Definition,
  { name, deprecated, deprecationWarning }: DefinitionVersion,
): string | undefined {
  if (!deprecated) return undefined;
  if (deprecationWarning !== undefined) return deprecationWarning;
  const better = spec.versions
    .filter((each) => each.served && !each.deprecated && compareVersions(each.name, name) < 0)
    .sort((a, b) => compareVersions(a.name, b.name))[0];
  const { kind } = spec.names;
  const instead = better ? `; use ${spec.group}/${better.name} ${kind}` : "";
  return `${spec.group}/${name} ${kind} is deprecated${instead}`;
}

type Hooks = Pick<
  ResourceDeclaration<KubeObject>,
  "validateCreate" | "validateUpdate" | "validateStatusUpdate" | "warnings"
>;

/** Kubernetes' rules of validation for custom resources. */
function hooks(
  _definition: Definition,
  { subresources }: DefinitionVersion,
  schema: JsonSchema,
  _reader: ObjectReader,
  { now }: Serving,
): Hooks {
  const root = new FieldPath("");
  // Compiling rules is dear: only those of versions that somebody writes are.
  let rules: RuleChecker | undefined;
  const ruleErrors = (object: KubeObject, previous: KubeObject | undefined, errors: readonly FieldError[]) => {
    rules ??= ruleChecker(schema);
    return rules.empty ? [] : errors.some(isBlocking) ? [rulesSkipped] : rules.check(object, previous, now);
  };
  return {
    *validateCreate(object) {
      const errors = [
        ...checkValue(object, schema),
        ...scaleErrors(object, subresources?.scale),
        ...embeddedErrors(object, schema, root),
        ...duplicateItems(object, schema, root),
      ];
      yield* errors;
      yield* ruleErrors(object, undefined, errors);
    },
    *validateUpdate(next, previous) {
      const errors = [
        ...checkValue(next, schema, { value: previous }),
        ...scaleErrors(next, subresources?.scale),
        ...embeddedErrors(next, schema, root),
        ...newDuplicates(next, previous, schema, root),
      ];
      yield* errors;
      yield* ruleErrors(next, previous, errors);
    },
    *validateStatusUpdate(next, previous) {
      const status = schema.properties?.status;
      const old = previous.status === undefined ? undefined : { value: previous.status };
      const errors = [
        ...(status && next.status !== undefined ? checkValue(next.status, status, old, "status") : []),
        ...scaleErrors(next, subresources?.scale),
        ...newDuplicates(next, previous, schema, root),
      ];
      yield* errors;
      yield* ruleErrors(next, previous, errors);
    },
    *warnings({ metadata }, previous) {
      const before = new Set(previous?.metadata.finalizers ?? []);
      for (const finalizer of metadata.finalizers ?? []) {
        if (before.has(finalizer) || finalizer.includes("/") || standardFinalizers.has(finalizer)) continue;
        const why =
          "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other " +
          "finalizer writers";
        yield `metadata.finalizers: ${JSON.stringify(finalizer)}: ${why}`;
      }
    },
  };
}

/** Errors after which rules would only add confusion. */
function isBlocking({ type }: FieldError): boolean {
  return [
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
  ].includes(type);
}

const rulesSkipped: FieldError = {
  type: "FieldValueInvalid",
  field: "<nil>",
  body:
    "Invalid value: null: some validation rules were not checked because the object was invalid; " +
    "correct the existing errors to complete validation",
};

/** Doubles in lists that were there before are not this change's fault. */
function newDuplicates(next: KubeObject, previous: KubeObject, schema: JsonSchema, root: FieldPath): FieldError[] {
  const errors = [...duplicateItems(next, schema, root)];
  return errors.length > 0 && [...duplicateItems(previous, schema, root)].length > 0 ? [] : errors;
}

const replicasMax = 2 ** 31 - 1;

function* scaleErrors(
  object: KubeObject,
  scale: NonNullable<DefinitionVersion["subresources"]>["scale"],
): Generator<FieldError> {
  if (!scale) return;
  for (const path of [scale.specReplicasPath, scale.statusReplicasPath]) {
    const replicas = valueAt(object, path.split(".").filter(Boolean));
    if (typeof replicas !== "number") continue;
    if (replicas < 0) yield invalid(new FieldPath(path), replicas, "should be a non-negative integer");
    else if (replicas > replicasMax)
      yield invalid(new FieldPath(path), replicas, `should be less than or equal to ${replicasMax}`);
  }
}
