// What can be wrong with an autoscaler, and what it gets where nothing is said.

import { type FieldError, FieldPath, forbiddenField, invalid, notSupported, required } from "../machinery/field.ts";
import { dns1123Label, pathSegment } from "../machinery/names.ts";
import { compareQuantities } from "../machinery/quantity.ts";
import { addInvalid, checkNonNegative, checkOneOf, type Errors } from "../parts/checks.ts";
import { checkContainerResourceName } from "../parts/resourcenames.ts";

const specPath = new FieldPath("spec");
const cpuPercent = 80;
const windowSecondsMax = 3600;
const periodSecondsMax = 1800;

/** The fields of a metric by its type, in the order in which they are looked into. */
const sources: Record<string, string> = {
  Object: "object",
  External: "external",
  Pods: "pods",
  Resource: "resource",
  ContainerResource: "containerResource",
};

const upPolicies = [
  { type: "Pods", value: 4, periodSeconds: 15 },
  { type: "Percent", value: 100, periodSeconds: 15 },
];
const downPolicies = [{ type: "Percent", value: 100, periodSeconds: 15 }];

function defaultRules(rules: any, policies: readonly object[], windowSeconds: number | undefined): any {
  return {
    ...(windowSeconds === undefined ? {} : { stabilizationWindowSeconds: windowSeconds }),
    selectPolicy: "Max",
    policies: structuredClone(policies),
    ...rules,
  };
}

/** Fills in an autoscaler: one pod at least, 80 percent of the cpu that was asked for. */
export function defaultAutoscaler({ spec }: any): void {
  spec.minReplicas ??= 1;
  if (!spec.metrics?.length) {
    const target = { type: "Utilization", averageUtilization: cpuPercent };
    spec.metrics = [{ type: "Resource", resource: { name: "cpu", target } }];
  }
  if (!spec.behavior) return;
  spec.behavior.scaleUp = defaultRules(spec.behavior.scaleUp, upPolicies, 0);
  spec.behavior.scaleDown = defaultRules(spec.behavior.scaleDown, downPolicies, undefined);
}

const targetTypes = ["AverageValue", "Utilization", "Value"];

function checkTarget(errors: Errors, target: any, path: FieldPath): void {
  if (!target?.type) errors.push(required(path.child("type"), "must specify a metric target type"));
  if (!targetTypes.includes(target?.type)) {
    const why = "must be either Utilization, Value, or AverageValue";
    errors.push(invalid(path.child("type"), target?.type ?? "", why));
  }
  for (const field of ["value", "averageValue"] as const) {
    const amount = target?.[field];
    if (amount !== undefined && compareQuantities(amount, "0") <= 0) {
      errors.push(invalid(path.child(field), amount, "must be positive"));
    }
  }
  if (target?.averageUtilization !== undefined && target.averageUtilization < 1) {
    errors.push(invalid(path.child("averageUtilization"), target.averageUtilization, "must be greater than 0"));
  }
}

function checkSource(errors: Errors, type: string, source: any, path: FieldPath): void {
  const isResource = type === "Resource" || type === "ContainerResource";
  if (isResource && !source.name) errors.push(required(path.child("name"), "must specify a resource name"));
  if (type === "ContainerResource") checkContainer(errors, source, path);
  if (type === "Object") checkReference(errors, source.describedObject, path.child("describedObject"), true);
  if (!isResource) {
    const name = source.metric?.name;
    if (!name) errors.push(required(path.child("metric", "name"), "must specify a metric name"));
    else addInvalid(errors, () => path.child("metric", "name"), name, pathSegment(name));
  }
  checkTarget(errors, source.target, path.child("target"));
  const { averageUtilization, averageValue, value } = source.target ?? {};
  if (isResource) {
    if (averageUtilization === undefined && averageValue === undefined) {
      const why = "must set either a target raw value or a target utilization";
      errors.push(required(path.child("target", "averageUtilization"), why));
    }
    if (averageUtilization !== undefined && averageValue !== undefined) {
      const why = "may not set both a target raw value and a target utilization";
      errors.push(forbiddenField(path.child("target", "averageValue"), why));
    }
  } else if (type === "Pods") {
    if (averageValue === undefined) {
      const why = "must specify a positive target averageValue";
      errors.push(required(path.child("target", "averageValue"), why));
    }
  } else if (value === undefined && averageValue === undefined) {
    const what =
      type === "External" ? "a target value for metric or a per-pod target" : "a target value or averageValue";
    errors.push(required(path.child("target", "averageValue"), `must set either ${what}`));
  } else if (type === "External" && value !== undefined && averageValue !== undefined) {
    const why = "may not set both a target value for metric and a per-pod target";
    errors.push(forbiddenField(path.child("target", "value"), why));
  }
}

function checkContainer(errors: Errors, { name, container }: any, path: FieldPath): void {
  if (name) checkContainerResourceName(errors, name, () => path.child("name"));
  if (!container) errors.push(required(path.child("container"), "must specify a container"));
  else addInvalid(errors, () => path.child("container"), container, dns1123Label(container));
}

