// What a CustomResourceDefinition must look like, schemas apart.

import { sameJson } from "../../base/equal.ts";
import { duplicate, type FieldError, FieldPath, invalid, notSupported, required, tooMany } from "../machinery/field.ts";
import { dns1035Label, dns1123Subdomain } from "../machinery/names.ts";
import { approvalAnnotation, approvalOf, isProtectedGroup } from "./approval.ts";
import { conversionErrors } from "./conversion_validation.ts";
import { shownVersions, splitVersions } from "./internal.ts";
import { type FieldPathOptions, findField } from "./paths.ts";
import { type SchemaContext, schemaErrors } from "./schema_validation.ts";
import type {
  Definition,
  DefinitionNames,
  DefinitionSpec,
  DefinitionVersion,
  JsonSchema,
  PrinterColumn,
} from "./types.ts";

const specPath = new FieldPath("spec");
const statusPath = new FieldPath("status");

/** Errors in a new definition. */
export function* definitionErrors(definition: Definition): Generator<FieldError> {
  const { metadata, spec } = definition;
  const wanted = `${spec.names.plural ?? ""}.${spec.group ?? ""}`;
  if (metadata.name && metadata.name !== wanted)
    yield invalid(new FieldPath("metadata").child("name"), metadata.name, 'must be spec.names.plural+"."+spec.group');
  yield* specErrors(spec, undefined);
  yield* statusErrors(definition);
  yield* storedVersionErrors(definition);
  yield* approvalErrors(definition);
  yield* preserveErrors(spec, undefined);
}

/** Errors in a changed definition. */
export function* definitionUpdateErrors(next: Definition, previous: Definition): Generator<FieldError> {
  yield* specErrors(next.spec, previous);
  if (previous.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True")) {
    yield* immutable(next.spec.scope, previous.spec.scope, specPath.child("scope"));
    yield* immutable(next.spec.names.kind, previous.spec.names.kind, specPath.child("names", "kind"));
  }
  yield* immutable(next.spec.group, previous.spec.group, specPath.child("group"));
  yield* immutable(next.spec.names.plural, previous.spec.names.plural, specPath.child("names", "plural"));
  yield* statusErrors(next);
  yield* storedVersionErrors(next);
  const unchanged = sameJson(
    next.metadata.annotations?.[approvalAnnotation],
    previous.metadata.annotations?.[approvalAnnotation],
  );
  if (!unchanged) yield* approvalErrors(next);
  yield* preserveErrors(next.spec, previous.spec);
}

function* immutable(next: string, previous: string, path: FieldPath): Generator<FieldError> {
  if (next !== previous) yield invalid(path, next, "field is immutable");
}

/** Errors in a definition's status. */
export function* statusErrors({ status }: Definition): Generator<FieldError> {
  yield* nameErrors(status?.acceptedNames ?? {}, statusPath.child("acceptedNames"));
}

