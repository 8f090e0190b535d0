import { throwInvalid } from "../../../api/machinery/field.ts";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { forbidden } from "../../../api/machinery/status.ts";
import { sameJson } from "../../../base/equal.ts";
import { type AdmissionPlugin, type AdmissionRequest, cacheOf, type Registry } from "../../registry/scope.ts";
import type { PodView } from "./parts.ts";
import { compareLevels, detailsOf, formatLevel, type LevelVersion, policyOf, reasonsOf, violations } from "./policy.ts";

/** Who is not looked at (apiserver.config.k8s.io, "PodSecurityConfiguration"). */
export interface Exemptions {
  usernames?: readonly string[];
  namespaces?: readonly string[];
  runtimeClasses?: readonly string[];
}

/** How many pods a change of a namespace's level is tried on. */
const triedPodsMax = 3000;

/** Where kinds that make pods have the template of them. */
const templates: Record<string, (object: KubeObject) => any> = {
  podtemplates: ({ template }) => template,
  replicationcontrollers: ({ spec }) => spec?.template,
  "replicasets.apps": ({ spec }) => spec?.template,
  "deployments.apps": ({ spec }) => spec?.template,
  "daemonsets.apps": ({ spec }) => spec?.template,
  "statefulsets.apps": ({ spec }) => spec?.template,
  "jobs.batch": ({ spec }) => spec?.template,
  "cronjobs.batch": ({ spec }) => spec?.jobTemplate?.spec?.template,
};

/** Holds pods to the level of the Pod Security Standards that their namespace asks for by labels (PodSecurity, KEP-2579). */
export function podSecurity(registry: () => Registry, exemptions: Exemptions = {}): AdmissionPlugin {
  return {
    name: "PodSecurity",
    validate(request) {
      const { operation, scope, draft, subresource } = request;
      if (!draft || (operation !== "CREATE" && operation !== "UPDATE")) return;
      const { id } = scope.resource;
      if (id === "namespaces" && !subresource) reviewNamespace(registry(), request, exemptions);
      else if (id === "pods") reviewPod(registry(), request, exemptions);
      else if (!subresource && templates[id]) reviewTemplate(registry(), request, exemptions);
    },
  };
}

function viewOf(holder: any): PodView {
  return { annotations: holder.metadata?.annotations ?? {}, spec: holder.spec };
}

function policyFor(registry: Registry, namespace: string | undefined) {
  const object = cacheOf(registry, registry.resources.byId("namespaces")!).get(namespace ?? "")?.object;
  return policyOf(object?.metadata.labels).policy;
}

/** What exempts a request, if anything does; noted for the audit log. */
function isExempt({ scope }: AdmissionRequest, spec: any, exemptions: Exemptions): boolean {
  const by = exemptions.namespaces?.includes(scope.namespace ?? "")
    ? "namespace"
    : exemptions.usernames?.includes(scope.user.username)
      ? "user"
      : exemptions.runtimeClasses?.includes(spec?.runtimeClassName)
        ? "runtimeClass"
        : undefined;
  if (by !== undefined) note(scope, "exempt", by);
  return by !== undefined;
}

function note(scope: AdmissionRequest["scope"], key: string, value: string): void {
  scope.auditAnnotations ??= {};
  scope.auditAnnotations[`pod-security.kubernetes.io/${key}`] = value;
}

function reviewPod(registry: Registry, request: AdmissionRequest, exemptions: Exemptions): void {
  const { operation, scope, draft, previous, subresource, name } = request;
  if (subresource !== undefined && subresource !== "ephemeralcontainers" && subresource !== "resize") return;
  if (isExempt(request, draft!.spec, exemptions)) return;
  if (operation === "UPDATE" && previous && !mayMatter(draft!, previous)) return;
  const { enforce, audit, warn } = policyFor(registry, scope.namespace);
  const view = viewOf(draft);
  const found = violations(view, enforce);
  note(scope, "enforce-policy", formatLevel(enforce));
  if (found.length > 0) auditAndThrow();
  noteViolations(scope, view, audit);
  warnOf(scope, view, warn);

  function auditAndThrow(): never {
    noteViolations(scope, view, audit);
    const why = `violates PodSecurity ${JSON.stringify(formatLevel(enforce))}: ${detailsOf(found)}`;
    throw forbidden(scope.resource, name ?? "", why);
  }
}

