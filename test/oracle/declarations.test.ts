// Compares the declarations with what a real server said: columns, discovery, and every create and update in the recorded
// corpus whose answer depends on the declaration alone. Does nothing where the recordings are not at hand.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { definitions, loadDefinitions } from "../../src/api/machinery/definitions.ts";
import { builtinResources, columnsOf } from "../../src/api/resources.ts";
import { corpusIsHere, type Exchange, exchanges } from "./corpus.ts";
import { create, targetOf, update, withServerParts } from "./pipeline.ts";

const reference = path.resolve(import.meta.dirname, "../../../shared/reference");
const options = { skip: corpusIsHere ? false : "no recordings" };

await loadDefinitions();

/** Cases that need more than a declaration: admission, allocation, CEL, certificates, strict decoding. */
const needsMore = [
  /^admission\/(limit range|runtime class|node restriction)/,
  /^kinds\/minimal (nodes|customresourcedefinitions)/,
  /^policykinds\/create node rich/,
  /^network\/(default ingress class|dry run keeps no address|service.*(address|allocat))/,
  /^deleting\/delete of the service keeps/,
  /^network\/(create service requires dual|services cluster ips differ|services update another cluster ip)/,
  /^(crds|policies|apply|bootstrap)\//,
  /customresourcedefinition|definition/,
  /^policykinds\/.*(cel|expression|matchconditions|audit|message|variable|param kind|condition|apply|json patch)/i,
  /^policykinds\/(validatingadmissionpolicies|mutatingadmissionpolicies|resourceclaims|resourceslices|deviceclasses)/,
  /^policykinds\/create (resource claim|slice)/,
  /^policykinds\/validatingwebhookconfigurations (http url|url query|rule wildcard|rule resources|service port)/,
  /^policykinds\/runtimeclasses update handler/,
  /^workloads\/jobs generate name/,
  /^kinds\/unknown field jobs/,
  /^updating\/merge patch of (kind|wrong type)/,
  /^requests\/field validation of updates/,
  // The recorded server adds a source of its own to the token's volume, which shifts line numbers; and default
  // tolerations come back by admission.
  /^pods\/(generation|put without fields it holds)/,
];

const isObject = (value: unknown): value is Record<string, any> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** Causes about metadata are the registry's, and so are those of allocation. */
const isOurs = (line: string): boolean =>
  !/^metadata\.(?!taints)/.test(line) && !/failed to allocate|dual-stack/.test(line);

function wantedCauses({ answer }: Exchange): string[] {
  const causes: { field: string; message: string }[] = answer.body?.details?.causes ?? [];
  return causes.map(({ field, message }) => `${field}: ${message}`).filter(isOurs);
}

function differences(expected: any, got: any, where = "$"): string[] {
  if (isObject(expected) && isObject(got)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
    return [...keys].flatMap((key) => differences(expected[key], got[key], `${where}.${key}`));
  }
  if (Array.isArray(expected) && Array.isArray(got) && expected.length === got.length) {
    return expected.flatMap((each, index) => differences(each, got[index], `${where}[${index}]`));
  }
  return expected === got ? [] : [`${where}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`];
}

/** Takes from a recorded object what admission and the registry gave it. */
function withoutServerParts(recorded: any, got: any): any {
  const { metadata: _, ...object } = structuredClone(recorded);
  const { spec } = object;
  if (object.kind === "Service") {
    for (const field of ["clusterIP", "clusterIPs", "healthCheckNodePort"]) {
      if (got.spec[field] === undefined) delete spec[field];
    }
    for (const [index, port] of (spec.ports ?? []).entries())
      if (!got.spec.ports?.[index]?.nodePort) delete port.nodePort;
  }
  if (object.kind === "PersistentVolume") object.status.lastPhaseTransitionTime = got.status.lastPhaseTransitionTime;
  if (object.kind !== "Pod") return object;
  const isAdded = ({ name }: { name: string }) => name.startsWith("kube-api-access");
  const drop = (holder: any, field: string, added: (each: any) => boolean) => {
    holder[field] = holder[field]?.filter((each: any) => !added(each));
    if (!holder[field]?.length) delete holder[field];
  };
  drop(spec, "tolerations", ({ key }) => /^node\.kubernetes\.io\/(not-ready|unreachable)$/.test(key));
  drop(spec, "volumes", isAdded);
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])])
    drop(container, "volumeMounts", isAdded);
  for (const field of ["priority", "preemptionPolicy", "serviceAccountName", "serviceAccount"]) {
    if (got.spec[field] === undefined) delete spec[field];
  }
  return object;
}

function compareCreate(exchange: Exchange): string[] | undefined {
  const { step, answer } = exchange;
  const target = targetOf(step.path);
  const isCreate = step.method === "POST" && isObject(step.body) && [201, 422].includes(answer.status);
  if (!isCreate || !target || target.subresource || target.name || !answer.body) return undefined;
  const { kind } = target.resource;
  if (answer.status === 201 ? answer.body.kind !== kind : answer.body.details?.kind !== kind) return undefined;
  const { object, errors } = create(
    target,
    step.body,
    answer.body.metadata?.uid ?? "00000000-0000-4000-8000-000000000001",
  );
  const got = errors.map(({ field, body }) => `${field}: ${body}`).filter(isOurs);
  const wanted = wantedCauses(exchange);
  if (got.join("\n") !== wanted.join("\n")) return [`wanted ${wanted.join("; ")}`, `got ${got.join("; ")}`];
  if (answer.status === 422) return [];
  const { metadata: _, ...mine } = JSON.parse(JSON.stringify(object));
  return differences(withoutServerParts(answer.body, mine), mine);
}

