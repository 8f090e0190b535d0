import { typeErrors } from "../../api/machinery/apply/check.ts";
import { compareFields, fieldsOf } from "../../api/machinery/apply/compare.ts";
import { difference, isMember, pathText, union } from "../../api/machinery/apply/fields.ts";
import { ApplyConflictError, type Conflict } from "../../api/machinery/apply/managed.ts";
import { type FieldError, FieldPath, required, throwInvalid } from "../../api/machinery/field.ts";
import { goJson } from "../../api/machinery/go_json.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { groupOf } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import { badRequest, conflict, StatusError } from "../../api/machinery/status.ts";
import { parseYaml } from "../../api/machinery/yaml.ts";
import { checkMayCreate } from "../auth/denial.ts";
import type { Cached } from "../cache/cache.ts";
import { cacheOf, keyIn } from "../registry/scope.ts";
import { type Applied, applyConfiguration, typeOf } from "../registry/tracking.ts";
import { updateObject } from "../registry/update.ts";
import { checkName, createObject } from "../registry/write.ts";
import { decodeAs, readBody } from "./body.ts";
import type { Call } from "./resources.ts";

const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** How often somebody may create or delete the object while it is being applied. */
const raceTriesMax = 5;

/** What `fieldManager` and `force` may be, for each kind of patch. Throws the 422. */
export function checkPatchOptions({ scope, route }: Call, isApply: boolean): void {
  const errors: FieldError[] = [];
  const path = new FieldPath("fieldManager");
  const forced = route.query.get("force");
  if (isApply && !scope.fieldManager) errors.push(required(path, "is required for apply patch"));
  if (!isApply && forced !== null && forced !== "") {
    const body = "Forbidden: may not be specified for non-apply patch";
    errors.push({ type: "FieldValueForbidden", field: "force", body });
  }
  throwInvalid("meta.k8s.io", "PatchOptions", "", errors);
}

/** Server-side apply of the request's configuration to the object or its status (KEP-555). */
export async function applyObject(call: Call): Promise<{ item: Cached; created: boolean }> {
  checkPatchOptions(call, true);
  const { registry, scope, name, subresource } = call;
  const configuration = await readConfiguration(call);
  for (let attempt = 1; ; attempt++) {
    try {
      const exists = cacheOf(registry, scope.resource).get(keyIn(scope, name!)) !== undefined;
      if (exists || subresource) return { item: await applyToLive(call, configuration), created: false };
      return { item: await applyToNothing(call, configuration), created: true };
    } catch (error) {
      const raced = error instanceof StatusError && ["AlreadyExists", "NotFound"].includes(error.reason ?? "");
      const about = error instanceof StatusError ? error.status.details : undefined;
      if (!raced || subresource || attempt >= raceTriesMax || about?.kind !== scope.resource.plural) throw error;
    }
  }
}

function applyToLive(call: Call, configuration: KubeObject): Promise<Cached> {
  const { registry, scope, name, subresource } = call;
  const part = subresource?.name === "scale" ? undefined : subresource?.name;
  const options = { subresource: part, tracked: true };
  return updateObject(registry, scope, name!, (live) => appliedDraft(call, live, configuration), options);
}

function appliedDraft(call: Call, live: KubeObject, configuration: KubeObject): KubeObject {
  const applied = applyNow(call, live, configuration);
  const draft = applied ? decodeApplied(call, applied) : structuredClone(live);
  if (!configuration.metadata.resourceVersion)
    delete (draft.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
  return draft;
}

/** Reads the request's configuration for a part of an object. Gives what applies it: the draft says who owns what. */
export async function configurationApplier(call: Call): Promise<(live: KubeObject) => KubeObject> {
  checkPatchOptions(call, true);
  const configuration = await readConfiguration(call);
  return (live) => appliedDraft(call, live, configuration);
}

async function applyToNothing(call: Call, configuration: KubeObject): Promise<Cached> {
  const { registry, scope, name } = call;
  const { uid } = configuration.metadata;
  if (uid) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(scope.resource, name!, why);
  }
  checkMayCreate(registry, scope, name!);
  const draft = decodeApplied(call, applyNow(call, undefined, configuration)!);
  delete (draft.metadata as Partial<KubeObject["metadata"]>).resourceVersion;
  return createObject(registry, scope, draft, { tracked: true });
}