/** Of what may change in a pod, images and the like make no difference. */
function mayMatter(next: KubeObject, previous: KubeObject): boolean {
  const relevant = ({ metadata, spec }: KubeObject) => {
    const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) =>
      /(seccomp|apparmor)\.security\.(alpha|beta)\.kubernetes\.io\//.test(key),
    );
    const containers = ["initContainers", "containers", "ephemeralContainers"].map((list) =>
      (spec?.[list] ?? []).map(({ name, securityContext }: any) => ({ name, securityContext })),
    );
    return { annotations: annotations.sort(), containers };
  };
  return !sameJson(relevant(next), relevant(previous));
}

function reviewTemplate(registry: Registry, request: AdmissionRequest, exemptions: Exemptions): void {
  const { scope, draft } = request;
  const template = templates[scope.resource.id]!(draft!);
  if (!template?.spec || isExempt(request, template.spec, exemptions)) return;
  const { audit, warn } = policyFor(registry, scope.namespace);
  const view = viewOf(template);
  noteViolations(scope, view, audit);
  warnOf(scope, view, warn);
}

function sentence(view: PodView, level: LevelVersion): string | undefined {
  const found = violations(view, level);
  if (found.length === 0) return undefined;
  return `would violate PodSecurity ${JSON.stringify(formatLevel(level))}: ${detailsOf(found)}`;
}

function noteViolations(scope: AdmissionRequest["scope"], view: PodView, level: LevelVersion): void {
  const text = sentence(view, level);
  if (text !== undefined) note(scope, "audit-violations", text);
}

function warnOf(scope: AdmissionRequest["scope"], view: PodView, level: LevelVersion): void {
  const text = sentence(view, level);
  if (text !== undefined) scope.warnings.push(text);
}

/** Labels must be right; a stricter level is tried on the pods that there are. */
function reviewNamespace(registry: Registry, request: AdmissionRequest, exemptions: Exemptions): void {
  const { scope, draft, previous } = request;
  const { name, labels } = draft!.metadata;
  const { policy, errors } = policyOf(labels);
  const before = policyOf(previous?.metadata.labels);
  if (errors.length > 0 && !(previous && sameJson(errors, before.errors)))
    throwInvalid("", scope.resource.kind, name, errors);
  if (!previous || exemptions.namespaces?.includes(name)) return;
  const [now, then] = [policy.enforce, before.policy.enforce];
  if (now.level === "privileged") return;
  if (now.minor === then.minor && compareLevels(now.level, then.level) <= 0) return;
  scope.warnings.push(...warningsOfPods(registry, name, now));
}

function* warningsOfPods(registry: Registry, namespace: string, level: LevelVersion): Iterable<string> {
  const names = new Map<string, string[]>();
  const owners = new Set<string>();
  let tried = 0;
  for (const { object } of cacheOf(registry, registry.resources.byId("pods")!).list(namespace)) {
    // Pods of one owner are alike.
    const owner = object.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
    if (owner !== undefined && owners.has(owner)) continue;
    if (owner !== undefined) owners.add(owner);
    if (++tried > triedPodsMax) break;
    const found = violations(viewOf(object), level);
    if (found.length > 0) {
      const reasons = reasonsOf(found);
      names.set(reasons, [...(names.get(reasons) ?? []), object.metadata.name]);
    }
  }
  if (names.size === 0) return;
  yield `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(formatLevel(level))}`;
  for (const [reasons, pods] of names) {
    const [first, ...others] = pods.sort();
    const rest = others.length === 0 ? "" : ` (and ${others.length} other ${others.length === 1 ? "pod" : "pods"})`;
    yield `${first}${rest}: ${reasons}`;
  }
}
