// Cells with a rule of their own, kind by kind.

import { checksOf } from "../../../test/declarations.ts";
import { validatingAdmissionPolicyBindings } from "../admissionregistration/policies.ts";
import { horizontalPodAutoscalers } from "../autoscaling/horizontalpodautoscaler.ts";
import { endpoints } from "../core/endpoints.ts";
import { persistentVolumes } from "../core/persistentvolume.ts";
import { resourceQuotas } from "../core/resourcequota.ts";
import { services } from "../core/service.ts";
import { endpointSlices } from "../discovery/endpointslice.ts";
import { ingresses } from "../networking/ingress.ts";
import { roleBindings } from "../rbac/bindings.ts";
import { resourceClaims } from "../resource/devices.ts";

checksOf(services).checkRow(
  "a balancer's places come sorted and once, then the service's own",
  {
    spec: { type: "LoadBalancer", externalIPs: ["9.9.9.9", "1.1.1.1"] },
    status: {
      loadBalancer: { ingress: [{ ip: "2.2.2.2" }, { hostname: "a.b" }, { ip: "2.2.2.2" }, { ip: "10.0.0.1" }] },
    },
  },
  "LoadBalancer",
  "<none>",
  "10.0.0.1,2.2.2.2,a.b,9.9.9.9,1.1.1.1",
);

const rules = (...hosts: string[]) => ({ spec: { rules: hosts.map((host) => (host ? { host } : {})) } });
const ingress = checksOf(ingresses);
ingress.checkRow("all hosts", rules("a", "", "b", "c"), "<none>", "a,b,c");
ingress.checkRow("a rule without a host is one more", rules("a", "b", "c", ""), "<none>", "a,b,c + 1 more...");
ingress.checkRow("rules are counted, not hosts", rules("", "a", "b", "c", "d"), "<none>", "a,b,c + 2 more...");
ingress.checkRow("no host at all", rules("", ""), "<none>", "*");

const points = checksOf(endpoints);
points.checkRow("none", {}, "<none>");
points.checkRow(
  "none that are ready",
  { subsets: [{ notReadyAddresses: [{ ip: "1.1.1.1" }], ports: [{ port: 1 }] }] },
  "",
);

const slices = checksOf(endpointSlices);
slices.checkRow("ports", { addressType: "IPv4", ports: [{ name: "a" }, { port: 2 }] }, "IPv4", "a,2", "<unset>");
slices.checkRow("a port without number and name", { addressType: "IPv4", ports: [{}] }, "IPv4", "<unset>");

const ref = (paramRef: object) => ({ spec: { policyName: "p", paramRef } });
const binding = checksOf(validatingAdmissionPolicyBindings);
binding.checkRow("a parameter somewhere", ref({ name: "n" }), "p", "*/n");
binding.checkRow("a parameter in a namespace", ref({ name: "n", namespace: "ns" }), "p", "ns/n");
binding.checkRow(
  "parameters by selector",
  ref({
    selector: { matchLabels: { b: "2", a: "1" }, matchExpressions: [{ key: "k", operator: "In", values: ["x", "y"] }] },
  }),
  "p",
  "&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{" +
    "LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}",
);

checksOf(persistentVolumes).checkRow(
  "a claim without a namespace",
  { spec: { claimRef: { name: "c" } }, status: { phase: "Available" } },
  "0",
  "",
  "Retain",
  "Available",
  "/c",
);
checksOf(roleBindings).checkRow(
  "an account without a namespace",
  { roleRef: { kind: "Role", name: "r" }, subjects: [{ kind: "ServiceAccount", name: "a" }] },
  "Role/r",
  "<unknown>",
  "",
  "",
  "/a",
);
checksOf(resourceQuotas).checkRow(
  "limits are what begins with limits and a dot",
  { status: { hard: { "limits.cpu": "2", "limitsx.io/y": "1" }, used: {} } },
  "limitsx.io/y: 0/1",
  "limits.cpu: 0/2",
);
checksOf(resourceClaims).checkRow(
  "nothing is reserved before it is allocated",
  { status: { reservedFor: [{ name: "p" }] } },
  "pending",
);

const scaler = checksOf(horizontalPodAutoscalers);
const metrics = (target: object, current?: object) => ({
  spec: { metrics: [{ type: "Pods", pods: { metric: { name: "m" }, target } }] },
  status: current && { currentMetrics: [{ type: "Pods", pods: { current } }] },
});
const average = { averageValue: "5" };
scaler.checkRow("a metric not yet known", metrics(average), "/", "<unknown>/5");
scaler.checkRow("a metric without a value", metrics(average, {}), "/", "<nil>/5");
scaler.checkRow("a metric's value", metrics(average, { averageValue: "3" }), "/", "3/5");
