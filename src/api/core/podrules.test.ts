// Rules of pods, a row each: an object with one thing wrong, and what is said of it.

import { checksOf } from "../../../test/declarations.ts";
import { pods } from "./pod.ts";

const pod = checksOf(pods);
const main = { name: "c", image: "i", terminationMessagePolicy: "File", imagePullPolicy: "Always" };
const withMain = (container: object, rest: object = {}) => ({
  spec: { containers: [{ ...main, ...container }], ...rest },
});
const withVolume = (source: object) => withMain({}, { volumes: [{ name: "v", ...source }] });
const whole = (resources: object, container: object = {}) => withMain({ resources: container }, { resources });

pod.check(
  "asks for whole pages",
  withMain({ resources: { limits: { cpu: "1", "hugepages-2Mi": "3Mi" } } }),
  'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
  'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
);
pod.check(
  "takes claims that it has",
  withMain({ resources: { claims: [{ name: "x" }] } }),
  'spec.containers[0].resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty',
);
pod.check(
  "takes a claim whole or in parts",
  withMain(
    { resources: { claims: [{ name: "a" }, { name: "a", request: "r" }] } },
    { resourceClaims: [{ name: "a", resourceClaimName: "n" }] },
  ),
  'spec.containers[0].resources.claims[1]: Duplicate value: "a"',
);
pod.check(
  "as a whole asks for some resources only",
  whole({ limits: { "example.com/gpu": "1" } }),
  'spec.resources.limits[example.com/gpu]: Unsupported value: "example.com/gpu": supported values: "cpu", "hugepages-", "memory"',
);
pod.check(
  "as a whole asks for no less than its containers",
  whole({ requests: { cpu: "1" } }, { requests: { cpu: "2" } }),
  'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
);
pod.check(
  "limits its containers",
  whole({ limits: { cpu: "1" }, requests: { cpu: "1" } }, { limits: { cpu: "2" }, requests: { cpu: "1" } }),
  'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
);
pod.checkMade(
  "as a whole asks for what its containers ask for",
  whole({ limits: { cpu: "2", memory: "1Gi" } }, { requests: { cpu: "1" } }),
  ({ spec }) => spec.resources.requests,
  { cpu: "1", memory: "1Gi" },
);

pod.check(
  "needs labels' values of a node",
  withMain(
    {},
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "In", values: ["-"] }] }],
          },
        },
      },
    },
  ),
  "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
);

const nearTo = (term: object) =>
  withMain(
    {},
    {
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone", ...term }] },
      },
    },
  );
