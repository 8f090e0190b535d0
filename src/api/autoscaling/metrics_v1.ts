// Metrics and behaviour in the words of before `autoscaling/v2`: annotations of `autoscaling/v1` carry them so.
// Fields stand in the order in which the real server writes them.

import { sorted } from "../machinery/go_json.ts";

/** A metric's spec says what is wanted, its status what is. */
type Part = "target" | "current";

const zero = "0";

function referenceOf({ kind = "", name = "", apiVersion }: any = {}): object {
  return { kind, name, apiVersion };
}

function selectorOf(selector: any): object | undefined {
  if (!selector) return undefined;
  return { matchLabels: sorted(selector.matchLabels), matchExpressions: selector.matchExpressions };
}

/** Each source of metrics, from v2: its own fields, and the amounts that it is about. */
const toOld: Record<string, (source: any, amounts: any, part: Part) => object> = {
  object: ({ describedObject, metric }, { value = zero, averageValue }, part) => ({
    target: referenceOf(describedObject),
    metricName: metric?.name ?? "",
    [`${part}Value`]: value,
    selector: selectorOf(metric?.selector),
    averageValue,
  }),
  pods: ({ metric }, { averageValue = zero }, part) => ({
    metricName: metric?.name ?? "",
    [`${part}AverageValue`]: averageValue,
    selector: selectorOf(metric?.selector),
  }),
  resource: ({ name }, amounts, part) => ({ name, ...oldResource(amounts, part) }),
  containerResource: ({ name, container }, amounts, part) => ({ name, ...oldResource(amounts, part), container }),
  external: ({ metric }, { value, averageValue }, part) => ({
    metricName: metric?.name ?? "",
    metricSelector: selectorOf(metric?.selector),
    [`${part}Value`]: part === "current" ? (value ?? zero) : value,
    [`${part}AverageValue`]: averageValue,
  }),
};

function oldResource({ averageUtilization, averageValue }: any, part: Part): object {
  return {
    [`${part}AverageUtilization`]: averageUtilization,
    [`${part}AverageValue`]: part === "current" ? (averageValue ?? zero) : averageValue,
  };
}

/** A v2 metric in the old words. */
export function oldMetric(metric: any, part: Part): object {
  const old: Record<string, unknown> = { type: metric.type };
  for (const kind of Object.keys(toOld)) {
    if (metric[kind]) old[kind] = toOld[kind]!(metric[kind], metric[kind][part] ?? {}, part);
  }
  return old;
}

const named = (name: string | undefined, selector: object | undefined) => ({ name: name ?? "", ...some({ selector }) });

/** Without the fields that are nothing. */
function some(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

/** Amounts as v2 has them; those that are wanted have a type. */
function amountsOf(part: Part, type: string, amounts: Record<string, unknown>): object {
  return { [part]: { ...(part === "target" ? { type } : {}), ...some(amounts) } };
}

const fromOld: Record<string, (source: any, part: Part) => object> = {
  object: ({ target, metricName, selector, averageValue, ...source }, part) => ({
    describedObject: some(referenceOf(target) as Record<string, unknown>),
    metric: named(metricName, selector),
    ...amountsOf(part, averageValue ? "AverageValue" : "Value", {
      value: source[`${part}Value`] ?? zero,
      averageValue,
    }),
  }),
  pods: ({ metricName, selector, ...source }, part) => ({
    metric: named(metricName, selector),
    ...amountsOf(part, "AverageValue", { averageValue: source[`${part}AverageValue`] ?? zero }),
  }),
  resource: ({ name, ...source }, part) => ({ name, ...newResource(source, part) }),
  containerResource: ({ name, container, ...source }, part) => ({ name, container, ...newResource(source, part) }),
  external: ({ metricName, metricSelector, ...source }, part) => {
    const value = source[`${part}Value`] ?? (part === "current" ? zero : undefined);
    const averageValue = source[`${part}AverageValue`];
    const type = value === undefined ? "AverageValue" : "Value";
    return { metric: named(metricName, metricSelector), ...amountsOf(part, type, { value, averageValue }) };
  },
};

function newResource(source: any, part: Part): object {
  const averageUtilization = source[`${part}AverageUtilization`];
  const averageValue = source[`${part}AverageValue`] ?? (part === "current" ? zero : undefined);
  return amountsOf(part, averageUtilization ? "Utilization" : "AverageValue", { averageValue, averageUtilization });
}

/** A metric in the old words as v2 has it. */
export function newMetric(old: any, part: Part): object {
  const metric: Record<string, unknown> = { type: old.type ?? "" };
  for (const kind of Object.keys(fromOld)) if (old[kind]) metric[kind] = fromOld[kind]!(old[kind], part);
  return metric;
}

const capital = (name: string) => name[0]!.toUpperCase() + name.slice(1);

const ruleFields = ["stabilizationWindowSeconds", "selectPolicy", "policies", "tolerance"] as const;
const policyFields = ["type", "value", "periodSeconds"] as const;

function capitalized(fields: readonly string[], object: any): any {
  return Object.fromEntries(fields.map((field) => [capital(field), object[field] ?? null]));
}

function uncapitalized(fields: readonly string[], object: any): any {
  const find = (field: string) => Object.keys(object).find((key) => key.toLowerCase() === field.toLowerCase());
  return some(Object.fromEntries(fields.map((field) => [field, object[find(field) ?? ""]])));
}

/** A behaviour as annotations have it: the real server's own struct, whose fields have capitals. */
export function oldBehavior({ scaleUp, scaleDown }: any): object {
  const rules = (of: any) =>
    of
      ? capitalized(ruleFields, { ...of, policies: of.policies?.map((each: any) => capitalized(policyFields, each)) })
      : null;
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

/** A behaviour from an annotation; undefined if it says nothing. */
export function newBehavior(old: any): object | undefined {
  const both = uncapitalized(["scaleUp", "scaleDown"], old);
  if (Object.keys(both).length === 0) return undefined;
  const rules = (of: any) => {
    const { policies, ...rest } = uncapitalized(ruleFields, of);
    return { ...rest, ...some({ policies: policies?.map((each: any) => uncapitalized(policyFields, each)) }) };
  };
  return Object.fromEntries(Object.entries(both).map(([direction, of]) => [direction, rules(of)]));
}
