import assert from "node:assert/strict";
import { test } from "node:test";
import { checksOf } from "../../../test/declarations.ts";
import { fromV2, toV2 } from "./conversion.ts";
import { horizontalPodAutoscalers } from "./horizontalpodautoscaler.ts";

const scaler = (spec: object) => ({
  spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" }, ...spec },
});
const metric = (value: object) => scaler({ metrics: [value] });
const types = '"ContainerResource", "External", "Object", "Pods", "Resource"';

const { check, checkMade, checkStatus } = checksOf(horizontalPodAutoscalers);
checkMade("cpu by default", scaler({}), ({ spec }) => spec.metrics[0].resource.target.averageUtilization, 80);
const unsupported = `Unsupported value: "": supported values: ${types}`;
check(
  "no type",
  metric({}),
  "spec.metrics[0].type: Required value: must specify a metric source type",
  `spec.metrics[0].type: ${unsupported}`,
  `spec.metrics[0].type: ${unsupported}`,
);
check(
  "the source of another type",
  metric({ type: "Resource", pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "1" } } }),
  "spec.metrics[0].resource: Required value: must populate information for the given metric source",
);
check(
  "two sources",
  metric({
    type: "Pods",
    pods: { metric: { name: "m" }, target: { type: "AverageValue", averageValue: "1" } },
    resource: {},
  }),
  "spec.metrics[0].resource: Forbidden: must populate the given metric source only",
);
check(
  "type of the target",
  metric({ type: "Pods", pods: { metric: { name: "m" }, target: { averageValue: "1" } } }),
  "spec.metrics[0].pods.target.type: Required value: must specify a metric target type",
  'spec.metrics[0].pods.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue',
);
check(
  "an object",
  metric({
    type: "Object",
    object: { describedObject: { apiVersion: "v1/a" }, metric: { name: "m" }, target: { type: "Value", value: "0" } },
  }),
  "spec.metrics[0].object.describedObject.kind: Required value",
  "spec.metrics[0].object.describedObject.name: Required value",
  'spec.metrics[0].object.target.value: Invalid value: "0": must be positive',
);
const target = (apiVersion: string, kind: string) => scaler({ scaleTargetRef: { apiVersion, kind, name: "d" } });
check("the core group's one kind that scales", target("v1", "ReplicationController"));
check(
  "another of the core group",
  target("v1", "Pod"),
  'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
);
check(
  "more than a group and a version",
  target("a/b/c", "Deployment"),
  'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
);
const described = { apiVersion: "v1", kind: "Service", name: "s" };
check(
  "an object of the core group",
  metric({
    type: "Object",
    object: { describedObject: described, metric: { name: "m" }, target: { type: "Value", value: "1" } },
  }),
);
check(
  "an external metric by both",
  metric({
    type: "External",
    external: { metric: { name: "m" }, target: { type: "Value", value: "1", averageValue: "1" } },
  }),
  "spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target",
);
check(
  "an external metric by neither",
  metric({ type: "External", external: { metric: { name: "m" }, target: { type: "Value" } } }),
  "spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target",
);
check(
  "a container",
  metric({
    type: "ContainerResource",
    containerResource: { name: "cpu", target: { type: "Utilization", averageUtilization: 0 } },
  }),
  "spec.metrics[0].containerResource.container: Required value: must specify a container",
  "spec.metrics[0].containerResource.target.averageUtilization: Invalid value: 0: must be greater than 0",
);
check(
  "tolerance",
  scaler({ behavior: { scaleUp: { tolerance: "-1" } } }),
  'spec.behavior.scaleUp.tolerance: Invalid value: "-1": must be greater than or equal to 0',
);
check(
  "window",
  scaler({ behavior: { scaleDown: { stabilizationWindowSeconds: 3601 } } }),
  "spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600",
);
checkStatus(
  "counts",
  scaler({}),
  {},
  { currentReplicas: -1, desiredReplicas: 0 },
  "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0",
);