const nearPath = "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]";
pod.check(
  "matches labels of others that it selects",
  nearTo({ matchLabelKeys: ["a", "b"] }),
  `${nearPath}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
);
pod.check(
  "cannot match and not match a label",
  nearTo({ labelSelector: {}, matchLabelKeys: ["b", "a"], mismatchLabelKeys: ["a"] }),
  `${nearPath}.matchLabelKeys[1]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys`,
);
pod.check(
  "selects by a label once",
  {
    ...nearTo({ labelSelector: { matchLabels: { a: "1" } }, matchLabelKeys: ["a"] }),
    metadata: { labels: { a: "1" } },
  },
  `${nearPath}[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector`,
);

const spread = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" };
pod.check(
  "spreads over a key once",
  withMain({}, { topologySpreadConstraints: [spread, { ...spread, maxSkew: 2 }] }),
  'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
);

pod.check(
  "that mirrors has a node",
  { ...withMain({}), metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } },
  'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
);
for (const cost of ["+1", "01", "3000000000", "x"]) {
  pod.check(
    `costs a number to delete, not ${cost}`,
    { ...withMain({}), metadata: { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } } },
    `metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "${cost}": must be a 32bit integer`,
  );
}
const tolerant = (text: string) => ({
  ...withMain({}),
  metadata: { annotations: { "scheduler.alpha.kubernetes.io/tolerations": text } },
});
pod.check(
  "tolerates by the same rules as ever",
  tolerant('[{"key":"a","operator":"x"}]'),
  'metadata.annotations.scheduler.alpha.kubernetes.io/tolerations[0].operator: Unsupported value: "x": supported values: "Equal", "Exists"',
);
pod.check(
  "tolerates what can be read",
  tolerant("x"),
  `metadata.annotations: Invalid value: "scheduler.alpha.kubernetes.io/tolerations": invalid character 'x' looking for beginning of value`,
);
pod.check(
  "has AppArmor profiles for its containers",
  {
    ...withMain({}),
    metadata: {
      annotations: {
        "container.apparmor.security.beta.kubernetes.io/c": "bad",
        "container.apparmor.security.beta.kubernetes.io/d": "unconfined",
      },
    },
  },
  'metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: Invalid value: "bad": invalid AppArmor profile name: "bad"',
  'metadata.annotations[container.apparmor.security.beta.kubernetes.io/d]: Invalid value: "d": container not found',
);
pod.checkUpdate(
  "does not become a mirror",
  withMain({}, { nodeName: "n" }),
  { ...withMain({}, { nodeName: "n" }), metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } },
  "metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation",
);
pod.checkUpdate(
  "keeps its tolerations",
  withMain(
    {},
    {
      tolerations: [
        { key: "a", operator: "Exists" },
        { key: "b", operator: "Exists" },
      ],
    },
  ),
  withMain({}),
  "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
);

pod.check(
  "mounts an absolute share",
  withVolume({ nfs: { server: "s", path: "x" } }),
  'spec.volumes[0].nfs.path: Invalid value: "x": must be an absolute path',
);
pod.check(
  "knows a disk's name",
  withVolume({ iscsi: { targetPortal: "p", iqn: "x", lun: 1 } }),
  'spec.volumes[0].iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
);
pod.check(
  "has one source a volume",
  withVolume({ emptyDir: {}, configMap: { name: "m" } }),
  "spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type",
);
pod.check(
  "names what is in a ConfigMap's file",
  withVolume({ configMap: { name: "m", items: [{ key: "", path: "a" }] } }),
  "spec.volumes[0].configMap.items[0].key: Required value",
);
pod.check(
  "has no Windows options on Linux",
  withMain({}, { os: { name: "linux" }, securityContext: { windowsOptions: { runAsUserName: "a" } } }),
  "spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
);
pod.check(
  "has no Linux options on Windows",
  withMain({}, { os: { name: "windows" }, hostPID: true }),
  "spec.hostPID: Forbidden: cannot be set for a windows pod",
);
pod.check(
  "runs on a known system",
  withMain({}, { os: { name: "plan9" } }),
  'spec.os: Unsupported value: "plan9": supported values: "linux", "windows"',
);

pod.checkWarnings("warns of nothing", withMain({}));
pod.checkWarnings(
  "warns of ports twice",
  withMain({ ports: [{ containerPort: 80 }, { containerPort: 80 }] }),
  "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
);
pod.checkWarnings(
  "warns of a variable twice",
  withMain({
    env: [
      { name: "A", value: "1" },
      { name: "A", value: "2" },
    ],
  }),
  'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
);
pod.checkWarnings(
  "warns of old volumes",
  withVolume({ gitRepo: { repository: "r" } }),
  "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
);
pod.checkWarnings(
  "warns of old labels of nodes",
  withMain({}, { nodeSelector: { "beta.kubernetes.io/os": "linux" } }),
  'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
);

const ran = { name: "c", state: { terminated: { exitCode: 0 } } };
const runs = { name: "c", state: { running: {} } };
pod.checkStatus(
  "that has ended stays so",
  withMain({}, { restartPolicy: "Never" }),
  { containerStatuses: [ran] },
  { containerStatuses: [runs] },
  "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state",
);
pod.checkStatus(
  "that is started again runs",
  withMain({}),
  { containerStatuses: [ran] },
  { containerStatuses: [runs] },
);
pod.checkStatus(
  "has one address a family",
  withMain({}),
  {},
  { podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }] },
  'status.podIPs: Invalid value: [{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}]: may specify no more than one IP for each IP family',
);
pod.checkStatus(
  "has its host's address first",
  withMain({}),
  {},
  { hostIP: "10.0.0.1", hostIPs: [{ ip: "10.0.0.2" }] },
  'status.hostIPs[0].ip: Invalid value: "10.0.0.2": must be equal to `hostIP`',
);
pod.checkStatus(
  "has conditions with names",
  withMain({}),
  {},
  { conditions: [{ type: "Ready", observedGeneration: -1 }] },
  "status.conditions[0].observedGeneration: Invalid value: -1: must be a non-negative integer",
);
pod.checkStatus(
  "has statuses of its claims",
  withMain({}),
  {},
  { resourceClaimStatuses: [{ name: "a" }] },
  'status.resourceClaimStatuses[0].name: Invalid value: "a": must match the name of an entry in `spec.resourceClaims`',
);

const appArmor = (profile: string, rest: object = {}, container: object = {}) => ({
  metadata: { annotations: { "container.apparmor.security.beta.kubernetes.io/c": profile } },
  ...withMain(container, rest),
});
const profileOf = ({ spec }: any) => spec.containers[0].securityContext?.appArmorProfile;
const unconfined = { securityContext: { appArmorProfile: { type: "Unconfined" } } };
pod.checkMade("takes its profile from the annotation", appArmor("localhost/p"), profileOf, {
  type: "Localhost",
  localhostProfile: "p",
});
pod.checkMade("has it from the pod already", appArmor("unconfined", unconfined), profileOf, undefined);
pod.checkMade("has one of its own", appArmor("unconfined", {}, unconfined), profileOf, { type: "Unconfined" });
pod.checkMade("makes nothing of an odd one", appArmor("localhost/ p"), profileOf, undefined);

const condition = { type: "Ready", status: "True", lastProbeTime: null, lastTransitionTime: null };
pod.checkStatusMade(
  "what a status leaves out stays",
  {},
  { qosClass: "BestEffort", observedGeneration: 2, conditions: [{ ...condition, observedGeneration: 1 }] },
  { conditions: [condition, { ...condition }] },
  {
    qosClass: "BestEffort",
    observedGeneration: 2,
    conditions: [{ ...condition, observedGeneration: 1 }, condition],
  },
);
pod.checkStatusMade(
  "the single address counts",
  {},
  {},
  { podIP: "1.1.1.1", podIPs: [{ ip: "2.2.2.2" }] },
  { podIP: "1.1.1.1", podIPs: [{ ip: "1.1.1.1" }] },
);
pod.checkStatusMade(
  "the first address is the single one",
  {},
  {},
  { podIPs: [{ ip: "1.1.1.1" }, { ip: "::1" }] },
  { podIP: "1.1.1.1", podIPs: [{ ip: "1.1.1.1" }, { ip: "::1" }] },
);

pod.checkMade(
  "needs the keys of its files",
  withMain(
    { env: [{ name: "A", valueFrom: { fileKeyRef: { volumeName: "v", path: "p", key: "k" } } }] },
    { volumes: [{ name: "v", emptyDir: {} }] },
  ),
  ({ spec }) => spec.containers[0].env[0].valueFrom.fileKeyRef.optional,
  false,
);

const pages = { limits: { "hugepages-2Mi": "2Mi" } };
const both = { limits: { ...pages.limits, memory: "1Gi" } };
const resourcesOf = ({ spec }: any) => spec.resources;
const small = { limits: { memory: "1Gi" }, requests: { memory: "1Gi" } };
pod.checkMade("that says nothing as a whole gets no pages", whole({}, both), resourcesOf, {});
pod.checkMade("gets its containers' pages", whole(small, both), resourcesOf, {
  limits: { memory: "1Gi", ...pages.limits },
  requests: { memory: "1Gi", ...pages.limits },
});

pod.checkMade(
  "shows what is nothing where it must be something",
  withMain(
    {
      lifecycle: { preStop: { sleep: {} } },
      livenessProbe: { httpGet: { port: 1, httpHeaders: [{ name: "X" }] } },
    },
    { securityContext: { sysctls: [{ name: "a.b" }] } },
  ),
  ({ spec: { containers, securityContext } }) => [
    containers[0].lifecycle.preStop.sleep,
    containers[0].livenessProbe.httpGet.httpHeaders,
    securityContext.sysctls,
  ],
  [{ seconds: 0 }, [{ name: "X", value: "" }], [{ name: "a.b", value: "" }]],
);
