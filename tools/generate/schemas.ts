// Puts declarations and models together as schemas.

import type { Schema } from "../../src/api/machinery/schema.ts";
import type { Declaration, DeclaredField } from "./declarations.ts";
import { atomicDefinitions, fieldDefaults, mergeRules, unions } from "./merge_rules.ts";
import { type Model, modelOf } from "./models.ts";
import { alwaysWritten, keptWhenEmpty, omittedWhenZero } from "./zero_values.ts";

export interface Documentation {
  description: string;
  fields?: Record<string, string>;
}

/** Definitions that are no structs, and structs that stand for any JSON. */
const special: Record<string, Schema> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { type: "string" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": { type: "object" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Patch": { type: "object" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": { type: "string", format: "date-time" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": { type: "string", format: "date-time" },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { type: "object" },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { type: "string", format: "int-or-string" },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceSubresourceStatus": { type: "object" },
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": {},
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": {},
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": {},
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": {},
};

/** Fields whose declaration embeds the type instead of naming it. */
const embedded: Record<string, Schema> = {
  "io.k8s.api.apps.v1.StatefulSetSpec.volumeClaimTemplates": {
    type: "array",
    items: { $ref: "io.k8s.api.core.v1.PersistentVolumeClaim" },
  },
};

/** Options and events that every group has, and so every group's kind. */
const everyGroup = ["DeleteOptions", "WatchEvent"];

/** Kinds that every server has, whatever the group. */
const coreKinds = ["APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "Status"];

const metaPrefix = "io.k8s.apimachinery.pkg.apis.meta.v1.";

/** A definition's name without the path: `core.v1.Pod`. */
function shortName(definition: string): string {
  return definition.split(".").slice(-3).join(".");
}

/** The scalar that a TypeScript word and a client model's format stand for. */
function scalar(type: string, format: string): Schema {
  const formatted = (schema: Schema): Schema => (format === "" ? schema : { ...schema, format });
  if (type === "string") return formatted({ type: "string" });
  if (type === "boolean") return { type: "boolean" };
  if (type !== "number") throw new Error(`cannot make a schema of the type ${type}`);
  return formatted({ type: format === "int32" || format === "int64" ? "integer" : "number" });
}

/** `"A" | "B"` to its values, or undefined. */
function literals(type: string): string[] | undefined {
  const parts = type.split(" | ");
  return parts.every((part) => /^"[^"]*"$/.test(part)) ? parts.map((part) => part.slice(1, -1)) : undefined;
}

interface Scene {
  declarations: Map<string, Declaration>;
  /** Of the definition that is being read. */
  self: string;
}

/** A declared type as a schema. `format` is of the innermost scalar. */
function typeSchema(type: string, format: string, scene: Scene): Schema {
  const list = /^Array<([\s\S]*)>$/.exec(type);
  if (list) return { type: "array", items: typeSchema(list[1]!, format, scene) };
  const map = /^\{\s*\[key: string\]: ([\s\S]*);\s*\}$/.exec(type);
  if (map) return { type: "object", additionalProperties: typeSchema(map[1]!, format, scene) };
  const values = literals(type);
  if (values) return { type: "string", enum: values };
  if (type.startsWith("IIo")) {
    const target = scene.declarations.get(type.slice(1));
    if (!target) throw new Error(`no definition for ${type}`);
    return { $ref: target.name };
  }
  if (/^I[A-Z]/.test(type)) return { $ref: scene.self };
  return scalar(type, format);
}

/** Adds the words of a merge rule to a field's schema. */
function addMergeWords(schema: Schema, words: string | undefined): void {
  if (schema.type === "array") schema["x-kubernetes-list-type"] = "atomic";
  for (const word of words?.split(" ") ?? []) {
    const [what, first, second] = word.split(":") as [string, string?, string?];
    if (what === "none") delete schema["x-kubernetes-list-type"];
    else if (what === "map-atomic" || what === "map-granular")
      schema["x-kubernetes-map-type"] = what === "map-atomic" ? "atomic" : "granular";
    else if (what === "list-atomic") schema["x-kubernetes-list-type"] = "atomic";
    else if (what === "patch") {
      schema["x-kubernetes-patch-strategy"] = first!;
      if (second) schema["x-kubernetes-patch-merge-key"] = second;
    } else {
      schema["x-kubernetes-list-type"] = what as "map" | "set";
      if (first) schema["x-kubernetes-list-map-keys"] = first.split(",");
    }
  }
  // JobStatus.conditions and PodStatus.hostIPs are atomic to server-side apply and merged by a strategic patch.
}

function fieldSchema(name: string, field: DeclaredField, model: Model | undefined, scene: Scene): Schema {
  const owner = shortName(scene.self);
  const schema = embedded[`${scene.self}.${name}`] ?? typeSchema(field.type, formatOf(model?.[name]), scene);
  const copy = structuredClone(schema);
  addMergeWords(copy, mergeRules[owner]?.[name]);
  if (scene.self.endsWith("List") && name === "items") delete copy["x-kubernetes-list-type"];
  const value = fieldDefaults[owner]?.[name];
  return value === undefined ? copy : { ...copy, default: value };
}

/** Marks what the server leaves out when it is empty and what it writes even so. */
function addZeroWords(schema: Schema, owner: Owner, name: string): void {
  const always = alwaysValue(schema, owner, name);
  if (always !== undefined) schema["x-typernetes-always"] = always;
  else if (!owner.required && omitsZero(schema, owner.name, name)) schema["x-typernetes-omit-zero"] = true;
}

interface Owner {
  /** Short. */
  name: string;
  isKind: boolean;
  required: boolean;
}

function alwaysValue(schema: Schema, owner: Owner, name: string): unknown {
  const text = alwaysWritten[owner.name]?.[name];
  if (text !== undefined) return JSON.parse(text);
  const struct = schema.$ref !== undefined;
  if (name === "metadata" && struct) return {};
  if (owner.isKind && (name === "spec" || name === "status") && struct) return {};
  return /Condition$/.test(owner.name) ? alwaysOfCondition(owner, name) : undefined;
}

function alwaysOfCondition({ name: owner }: Owner, name: string): unknown {
  if (/^last(Transition|Update|Probe|Heartbeat)Time$/.test(name)) return null;
  return (name === "type" || name === "status") && !owner.startsWith("flowcontrol.") ? "" : undefined;
}

function omitsZero(schema: Schema, owner: string, name: string): boolean {
  const listed = (table: Record<string, string>): boolean => table[owner]?.split(" ").includes(name) ?? false;
  switch (schema.type) {
    case "array":
    case "object":
      return true;
    case "string":
      return !listed(keptWhenEmpty);
    case "boolean":
    case "integer":
    case "number":
      return listed(omittedWhenZero);
    default:
      return false;
  }
}

/** The format that OpenAPI has for a client model's field. */
function formatOf(field: { type: string; format: string } | undefined): string {
  return field && !field.format.startsWith("date") && field.format !== "int-or-string" ? field.format : "";
}

/** A struct's schema. Kind and apiVersion are never required, though the declarations type them as literals. */
function structSchema(
  declaration: Declaration,
  model: Model | undefined,
  declarations: Map<string, Declaration>,
): Schema {
  const scene = { declarations, self: declaration.name };
  const entries = Object.entries(declaration.fields!).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const [kind, apiVersion] = ["kind", "apiVersion"].map((name) => literals(declaration.fields![name]?.type ?? "")?.[0]);
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const [name, field] of entries) {
    const literal = kind !== undefined && apiVersion !== undefined && (name === "kind" || name === "apiVersion");
    const property = literal ? { type: "string" as const } : fieldSchema(name, field, model, scene);
    addZeroWords(
      property,
      { name: shortName(declaration.name), isKind: kind !== undefined, required: field.required },
      name,
    );
    properties[name] = property;
    if (field.required && !literal) required.push(name);
  }
  const schema: Schema = { type: "object" };
  if (entries.length > 0) schema.properties = properties;
  if (required.length > 0) schema.required = required;
  if (atomicDefinitions.includes(shortName(declaration.name))) schema["x-kubernetes-map-type"] = "atomic";
  const union = unions[shortName(declaration.name)];
  if (union) schema["x-kubernetes-unions"] = [union];
  if (kind !== undefined && apiVersion !== undefined) {
    const [version, group = ""] = apiVersion.split("/").reverse() as [string, string?];
    schema["x-kubernetes-group-version-kind"] = [{ group, kind, version }] as {
      group: string;
      version: string;
      kind: string;
    }[];
  }
  return schema;
}

/** Definitions that `name`'s refs reach, itself included. */
function reach(definitions: Record<string, Schema>, name: string, seen: Set<string>): void {
  if (seen.has(name)) return;
  seen.add(name);
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== "object") return;
    for (const [key, child] of Object.entries(value)) {
      if (key === "$ref" && typeof child === "string") reach(definitions, child, seen);
      else visit(child);
    }
  };
  visit(definitions[name]);
}

