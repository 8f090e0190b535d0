// One table a kind of the core group; pods have files of their own.

import { checksOf } from "../../../test/declarations.ts";
import { configMaps } from "./configmap.ts";
import { endpoints } from "./endpoints.ts";
import { limitRanges } from "./limitrange.ts";
import { namespaces } from "./namespace.ts";
import { nodes } from "./node.ts";
import { persistentVolumes } from "./persistentvolume.ts";
import { persistentVolumeClaims } from "./persistentvolumeclaim.ts";
import { resourceQuotas } from "./resourcequota.ts";
import { secrets } from "./secret.ts";
import { services } from "./service.ts";
import { serviceAccounts } from "./serviceaccount.ts";

const maps = checksOf(configMaps);
maps.check("accepts data", { data: { "a.b": "1" }, binaryData: { c: "MQ==" } });
maps.check(
  "has a key once",
  { data: { a: "1" }, binaryData: { a: "MQ==" } },
  'data[a]: Invalid value: "a": duplicate of key present in binaryData',
);
maps.check(
  "is small",
  { data: { a: "x".repeat(1024 * 1024 + 1) } },
  "[]: Too long: may not be more than 1048576 bytes",
);
maps.checkUpdate(
  "may be fixed",
  { immutable: true, data: { a: "1" } },
  { immutable: true, data: { a: "2" } },
  "data: Forbidden: field is immutable when `immutable` is set",
);
maps.checkUpdate(
  "is fixed before it is wrong",
  { immutable: true, data: { a: "1" } },
  { immutable: true, data: { "/": "1" } },
  "data: Forbidden: field is immutable when `immutable` is set",
  "data[/]: Invalid value: \"/\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
);

const secret = checksOf(secrets);
secret.checkMade(
  "takes texts",
  { data: { a: "MQ==" }, stringData: { a: "new" } },
  ({ data, stringData, type }) => [data, stringData, type],
  [{ a: "bmV3" }, undefined, "Opaque"],
);
secret.check(
  "of a type has its keys",
  { type: "kubernetes.io/tls", data: { "tls.crt": "" } },
  "data[tls.key]: Required value",
);
secret.checkUpdate("keeps its type", { type: "a" }, { type: "b" }, 'type: Invalid value: "b": field is immutable');
secret.checkUpdate(
  "keeps its type, and has the other type's keys",
  {},
  { type: "kubernetes.io/ssh-auth" },
  'type: Invalid value: "kubernetes.io/ssh-auth": field is immutable',
  "data[ssh-privatekey]: Required value",
);

const space = checksOf(namespaces);
space.checkMade(
  "is named, active and finalized by the system",
  {},
  ({ metadata, spec, status }) => [metadata.labels, spec, status],
  [{ "kubernetes.io/metadata.name": "x" }, { finalizers: ["kubernetes"] }, { phase: "Active" }],
);

space.checkMade(
  "cannot be labelled with another name",
  { metadata: { name: "x", labels: { "kubernetes.io/metadata.name": "y" } } },
  ({ metadata }) => metadata.labels,
  { "kubernetes.io/metadata.name": "x" },
);
space.checkStatusMade("is active", {}, { phase: "Active" }, {}, { phase: "Active" });
const account = checksOf(serviceAccounts);
account.checkMade(
  "refers to secrets by name",
  { secrets: [{ kind: "Secret", name: "a", namespace: "b" }] },
  ({ secrets }) => secrets,
  [{ name: "a" }],
);

const node = checksOf(nodes);
node.checkMade("has one range twice", { spec: { podCIDR: "10.0.0.0/24" } }, ({ spec }) => spec.podCIDRs, [
  "10.0.0.0/24",
]);
node.checkMade(
  "counts the single range",
  { spec: { podCIDR: "10.0.0.0/24", podCIDRs: ["10.1.0.0/24"] } },
  ({ spec }) => spec.podCIDRs,
  ["10.0.0.0/24"],
);
node.checkMade(
  "is not configured here",
  { spec: { configSource: {} }, status: { config: {} } },
  ({ spec, status }) => [spec, status],
  [{}, {}],
);
node.checkUpdate(
  "keeps its range",
  { spec: { podCIDR: "10.0.0.0/24" } },
  { spec: { podCIDR: "10.0.1.0/24" } },
  'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
);
node.checkRow(
  "shows its roles",
  {
    metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } },
    spec: { unschedulable: true },
    status: { conditions: [{ type: "Ready", status: "False" }] },
  },
  "NotReady,SchedulingDisabled",
  "control-plane",
);

