import { checksOf } from "../../../test/declarations.ts";
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