const prefix = "autoscaling.alpha.kubernetes.io/";
const resource = (name: string, target: object) => ({ type: "Resource", resource: { name, target } });
const cpu = resource("cpu", { type: "Utilization", averageUtilization: 80 });

/** What of a v2 autoscaler the annotations of v1 carry, and that nothing is lost on the way there and back. */
function checkCarried(name: string, spec: object, status: object, annotations: Record<string, string>): void {
  test(`horizontal pod autoscalers through v1: ${name}`, () => {
    const object = { apiVersion: "autoscaling/v2", metadata: { name: "h" }, spec, status };
    const old = fromV2(object);
    const wanted = Object.entries(annotations).map(([key, text]) => [prefix + key, text]);
    assert.deepEqual(old.metadata.annotations ?? {}, Object.fromEntries(wanted));
    const back = toV2(old);
    assert.deepEqual(back, {
      ...object,
      status: { currentReplicas: 0, desiredReplicas: 0, currentMetrics: null, ...status },
    });
  });
}

checkCarried("cpu needs none", { metrics: [cpu] }, {}, {});
checkCarried(
  "metrics in the old words, cpu last",
  {
    metrics: [
      resource("memory", { type: "AverageValue", averageValue: "1Gi" }),
      {
        type: "Pods",
        pods: {
          metric: { name: "m", selector: { matchLabels: { a: "<b>" } } },
          target: { type: "AverageValue", averageValue: "5" },
        },
      },
      {
        type: "Object",
        object: {
          describedObject: { kind: "Service", name: "s", apiVersion: "v1" },
          metric: { name: "m" },
          target: { type: "Value", value: "10" },
        },
      },
      { type: "External", external: { metric: { name: "q" }, target: { type: "AverageValue", averageValue: "3" } } },
      cpu,
    ],
  },
  {},
  {
    metrics:
      '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}},' +
      '{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"5","selector":{"matchLabels":{"a":"\\u003cb\\u003e"}}}},' +
      '{"type":"Object","object":{"target":{"kind":"Service","name":"s","apiVersion":"v1"},"metricName":"m","targetValue":"10"}},' +
      '{"type":"External","external":{"metricName":"q","targetAverageValue":"3"}}]',
  },
);
checkCarried(
  "behaviour with capitals",
  {
    metrics: [cpu],
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: "Max",
        policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
      },
    },
  },
  {},
  {
    behavior:
      '{"ScaleUp":{"StabilizationWindowSeconds":0,"SelectPolicy":"Max",' +
      '"Policies":[{"Type":"Pods","Value":4,"PeriodSeconds":15}],"Tolerance":null},"ScaleDown":null}',
  },
);
checkCarried(
  "what is now",
  { metrics: [cpu] },
  {
    currentMetrics: [
      { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 40, averageValue: "100m" } } },
    ],
    conditions: [
      { type: "AbleToScale", status: "True", lastTransitionTime: "2020-01-01T00:00:00Z", reason: "R", message: "m" },
    ],
  },
  {
    "current-metrics":
      '[{"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":40,"currentAverageValue":"100m"}}]',
    conditions:
      '[{"type":"AbleToScale","status":"True","lastTransitionTime":"2020-01-01T00:00:00Z","reason":"R","message":"m"}]',
  },
);
test("a v1 status for cpu alone is a metric", () => {
  const { status } = toV2({ status: { currentCPUUtilizationPercentage: 40 } });
  assert.deepEqual(status.currentMetrics, [
    { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 40 } } },
  ]);
});
checkMade(
  "annotations that only carry are not kept",
  { metadata: { annotations: { [`${prefix}metrics`]: "x" } }, ...scaler({}) },
  ({ metadata }) => metadata.annotations,
  undefined,
);
test("annotations that cannot be read are nothing", () => {
  const annotations = { [`${prefix}metrics`]: "[null]", [`${prefix}behavior`]: '{"ScaleUp":{"Policies":[null]}}' };
  assert.deepEqual(toV2({ metadata: { annotations }, spec: {} }).spec, {});
});