test("creates end as they did on a real server", options, () => {
  const failures: string[] = [];
  let compared = 0;
  for (const exchange of exchanges()) {
    const id = `${exchange.area}/${exchange.name}`;
    if (needsMore.some((pattern) => pattern.test(id))) continue;
    const problems = compareCreate(exchange);
    if (problems === undefined) continue;
    compared++;
    if (problems.length > 0) failures.push(`${id}\n    ${problems.join("\n    ")}`);
  }
  assert.deepEqual(failures, []);
  assert.ok(compared > 600, `${compared} compared`);
});

function mergePatch(target: any, patch: any): any {
  if (!isObject(patch)) return patch;
  const merged: Record<string, any> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** The body that an update asks for; undefined for patches of other kinds. */
function askedFor({ step }: Exchange, previous: any): any {
  if (!isObject(step.body) || step.path.includes("dryRun")) return undefined;
  if (step.method === "PUT") return step.body;
  const type = step.headers?.["Content-Type"] ?? "";
  return step.method === "PATCH" && type.includes("/merge-patch+json") ? mergePatch(previous, step.body) : undefined;
}

test("updates end as they did on a real server", options, () => {
  const failures: string[] = [];
  let compared = 0;
  let store = new Map<string, any>();
  let current = "";
  for (const exchange of exchanges()) {
    const { step, answer } = exchange;
    const id = `${exchange.area}/${exchange.name}`;
    if (id !== current) store = new Map();
    current = id;
    const target = targetOf(step.path);
    if (!target || needsMore.some((pattern) => pattern.test(id))) continue;
    const isMain = target.subresource === "" || target.subresource === "status";
    const key = `${target.resource.id}/${target.namespace}/${target.name || step.body?.metadata?.name}`;
    const previous = store.get(key);
    const body = previous && isMain && [200, 422].includes(answer.status) ? askedFor(exchange, previous) : undefined;
    if (body !== undefined && (answer.status === 200 || answer.body?.details?.causes)) {
      compared++;
      const { object, errors } = update(target, body, previous);
      const got = errors.map(({ field, body: text }) => `${field}: ${text}`).filter(isOurs);
      const wanted = answer.status === 422 ? wantedCauses(exchange) : [];
      if (got.join("\n") !== wanted.join("\n"))
        failures.push(`${id}\nwanted ${wanted.join("; ")}\ngot ${got.join("; ")}`);
      else if (answer.status === 200) store.set(key, object);
    }
    remember(store, key, exchange, target);
  }
  assert.deepEqual(failures, []);
  assert.ok(compared > 200, `${compared} compared`);
});

function remember(store: Map<string, any>, key: string, { step, answer }: Exchange, target: any): void {
  if (answer.body?.kind === target.resource.kind && [200, 201].includes(answer.status)) store.set(key, answer.body);
  else if (step.method === "DELETE") store.delete(key);
  else if (step.method === "POST" && answer.status === 201 && !target.subresource && isObject(step.body)) {
    store.set(key, withServerParts(create(target, step.body, "00000000-0000-4000-8000-000000000001").object));
  }
}

test("columns are those of a real server", options, () => {
  const wanted = JSON.parse(fs.readFileSync(path.join(reference, "columns.json"), "utf8"));
  for (const resource of builtinResources) {
    const columns = wanted[`${resource.apiVersion}/${resource.kind}`]?.columns;
    if (!columns) continue;
    const ours = columnsOf(resource).map(({ name, type = "string", format = "", priority = 0 }) => {
      return { name, type, format, priority };
    });
    assert.deepEqual(ours, columns, resource.id);
  }
});

test("every resource of discovery is declared with its words and verbs", options, () => {
  for (const { step, answer } of exchanges("discovery")) {
    if (answer.body?.kind !== "APIResourceList") continue;
    const { groupVersion, resources } = answer.body;
    for (const listed of resources) {
      const [plural, subresource] = listed.name.split("/");
      const resource = builtinResources.find((each) => each.apiVersion === groupVersion && each.plural === plural);
      assert.ok(resource, `${step.path} ${listed.name}`);
      if (subresource) {
        const found = resource.subresources?.find(({ name }) => name === subresource);
        assert.ok(found, `${listed.name} is missing`);
        assert.deepEqual([...found.verbs].sort(), [...listed.verbs].sort(), listed.name);
        assert.equal(found.kind ?? resource.kind, listed.kind, listed.name);
        assert.equal(found.group, listed.group, listed.name);
        continue;
      }
      assert.deepEqual([...resource.verbs].sort(), [...listed.verbs].sort(), listed.name);
      assert.equal(resource.singular, listed.singularName);
      assert.equal(resource.kind, listed.kind);
      assert.equal(resource.namespaced, listed.namespaced);
      assert.deepEqual(resource.shortNames ?? [], listed.shortNames ?? [], listed.name);
      assert.deepEqual(resource.categories ?? [], listed.categories ?? [], listed.name);
    }
  }
});

test("every declared schema exists", () => {
  for (const { schema, id } of builtinResources) assert.ok(definitions(schema), id);
});