const service = checksOf(services);
const port = { ports: [{ port: 80 }] };
service.checkMade("goes to the same port", { spec: port }, ({ spec }) => spec.ports[0], {
  port: 80,
  protocol: "TCP",
  targetPort: 80,
});
service.checkMade(
  "remembers clients for three hours",
  { spec: { ...port, sessionAffinity: "ClientIP" } },
  ({ spec }) => spec.sessionAffinityConfig,
  {
    clientIP: { timeoutSeconds: 10800 },
  },
);
service.check("wants ports", { spec: {} }, "spec.ports: Required value");
service.check("without an address needs none", { spec: { clusterIP: "None" } });
service.check(
  "names several ports",
  { spec: { ports: [{ port: 1 }, { port: 2, name: "b" }] } },
  "spec.ports[0].name: Required value",
);
service.check(
  "has a port once",
  {
    spec: {
      ports: [
        { port: 1, name: "a" },
        { port: 1, name: "b" },
      ],
    },
  },
  'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}',
);
service.check("elsewhere has a name", { spec: { type: "ExternalName" } }, "spec.externalName: Required value");
service.check(
  "of the cluster has no node ports",
  { spec: { ports: [{ port: 80, nodePort: 30000 }] } },
  "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
);
service.checkUpdate("keeps its address", { spec: { ...port, clusterIP: "10.0.0.1" } }, { spec: port });
service.checkUpdate(
  "gets no other address",
  { spec: { ...port, clusterIP: "10.0.0.1" } },
  { spec: { ...port, clusterIP: "10.0.0.2" } },
  'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
);
service.checkRow(
  "waits for its balancer",
  { spec: { ...port, type: "LoadBalancer" } },
  "LoadBalancer",
  "<none>",
  "<pending>",
  "80/TCP",
);
service.checkRow(
  "shows its balancer's address",
  {
    spec: { ports: [{ port: 80, nodePort: 30001 }], type: "LoadBalancer" },
    status: { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } },
  },
  "LoadBalancer",
  "<none>",
  "1.2.3.4",
  "80:30001/TCP",
);

const points = checksOf(endpoints);
const subset = (ip: string) => ({ subsets: [{ addresses: [{ ip }], ports: [{ port: 1 }] }] });
points.check("are addresses", subset("10.0.0.1"));
points.check(
  "are not this machine",
  subset("127.0.0.1"),
  'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
);
points.checkRow(
  "shows three",
  { subsets: [{ addresses: ["1", "2", "3", "4"].map((ip) => ({ ip })), ports: [{ port: 1 }] }] },
  "1:1,2:1,3:1 + 1 more...",
);

const claim = checksOf(persistentVolumeClaims);
const claimSpec = (storage = "1Gi", more: object = {}) => ({
  accessModes: ["ReadWriteOnce"],
  resources: { requests: { storage } },
  ...more,
});
claim.check("asks for space", { spec: { accessModes: ["ReadWriteOnce"] } }, "spec.resources[storage]: Required value");
claim.checkUpdate(
  "grows only when bound",
  { spec: claimSpec() },
  { spec: claimSpec("2Gi") },
  `spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims
@@ -6,7 +6,7 @@
  "Resources": {
   "Limits": null,
   "Requests": {
-   "storage": "1Gi"
+   "storage": "2Gi"
   }
  },
  "VolumeName": "",
`,
);
claim.checkUpdate(
  "may get a class and a volume",
  { spec: claimSpec() },
  { spec: claimSpec("1Gi", { storageClassName: "fast", volumeName: "v" }) },
);

claim.checkChanged(
  "keeps both names of its source",
  { spec: claimSpec() },
  { spec: claimSpec("1Gi", { dataSource: { kind: "PersistentVolumeClaim", name: "c" } }) },
  ({ spec }) => spec.dataSourceRef,
  { kind: "PersistentVolumeClaim", name: "c" },
);

const volume = checksOf(persistentVolumes);
const since = { lastPhaseTransitionTime: "2020-01-01T00:00:00Z" };
const soon = { lastPhaseTransitionTime: "2026-01-01T00:00:00Z" };
const bound = { phase: "Bound" };
volume.checkStatusMade("is in a phase since", {}, { ...bound, ...since }, bound, { ...bound, ...since });
volume.checkStatusMade("is pending", {}, { ...since, phase: "Pending" }, {}, { ...since, phase: "Pending" });
volume.checkStatusMade("is in a new phase now", {}, since, { ...bound, ...since }, { ...bound, ...soon });
volume.checkStatusMade(
  "believes its writer",
  {},
  { phase: "Available", ...soon },
  { ...bound, ...since },
  { ...bound, ...since },
);
volume.check(
  "has a source",
  { spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } } },
  "spec: Required value: must specify a volume type",
);
volume.checkRow(
  "shows its claim",
  {
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteMany", "ReadWriteOnce"],
      claimRef: { namespace: "n", name: "c" },
    },
    status: { phase: "Bound" },
  },
  "1Gi",
  "RWO,RWX",
  "Retain",
  "Bound",
  "n/c",
);

const limits = checksOf(limitRanges);
limits.checkMade(
  "the most is the default",
  { spec: { limits: [{ type: "Container", max: { cpu: "2" } }] } },
  ({ spec }) => [spec.limits[0].default, spec.limits[0].defaultRequest],
  [{ cpu: "2" }, { cpu: "2" }],
);
limits.check("nothing of nothing", {
  spec: { limits: [{ type: "Pod", max: { cpu: "0" }, min: { cpu: "0" }, maxLimitRequestRatio: { cpu: "2" } }] },
});
limits.check(
  "the default is not above the most",
  { spec: { limits: [{ type: "Container", max: { cpu: "1" }, default: { cpu: "2" }, defaultRequest: { cpu: "1" } }] } },
  'spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1',
);

const quota = checksOf(resourceQuotas);
quota.check("counts what there is", {
  spec: { hard: { "count/deployments.apps": "1", "requests.example.com/gpu": "2", pods: "3" } },
});
quota.check(
  "of best effort counts pods",
  { spec: { hard: { cpu: "1" }, scopes: ["BestEffort"] } },
  'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
);
quota.checkRow(
  "shows what is used",
  { status: { hard: { pods: "4", "limits.cpu": "2", services: "1" }, used: { pods: "1" } } },
  "pods: 1/4, services: 0/1",
  "limits.cpu: 0/2",
);