/** Reads the body: YAML or JSON of the resource's own kind. Throws 400s, and a 500 for what the schema doesn't have. */
async function readConfiguration(call: Call): Promise<KubeObject> {
  const { scope, name } = call;
  const { resource } = scope;
  const isScale = call.subresource?.name === "scale";
  const wanted = isScale ? scaleForm : resource;
  const value = await readYaml(call);
  const given = (value ?? {}) as Partial<KubeObject>;
  const { kind = "", apiVersion = "" } = given;
  if (kind !== wanted.kind || apiVersion !== wanted.apiVersion)
    throw badRequest(`invalid object type: ${apiVersion.includes("/") ? "" : "/"}${apiVersion || ""}, Kind=${kind}`);
  const metadata = (given.metadata ?? {}) as Partial<KubeObject["metadata"]>;
  checkName({ ...given, metadata } as KubeObject, name!);
  if (resource.namespaced && metadata.namespace && metadata.namespace !== scope.namespace)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (metadata.managedFields !== undefined && metadata.managedFields !== null)
    throw badRequest("metadata.managedFields must be nil");
  const errors = typeErrors(typeOf(wanted), given);
  if (errors.length > 0) {
    const why = errors.length === 1 ? errors[0] : ["errors:", ...errors.map((each) => `  ${each}`)].join("\n");
    const version = groupOf(apiVersion) === "" ? `/${apiVersion}` : apiVersion;
    const what = `${metadata.namespace ?? ""}/${metadata.name}; ${version}, Kind=${kind}`;
    throw new StatusError({ code: 500, message: `failed to create typed patch object (${what}): ${why}` });
  }
  return isScale ? scaleOf(resource, given as KubeObject) : (given as KubeObject);
}

const scaleForm = { kind: "Scale", apiVersion: "autoscaling/v1", schema: "io.k8s.api.autoscaling.v1.Scale" };

/** What a Scale that is applied means for the object that it is a view of. */
function scaleOf({ kind, apiVersion, scale }: Resource, { metadata, spec }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  const configuration: any = { kind, apiVersion, metadata: { name, namespace, uid, resourceVersion } };
  for (const key in configuration.metadata)
    if (configuration.metadata[key] === undefined) delete configuration.metadata[key];
  if (spec?.replicas === undefined) return configuration;
  const path = scale!.specReplicas.split(".").filter(Boolean);
  let at = configuration;
  for (const part of path.slice(0, -1)) at = at[part] = {};
  at[path.at(-1)!] = spec.replicas;
  return configuration;
}

async function readYaml({ request, scope }: Call): Promise<unknown> {
  const { body } = request;
  if (body && "object" in body) return body.object;
  const text = new TextDecoder().decode(await readBody(request));
  let parsed: ReturnType<typeof parseYaml>;
  try {
    parsed = parseYaml(text);
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${(error as Error).message}`);
  }
  const { value, duplicates } = parsed;
  if (value !== null && value !== undefined && (typeof value !== "object" || Array.isArray(value))) {
    const type = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
    const why = `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`;
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  if (duplicates.length > 0 && scope.fieldValidation === "Strict")
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${strictText(duplicates)}`);
  if (duplicates.length > 0 && scope.fieldValidation !== "Ignore") scope.warnings.push(strictText(duplicates));
  return value;
}

function strictText(duplicates: readonly string[]): string {
  const lines = duplicates.flatMap((each) => each.replace(/^yaml: unmarshal errors:\n/, "").split("\n"));
  return `yaml: unmarshal errors:\n${lines.map((line) => `  ${line.trim()}`).join("\n")}`;
}