function checkMetric(errors: Errors, metric: any, path: FieldPath): void {
  const { type = "" } = metric;
  const wanted = Object.hasOwn(sources, type) ? sources[type] : undefined;
  const unknown = notSupported(path.child("type"), type, Object.keys(sources).sort());
  if (!type) errors.push(required(path.child("type"), "must specify a metric source type"));
  if (!wanted) errors.push(unknown);
  const present = Object.entries(sources).filter(([, field]) => metric[field]);
  // Only the first one is looked into; which one it is for does not matter.
  for (const [of, field] of present.slice(0, 1)) checkSource(errors, of, metric[field], path.child(field));
  if (!wanted) errors.push(unknown);
  else if (!metric[wanted]) {
    errors.push(required(path.child(wanted), "must populate information for the given metric source"));
  }
  if (present.length <= 1) return;
  for (const [, field] of present) {
    if (field === wanted) continue;
    errors.push(forbiddenField(path.child(field), "must populate the given metric source only"));
  }
}

function checkRules(errors: Errors, rules: any, path: FieldPath): void {
  if (!rules) return;
  const seconds = rules.stabilizationWindowSeconds;
  const window = path.child("stabilizationWindowSeconds");
  if (seconds < 0) errors.push(invalid(window, seconds, "must be greater than or equal to zero"));
  if (seconds > windowSecondsMax) {
    errors.push(invalid(window, seconds, `must be less than or equal to ${windowSecondsMax}`));
  }
  if (rules.tolerance !== undefined && compareQuantities(rules.tolerance, "0") < 0) {
    errors.push(invalid(path.child("tolerance"), rules.tolerance, "must be greater than or equal to 0"));
  }
  checkOneOf(errors, rules.selectPolicy, ["Disabled", "Max", "Min"], () => path.child("selectPolicy"));
  if (!rules.policies?.length) errors.push(required(path.child("policies"), "must specify at least one Policy"));
  for (const [index, { type, value, periodSeconds }] of (rules.policies ?? []).entries()) {
    const at = path.child("policies").index(index);
    checkOneOf(errors, type ?? "", ["Percent", "Pods"], () => at.child("type"));
    if (!(value > 0)) errors.push(invalid(at.child("value"), value ?? 0, "must be greater than zero"));
    const period = at.child("periodSeconds");
    if (!(periodSeconds > 0)) errors.push(invalid(period, periodSeconds ?? 0, "must be greater than zero"));
    if (periodSeconds > periodSecondsMax) {
      errors.push(invalid(period, periodSeconds, `must be less than or equal to ${periodSecondsMax}`));
    }
  }
}

/** `core`: whether what is referred to may be of the core group. */
function checkReference(errors: Errors, ref: any, path: FieldPath, core: boolean): void {
  for (const field of ["kind", "name"] as const) {
    const value = ref?.[field];
    if (!value) errors.push(required(path.child(field)));
    else addInvalid(errors, () => path.child(field), value, pathSegment(value));
  }
  const version: string = ref?.apiVersion ?? "";
  const [group, ...rest] = version.split("/");
  if (rest.length > 1)
    errors.push(invalid(path.child("apiVersion"), version, `unexpected GroupVersion string: ${version}`));
  else if (!core && (rest.length === 0 || group === ""))
    errors.push(invalid(path.child("apiVersion"), version, "apiVersion must specify API group"));
}

/** Errors in what an autoscaler reports. */
export function validateAutoscalerStatus({ status }: any): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["currentReplicas", "desiredReplicas"]) {
    checkNonNegative(errors, status?.[field], () => new FieldPath("status").child(field));
  }
  return errors;
}

/** Errors in an autoscaler. */
export function validateAutoscaler({ spec }: any): FieldError[] {
  const errors: FieldError[] = [];
  const { minReplicas, maxReplicas = 0, metrics = [] } = spec;
  if (minReplicas < 1)
    errors.push(invalid(specPath.child("minReplicas"), minReplicas, "must be greater than or equal to 1"));
  const max = specPath.child("maxReplicas");
  if (maxReplicas < 1) errors.push(required(max, "must be set and greater than 0"));
  if (maxReplicas < minReplicas) {
    errors.push(invalid(max, maxReplicas, "must be greater than or equal to `minReplicas`"));
  }
  const target = spec.scaleTargetRef;
  // The one kind of the core group that scales.
  checkReference(errors, target, specPath.child("scaleTargetRef"), target?.kind === "ReplicationController");
  for (const [index, metric] of metrics.entries()) checkMetric(errors, metric, specPath.child("metrics").index(index));
  if (minReplicas === 0 && !metrics.some(({ type }: any) => type === "Object" || type === "External")) {
    const why = "must specify at least one Object or External metric to support scaling to zero replicas";
    errors.push(forbiddenField(specPath.child("metrics"), why));
  }
  checkRules(errors, spec.behavior?.scaleUp, specPath.child("behavior", "scaleUp"));
  checkRules(errors, spec.behavior?.scaleDown, specPath.child("behavior", "scaleDown"));
  return errors;
}
