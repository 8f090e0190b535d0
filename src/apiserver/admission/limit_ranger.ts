import { podTotals } from "../../api/core/podspec/totals.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { canonicalQuantity, compareQuantities, milliValue, parseQuantity } from "../../api/machinery/quantity.ts";
import { forbidden } from "../../api/machinery/status.ts";
import { uuid } from "../../base/uuid.ts";
import { type AdmissionPlugin, type AdmissionRequest, cacheOf, type Registry } from "../registry/scope.ts";

type Amounts = Record<string, string>;

interface Limit {
  type: string;
  max?: Amounts;
  min?: Amounts;
  default?: Amounts;
  defaultRequest?: Amounts;
  maxLimitRequestRatio?: Amounts;
}

const annotation = "kubernetes.io/limit-ranger";

/** Gives containers what their namespace's limit ranges say, and holds pods and claims to them (LimitRanger). */
export function limitRanger(registry: () => Registry): AdmissionPlugin {
  function limitsFor(request: AdmissionRequest): Limit[] {
    const ranges = cacheOf(registry(), registry().resources.byId("limitranges")!);
    const limits: Limit[] = [];
    for (const { object } of ranges.list(request.scope.namespace ?? "")) limits.push(...(object.spec?.limits ?? []));
    return limits;
  }
  return {
    name: "LimitRanger",
    mutate(request) {
      const { operation, scope, draft } = request;
      // A limit range needs no name of its own.
      if (operation === "CREATE" && scope.resource.id === "limitranges" && draft && !draft.metadata.name)
        draft.metadata.name = uuid(registry().random);
      if (scope.resource.id === "pods" && concerns(request)) fillIn(draft!, limitsFor(request));
    },
    validate(request) {
      if (!concerns(request)) return;
      const { scope, draft, name } = request;
      const limits = limitsFor(request);
      const errors = scope.resource.id === "pods" ? podErrors(draft!, limits) : claimErrors(draft!, limits);
      const problems = [...new Set(errors)];
      if (problems.length === 0) return;
      const why = problems.length === 1 ? problems[0]! : `[${problems.join(", ")}]`;
      throw forbidden(scope.resource, name ?? "", why);
    },
  };
}

/** What a pod asks for changes only when it is resized. */
function concerns({ operation, scope, draft, previous, subresource }: AdmissionRequest): boolean {
  if (!draft || (operation !== "CREATE" && operation !== "UPDATE")) return false;
  if (previous?.metadata.deletionTimestamp !== undefined) return false;
  if (scope.resource.id === "persistentvolumeclaims") return !subresource;
  if (scope.resource.id !== "pods") return false;
  return operation === "CREATE" ? !subresource : subresource === "resize";
}

/** Fills in the usual limits and requests, and says so in an annotation. */
function fillIn(pod: KubeObject, limits: readonly Limit[]): void {
  for (const limit of limits) {
    if (limit.type !== "Container") continue;
    const notes: string[] = [];
    for (const container of pod.spec?.containers ?? []) notes.push(...fillContainer(container, "container", limit));
    for (const container of pod.spec?.initContainers ?? [])
      notes.push(...fillContainer(container, "init container", limit));
    if (notes.length === 0) continue;
    const text = `LimitRanger plugin set: ${notes.join("; ")}`;
    pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: text };
  }
}

function fillContainer(container: any, kind: string, limit: Limit): string[] {
  container.resources ??= {};
  const notes: string[] = [];
  const fill = (field: "requests" | "limits", usual: Amounts | undefined, word: string) => {
    const missing = Object.keys(usual ?? {}).filter((name) => container.resources[field]?.[name] === undefined);
    if (missing.length === 0) return;
    container.resources[field] = { ...container.resources[field] };
    for (const name of missing) container.resources[field][name] = usual![name];
    notes.push(`${missing.sort().join(", ")} ${word} for ${kind} ${container.name}`);
  };
  fill("requests", limit.defaultRequest, "request");
  fill("limits", limit.default, "limit");
  return notes;
}

function* podErrors({ spec }: KubeObject, limits: readonly Limit[]): Iterable<string> {
  for (const limit of limits) {
    if (limit.type === "Container") {
      for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])])
        yield* boundErrors(limit, container.resources?.requests ?? {}, container.resources?.limits ?? {});
    } else if (limit.type === "Pod") {
      yield* boundErrors(limit, podTotals(spec as never, "requests"), podTotals(spec as never, "limits"));
    }
  }
}

function* boundErrors(limit: Limit, requests: Amounts, limits: Amounts): Iterable<string> {
  for (const name of Object.keys(limit.min ?? {}).sort()) yield* minError(limit, name, requests[name], limits[name]);
  for (const name of Object.keys(limit.max ?? {}).sort()) yield* maxError(limit, name, requests[name], limits[name]);
  for (const name of Object.keys(limit.maxLimitRequestRatio ?? {}).sort())
    yield* ratioError(limit, name, requests[name], limits[name]);
}

function* minError({ type, min }: Limit, name: string, request?: string, limit?: string): Iterable<string> {
  const bound = min![name]!;
  const what = `minimum ${name} usage per ${type} is ${canonicalQuantity(bound)}`;
  if (request === undefined) yield `${what}.  No request is specified`;
  else if (compareQuantities(request, bound) < 0) yield `${what}, but request is ${canonicalQuantity(request)}`;
  else if (limit !== undefined && compareQuantities(limit, bound) < 0)
    yield `${what}, but limit is ${canonicalQuantity(limit)}`;
}

function* maxError({ type, max }: Limit, name: string, request?: string, limit?: string): Iterable<string> {
  const bound = max![name]!;
  const what = `maximum ${name} usage per ${type} is ${canonicalQuantity(bound)}`;
  if (limit === undefined) yield `${what}.  No limit is specified`;
  else if (compareQuantities(limit, bound) > 0) yield `${what}, but limit is ${canonicalQuantity(limit)}`;
  else if (request !== undefined && compareQuantities(request, bound) > 0)
    yield `${what}, but request is ${canonicalQuantity(request)}`;
}

function* ratioError(bounds: Limit, name: string, request?: string, limit?: string): Iterable<string> {
  const bound = bounds.maxLimitRequestRatio![name]!;
  const what = `${name} max limit to request ratio per ${bounds.type} is ${canonicalQuantity(bound)}`;
  const isNone = (amount: string | undefined) => amount === undefined || parseQuantity(amount).nano === 0n;
  if (isNone(request)) yield `${what}, but no request is specified or request is 0`;
  else if (isNone(limit)) yield `${what}, but no limit is specified or limit is 0`;
  else {
    const ratio = milliValue(limit!) / milliValue(request!);
    if (ratio * 1000 > milliValue(bound)) yield `${what}, but provided ratio is ${ratio.toFixed(6)}`;
  }
}

function* claimErrors({ spec }: KubeObject, limits: readonly Limit[]): Iterable<string> {
  const requests: Amounts = spec?.resources?.requests ?? {};
  for (const limit of limits) {
    if (limit.type !== "PersistentVolumeClaim") continue;
    for (const name of Object.keys(limit.min ?? {}).sort()) yield* minError(limit, name, requests[name]);
    for (const [name, bound] of Object.entries(limit.max ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const request = requests[name];
      const what = `maximum ${name} usage per ${limit.type} is ${canonicalQuantity(bound)}`;
      if (request === undefined) yield `${what}.  No request is specified`;
      else if (compareQuantities(request, bound) > 0) yield `${what}, but request is ${canonicalQuantity(request)}`;
    }
  }
}