/** A definition's texts. Those of kind and apiVersion, which the declarations leave out, are DeleteOptions' own. */
function documentation(declaration: Declaration, declarations: Map<string, Declaration>): Documentation {
  const common = declarations.get("IoK8sApimachineryPkgApisMetaV1DeleteOptions")!.fields!;
  const texts: [string, string][] = [];
  for (const [name, field] of Object.entries(declaration.fields ?? {})) {
    const text = field.description || (name === "kind" || name === "apiVersion" ? common[name]!.description : "");
    if (text !== "") texts.push([name, text]);
  }
  return { description: declaration.description, ...(texts.length > 0 && { fields: Object.fromEntries(texts) }) };
}

/** All schemas and documentation of v1.36's stable versions, and of these beta kinds. Throws where the packages disagree. */
export function makeSchemas(
  stable: Map<string, Declaration>,
  beta: Map<string, Declaration>,
  models: Map<string, Model>,
): { definitions: Record<string, Schema>; docs: Record<string, Documentation> } {
  const definitions: Record<string, Schema> = {};
  const docs: Record<string, Documentation> = {};
  const betaNames = new Set([...beta.values()].map(({ name }) => name));
  const declarations = new Map([...stable, ...beta]);
  const sorted = [...declarations.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const declaration of sorted) {
    const model = modelOf(models, declaration.name);
    if (!model && !special[declaration.name] && !declaration.name.endsWith("version.Info")) continue;
    if (isUnstable(declaration.name) && !betaNames.has(declaration.name)) continue;
    definitions[declaration.name] = special[declaration.name] ?? structSchema(declaration, model, declarations);
    docs[declaration.name] = documentation(declaration, declarations);
  }
  addSharedKinds(definitions);
  for (const name of Object.keys(definitions)) {
    for (const target of reachable(definitions, name)) {
      if (!definitions[target]) throw new Error(`${name} refers to ${target}, which the packages don't have`);
    }
  }
  return { definitions, docs };
}

/** Whether a definition is of an alpha or beta version. */
const isUnstable = (name: string): boolean => /\.v\d+(alpha|beta)\d+\./.test(name);

function reachable(definitions: Record<string, Schema>, name: string): Set<string> {
  const seen = new Set<string>();
  reach(definitions, name, seen);
  return seen;
}

/** DeleteOptions and WatchEvent are a kind of every group and version. */
function addSharedKinds(definitions: Record<string, Schema>): void {
  const versions = new Map<string, { group: string; version: string }>();
  for (const [name, schema] of Object.entries(definitions)) {
    if (isUnstable(name)) continue;
    for (const { group, version } of schema["x-kubernetes-group-version-kind"] ?? [])
      versions.set(`${group}/${version}`, { group, version });
  }
  const sorted = [...versions.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  for (const kind of coreKinds) {
    definitions[metaPrefix + kind]!["x-kubernetes-group-version-kind"] = [{ group: "", kind, version: "v1" }];
  }
  for (const kind of everyGroup) {
    const schema = definitions[metaPrefix + kind]!;
    schema["x-kubernetes-group-version-kind"] = sorted.map((each) => ({
      group: each.group,
      kind,
      version: each.version,
    }));
  }
}