function* storedVersionErrors({ spec: { versions = [] }, status }: Definition): Generator<FieldError> {
  const path = statusPath.child("storedVersions");
  const stored = status?.storedVersions ?? null;
  if (!stored?.length) {
    yield invalid(path, stored, "must have at least one stored version");
    return;
  }
  for (const { name, storage } of versions)
    if (storage && !stored.includes(name)) yield invalid(path, stored, `must have the storage version ${name}`);
  for (const [index, name] of stored.entries()) {
    if (versions.some((version) => version.name === name)) continue;
    const why =
      `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a ` +
      `storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    yield invalid(path.index(index), name, why);
  }
}

function* approvalErrors({ metadata, spec }: Definition): Generator<FieldError> {
  if (!isProtectedGroup(spec.group ?? "")) return;
  const { reason, message } = approvalOf(metadata.annotations);
  const path = new FieldPath("metadata").child("annotations").key(approvalAnnotation);
  if (reason === "MissingAnnotation") yield required(path, message);
  if (reason === "InvalidAnnotation") yield invalid(path, metadata.annotations![approvalAnnotation]!, message);
}

function* preserveErrors(spec: DefinitionSpec, previous: DefinitionSpec | undefined): Generator<FieldError> {
  if (!spec.preserveUnknownFields || previous?.preserveUnknownFields) return;
  const why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
  yield invalid(specPath.child("preserveUnknownFields"), true, why);
}

function* groupErrors(group: string): Generator<FieldError> {
  const path = specPath.child("group");
  if (!group) {
    yield required(path);
    return;
  }
  const why = dns1123Subdomain(group);
  if (why.length > 0) yield invalid(path, group, why.join(","));
  else if (!group.includes(".")) yield invalid(path, group, "should be a domain with at least one dot");
}

function* specErrors(spec: DefinitionSpec, previous: Definition | undefined): Generator<FieldError> {
  yield* groupErrors(spec.group);
  const scope = specPath.child("scope");
  if (!spec.scope) yield required(scope);
  else if (!["Cluster", "Namespaced"].includes(spec.scope))
    yield notSupported(scope, spec.scope, ["Cluster", "Namespaced"]);
  const { shared, own } = splitVersions(spec);
  const versions = specPath.child("versions");
  if (!shared.schema?.openAPIV3Schema) {
    for (const [index, { schema }] of own.entries()) {
      const at = versions.index(index).child("schema").child("openAPIV3Schema");
      if (!schema?.openAPIV3Schema) yield required(at, "schemas are required");
    }
  }
  for (const [index, version] of own.entries()) {
    const at = versions.index(index);
    const why = dns1035Label(version.name);
    if (why.length > 0) yield invalid(at.child("name"), version.name, why.join(","));
    const status = (version.subresources ?? shared.subresources)?.status !== undefined;
    yield* versionErrors(version, at, contextOf(version.name, status, spec, previous));
  }
  if (new Set(own.map(({ name }) => name)).size < own.length)
    yield invalid(versions, shownVersions(own), "must contain unique version names");
  if (own.filter(({ storage }) => storage).length !== 1)
    yield invalid(
      versions,
      spec.versions ? shownVersions(own) : null,
      "must have exactly one version marked as storage version",
    );
  const names = specPath.child("names");
  for (const field of ["plural", "singular", "kind", "listKind"] as const)
    if (!spec.names[field]) yield required(names.child(field));
  yield* nameErrors(spec.names, names);
  yield* sharedErrors(shared, contextOf(own[0]?.name ?? "", shared.subresources?.status !== undefined, spec, previous));
  yield* conversionErrors(spec, previous, specPath.child("conversion"));
}

/** What checking a version's schema needs to know of the definition before the change. */
function contextOf(
  version: string,
  status: boolean,
  spec: DefinitionSpec,
  previous: Definition | undefined,
): SchemaContext {
  const schemaOf = (each: DefinitionSpec | undefined) =>
    each?.versions?.find(({ name }) => name === version)?.schema?.openAPIV3Schema;
  const before = schemaOf(previous?.spec);
  return {
    statusSubresource: status,
    unchanged: before !== undefined && sameJson(before, schemaOf(spec)),
    previous: (previous?.spec.versions ?? []).flatMap(({ schema }) => schema?.openAPIV3Schema ?? []),
  };
}

function* sharedErrors(
  shared: ReturnType<typeof splitVersions>["shared"],
  context: SchemaContext,
): Generator<FieldError> {
  const schema = shared.schema?.openAPIV3Schema;
  if (schema) yield* schemaErrors(schema, specPath.child("validation"), context);
  yield* subresourceErrors(shared.subresources, specPath.child("subresources"));
  for (const [index, column] of (shared.additionalPrinterColumns ?? []).entries())
    yield* columnErrors(column, specPath.child("additionalPrinterColumns").index(index));
  const fields = shared.selectableFields ?? [];
  const path = specPath.child("selectableFields");
  if (fields.length > 0 && !schema)
    yield invalid(path, "", "selectableFields may only be set when validations.schema is included");
  else if (fields.length > 0) yield* selectableErrors(fields, schema!, path);
}

function* versionErrors(version: DefinitionVersion, path: FieldPath, context: SchemaContext): Generator<FieldError> {
  const { deprecated, deprecationWarning, schema, subresources, additionalPrinterColumns, selectableFields } = version;
  for (const why of warningErrors(deprecated ?? false, deprecationWarning))
    yield invalid(path.child("deprecationWarning"), deprecationWarning, why);
  if (schema?.openAPIV3Schema) yield* schemaErrors(schema.openAPIV3Schema, path.child("schema"), context);
  yield* subresourceErrors(subresources, path.child("subresources"));
  for (const [index, column] of (additionalPrinterColumns ?? []).entries())
    yield* columnErrors(column, path.child("additionalPrinterColumns").index(index));
  if (!selectableFields?.length) return;
  const at = path.child("selectableFields");
  if (!schema?.openAPIV3Schema)
    yield invalid(at, "", "selectableFields may only be set when version.schema.openAPIV3Schema is not included");
  else yield* selectableErrors(selectableFields, schema.openAPIV3Schema, at);
}

const warningLettersMax = 256;

function* warningErrors(deprecated: boolean, warning: string | undefined): Generator<string> {
  if (warning === undefined) return;
  if (!deprecated) {
    yield "can only be set for deprecated versions";
    return;
  }
  if (new TextEncoder().encode(warning).length > warningLettersMax)
    yield `must be <= ${warningLettersMax} characters long`;
  if (warning === "") yield "must not be an empty string";
  const strange = /[^\P{C}]|[^\P{Z} ]/u.exec(warning);
  if (strange) {
    const index = new TextEncoder().encode(warning.slice(0, strange.index)).length;
    yield `must only contain printable UTF-8 characters; non-printable character found at index ${index}`;
  }
}

function* nameErrors(names: Partial<DefinitionNames>, path: FieldPath): Generator<FieldError> {
  for (const field of ["plural", "singular"] as const) {
    const why = names[field] ? dns1035Label(names[field]) : [];
    if (why.length > 0) yield invalid(path.child(field), names[field], why.join(","));
  }
  for (const field of ["kind", "listKind"] as const) {
    const why = names[field] ? dns1035Label(names[field].toLowerCase()) : [];
    if (why.length > 0)
      yield invalid(
        path.child(field),
        names[field],
        `may have mixed case, but should otherwise match: ${why.join(",")}`,
      );
  }
  yield* labelList(names.shortNames, path.child("shortNames"));
  if (names.kind && names.kind === names.listKind)
    yield invalid(path.child("listKind"), names.listKind, "kind and listKind may not be the same");
  yield* labelList(names.categories, path.child("categories"));
}

function* labelList(list: readonly string[] | undefined, path: FieldPath): Generator<FieldError> {
  for (const [index, each] of (list ?? []).entries()) {
    const why = dns1035Label(each);
    if (why.length > 0) yield invalid(path.index(index), each, why.join(","));
  }
}

const columnTypes = "boolean,date,integer,number,string";
const columnFormats = ["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];

function* columnErrors({ name, type, format, jsonPath }: PrinterColumn, path: FieldPath): Generator<FieldError> {
  if (!name) yield required(path.child("name"));
  if (!type) yield required(path.child("type"), `must be one of ${columnTypes}`);
  else if (!columnTypes.split(",").includes(type))
    yield invalid(path.child("type"), type, `must be one of ${columnTypes}`);
  if (format && !columnFormats.includes(format))
    yield invalid(path.child("format"), format, `must be one of ${columnFormats.join(",")}`);
  if (!jsonPath) yield required(path.child("JSONPath"));
  else yield* simplePathErrors(jsonPath, path.child("JSONPath"));
}

function* simplePathErrors(jsonPath: string, path: FieldPath): Generator<FieldError> {
  if (!jsonPath.startsWith(".")) yield invalid(path, jsonPath, "must be a simple json path starting with .");
}

function* subresourceErrors(subresources: DefinitionVersion["subresources"], path: FieldPath): Generator<FieldError> {
  const { scale } = subresources ?? {};
  if (!scale) return;
  const check = function* (
    field: string,
    value: string | undefined,
    roots: readonly string[],
    words: string,
    must: boolean,
  ) {
    const at = path.child(`scale.${field}`);
    if (!value) {
      if (must) yield required(at);
    } else if (!value.startsWith(".")) yield* simplePathErrors(value, at);
    else if (!roots.some((root) => value.startsWith(root)))
      yield invalid(at, value, `should be a json path under ${words}`);
  };
  yield* check("specReplicasPath", scale.specReplicasPath, [".spec."], ".spec", true);
  yield* check("statusReplicasPath", scale.statusReplicasPath, [".status."], ".status", true);
  yield* check("labelSelectorPath", scale.labelSelectorPath, [".spec.", ".status."], "either .spec or .status", false);
}

const selectableMax = 8;
const selectableTypes = ["string", "boolean", "integer"];

function* selectableErrors(
  fields: readonly { jsonPath: string }[],
  schema: JsonSchema,
  path: FieldPath,
): Generator<FieldError> {
  const seen = new Set<string>();
  const options: FieldPathOptions = { lists: false };
  for (const [index, { jsonPath }] of fields.entries()) {
    const at = path.index(index).child("jsonPath");
    if (!jsonPath) {
      yield required(at);
      continue;
    }
    const found = findField(jsonPath, schema, options);
    if ("error" in found) {
      yield invalid(at, jsonPath, `is an invalid path: ${found.error}`);
      continue;
    }
    if (found.steps[0] === "metadata") yield invalid(at, jsonPath, "must not point to fields in metadata");
    if (!selectableTypes.includes(found.schema.type ?? "")) {
      const why =
        "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
      yield invalid(at, jsonPath, why);
    }
    if (seen.has(found.text)) yield duplicate(at, jsonPath);
    seen.add(found.text);
  }
  if (seen.size > selectableMax) yield tooMany(path, seen.size, selectableMax);
}