function decodeApplied({ scope }: Call, applied: NonNullable<Applied>): KubeObject {
  const draft = decodeAs(scope.resource, applied.object, { fieldValidation: "Ignore", warnings: [] });
  draft.metadata.managedFields = applied.managedFields;
  if (scope.resource.namespaced) draft.metadata.namespace = scope.namespace!;
  return draft;
}

function applyNow(call: Call, live: KubeObject | undefined, configuration: KubeObject): Applied {
  const { registry, scope, route, subresource } = call;
  const force = route.query.get("force") === "true" || route.query.get("force") === "1";
  const run = (forced: boolean): Applied =>
    applyConfiguration(registry, scope, live, configuration, forced, subresource?.name);
  try {
    return withLastApplied(call, live, configuration, runAsKubectl(call, live, run, force));
  } catch (error) {
    if (error instanceof ApplyConflictError) throw conflictStatus(error.conflicts);
    throw error;
  }
}

/**
 * kubectl's own server-side apply takes over what its client-side apply wrote, as the annotation tells (KEP-555,
 * "Client-side apply to server-side apply migration").
 */
function runAsKubectl(
  { scope }: Call,
  live: KubeObject | undefined,
  run: (force: boolean) => Applied,
  force: boolean,
): Applied {
  try {
    return run(force);
  } catch (error) {
    const text = live?.metadata.annotations?.[lastAppliedAnnotation];
    if (!(error instanceof ApplyConflictError) || scope.fieldManager !== "kubectl" || !text || !live) throw error;
    let before: unknown;
    try {
      before = JSON.parse(text);
    } catch {
      throw error;
    }
    const type = typeOf(scope.resource);
    const { added, modified, removed } = compareFields(type, before, live);
    const allowed = difference(fieldsOf(type, before), union(union(added, modified), removed));
    const refused = error.conflicts.filter(({ path }) => {
      let node = allowed as typeof allowed | undefined;
      for (const element of path) node = node?.[element];
      return !isMember(node);
    });
    if (refused.length > 0) throw new ApplyConflictError(refused);
    return run(true);
  }
}

/** Keeps the annotation of client-side apply true for as long as it is there. */
function withLastApplied({ scope }: Call, live: KubeObject | undefined, configuration: KubeObject, applied: Applied) {
  if (!applied || scope.fieldManager !== "kubectl") return applied;
  if (live?.metadata.annotations?.[lastAppliedAnnotation] === undefined) return applied;
  const { annotations: given, ...rest } = configuration.metadata;
  const { [lastAppliedAnnotation]: _, ...own } = given ?? {};
  const sent = { ...configuration, metadata: { annotations: own, ...rest } };
  const annotations = { ...applied.object.metadata.annotations, [lastAppliedAnnotation]: `${goJson(sent)}\n` };
  return { ...applied, object: { ...applied.object, metadata: { ...applied.object.metadata, annotations } } };
}

function conflictStatus(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${managerText(manager)}`,
    field: pathText(path),
  }));
  const message =
    conflicts.length === 1
      ? `Apply failed with 1 conflict: ${causes[0]!.message}: ${causes[0]!.field}`
      : `Apply failed with ${conflicts.length} conflicts: ${conflictLines(conflicts)}`;
  return new StatusError({ code: 409, reason: "Conflict", message, details: { causes } });
}

function conflictLines(conflicts: readonly Conflict[]): string {
  const byManager = Map.groupBy(conflicts, ({ manager }) => managerText(manager));
  return [...byManager]
    .flatMap(([text, list]) => [`conflicts with ${text}:`, ...list.map(({ path }) => `- ${pathText(path)}`)])
    .join("\n");
}

function managerText({ manager, operation, apiVersion, subresource }: Conflict["manager"]): string {
  const part = subresource ? ` with subresource ${JSON.stringify(subresource)}` : "";
  return JSON.stringify(manager) + part + (operation === "Update" ? ` using ${apiVersion}` : "");
}
