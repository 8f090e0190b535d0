// Rules of pods' specs and of what may become of pods, a row each.

import { checksOf } from "../../../../test/declarations.ts";
import { pods } from "../pod.ts";

const pod = checksOf(pods);
const main = { name: "c", image: "i" };
const spec = (rest: object = {}, container: object = {}) => ({
  spec: { containers: [{ ...main, ...container }], ...rest },
});

const fromFile = (ref: object, volumes: object[] = []) =>
  spec({ volumes }, { env: [{ name: "A", valueFrom: { fileKeyRef: ref } }] });
const filePath = "spec.containers[0].env[0].valueFrom.fileKeyRef";
pod.check(
  "reads a variable from a file by its place",
  fromFile({ path: "../a" }),
  `${filePath}.key: Required value`,
  `${filePath}.volumeName: Required value`,
  `${filePath}.path: Invalid value: "../a": must not contain '..'`,
  `${filePath}.volumeName: Not found: ""`,
);
pod.check(
  "reads variables from its own files only",
  fromFile({ key: "A", path: "/a", volumeName: "v" }, [{ name: "v", configMap: { name: "m" } }]),
  `${filePath}.volumeName: Invalid value: "v": referenced volume must be of type emptyDir`,
);
pod.check(
  "shares nothing of its host if not its users",
  spec(
    {
      hostUsers: false,
      hostPID: true,
      hostIPC: true,
      volumes: [{ name: "v", persistentVolumeClaim: { claimName: "c" } }],
    },
    { volumeDevices: [{ name: "v", devicePath: "/d" }] },
  ),
  "spec.HostPID: Forbidden: when `hostUsers` is false",
  "spec.HostIPC: Forbidden: when `hostUsers` is false",
  "spec.containers[0].volumeDevices: Forbidden: when `hostUsers` is false",
);
pod.check(
  "has one name of its host",
  spec({ hostnameOverride: "a".repeat(65), setHostnameAsFQDN: true, hostNetwork: true }),
  "spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true",
  "spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true",
  "spec.hostnameOverride: Too long: may not be more than 64 bytes",
);
pod.check("runs on some system", spec({ os: { name: "" } }), "spec.os.name: Required value");
pod.check(
  "as a whole asks for nothing on Windows",
  spec({ os: { name: "windows" }, resources: { requests: { x: "1" } } }),
  "spec.resources: Forbidden: may not be set for a windows pod",
);
pod.check(
  "as a whole takes no claims",
  spec({ resources: { claims: [{ name: "a" }] }, resourceClaims: [{ name: "a", resourceClaimName: "n" }] }),
  "spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level",
);

const search = (...searches: string[]) => spec({ dnsConfig: { searches } });
pod.check("searches as resolvers do", search(".", "a.b.", "_tcp.a_b"));
for (const name of ["a_", "__a"]) {
  pod.check(
    `does not search ${name}`,
    search(`${name}.`),
    `spec.dnsConfig.searches[0]: Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  );
}
pod.check(
  "asks a server that can be read in one way",
  spec({ dnsConfig: { nameservers: ["010.0.0.1"] }, hostAliases: [{ ip: "::ffff:1.2.3.4" }] }),
  'spec.dnsConfig.nameservers[0]: Invalid value: "010.0.0.1": must not have leading 0s',
  'spec.hostAliases[0].ip: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address',
);

const rules = (count: number) =>
  Array.from({ length: count }, () => ({ action: "Restart", exitCodes: { operator: "In" } }));
pod.check(
  "has few rules",
  spec({}, { restartPolicy: "Never", restartPolicyRules: rules(21) }),
  "spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items",
);
pod.check(
  "has rules for a policy",
  spec({ initContainers: [{ ...main, name: "i", restartPolicyRules: [{ action: "x" }] }] }),
  "spec.initContainers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used",
);
pod.check(
  "starts nothing again that has ended for good",
  spec({
    initContainers: [
      { ...main, name: "i", resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] },
    ],
  }),
  "spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: \"RestartContainer\": must not be set to 'RestartContainer' for non-sidecar initContainers",
);
pod.check(
  "never starts a container to resize it if it never starts one",
  spec({ restartPolicy: "Never" }, { resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] }),
  "spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when pod `restartPolicy` is 'Never'",
);
pod.check(
  "writes down what it is in files",
  spec({ volumes: [{ name: "v", downwardAPI: { items: [{ path: "a", fieldRef: { fieldPath: "spec.nodeName" } }] } }] }),
  'spec.volumes[0].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
);
pod.check(
  "has tokens of its account",
  spec({ volumes: [{ name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] }),
  "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set",
);
pod.check(
  "of a node's own takes no claims",
  {
    metadata: { annotations: { "kubernetes.io/config.mirror": "x" } },
    ...spec({ nodeName: "n", resourceClaims: [{ name: "a" }] }),
  },
  "[]: Forbidden: static pods do not support resource claims",
);
const spread = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" };
pod.check(
  "spreads by a label that it does not select by",
  {
    metadata: { labels: { a: "1" } },
    ...spec({
      topologySpreadConstraints: [{ ...spread, labelSelector: { matchLabels: { a: "1" } }, matchLabelKeys: ["a"] }],
    }),
  },
  'spec.topologySpreadConstraints[0][0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector',
);

const annotated = (annotations: object, rest: object, container: object = {}) => ({
  metadata: { annotations },
  ...spec(rest, container),
});
const confined = (type: string, localhostProfile?: string) => ({
  type,
  ...(localhostProfile ? { localhostProfile } : {}),
});
pod.check(
  "names its profiles twice alike",
  annotated(
    {
      "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
      "container.seccomp.security.alpha.kubernetes.io/c": "localhost/a",
      "container.apparmor.security.beta.kubernetes.io/c": "runtime/default",
    },
    { securityContext: { seccompProfile: confined("RuntimeDefault") } },
    { securityContext: { seccompProfile: confined("Localhost", "b"), appArmorProfile: confined("Unconfined") } },
  ),
  "spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
  "spec.containers[0].securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match",
  "spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match",
);
pod.check(
  "has profiles in a known place",
  annotated({ "seccomp.security.alpha.kubernetes.io/pod": "localhost//../a" }, {}),
  'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "/../a": must be a relative path',
  "metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: \"/../a\": must not contain '..'",
);

pod.checkUpdate(
  "keeps images without blanks",
  spec(),
  spec({}, { image: " i" }),
  'spec.containers[0].image: Invalid value: " i": must not have leading or trailing whitespace',
);
const gated = (...terms: object[]) =>
  spec({
    schedulingGates: [{ name: "g" }],
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    },
  });
const requires = (...keys: string[]) => ({ matchExpressions: keys.map((key) => ({ key, operator: "Exists" })) });
const termsPath = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
pod.checkUpdate("may ask for more while it is gated", gated(requires("a")), gated(requires("a", "b")));
pod.checkUpdate(
  "asks in one order while it is gated",
  gated(requires("a")),
  gated(requires("b", "a")),
  `${termsPath}[0]: Invalid value: {"MatchExpressions":[{"Key":"b","Operator":"Exists","Values":null},{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null}: only additions are allowed (no mutations or deletions)`,
);
pod.checkUpdate(
  "has no other choice while it is gated",
  gated(requires("a")),
  gated(requires("a"), requires("b")),
  `${termsPath}: Invalid value: [{"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null},{"MatchExpressions":[{"Key":"b","Operator":"Exists","Values":null}],"MatchFields":null}]: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
);

const ended = (exitCode: number, name = "c") => ({
  containerStatuses: [{ name, state: { terminated: { exitCode } } }],
});
const running = (name = "c") => ({ containerStatuses: [{ name, state: { running: {} } }] });
const restarts = "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state";
pod.checkStatus("that it does not have cannot run again", spec(), ended(1, "x"), running("x"), restarts);
pod.checkStatus(
  "may run again by a rule",
  spec(
    {},
    {
      restartPolicy: "Never",
      restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
    },
  ),
  ended(42),
  running(),
);
pod.checkStatus(
  "does not run again by another rule",
  spec(
    {},
    {
      restartPolicy: "Never",
      restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }],
    },
  ),
  ended(1),
  running(),
  restarts,
);
pod.checkStatus(
  "is nominated for nowhere once it is somewhere",
  spec({ nodeName: "n" }),
  {},
  { nominatedNodeName: "m" },
  "status.nominatedNodeName: Forbidden: may not be set on pods that are already bound to a node",
);
pod.checkStatus(
  "keeps its class",
  spec(),
  { qosClass: "Burstable" },
  {},
  'status.qosClass: Invalid value: "": field is immutable',
);
pod.checkStatus(
  "runs as somebody",
  spec(),
  {},
  { initContainerStatuses: [{ name: "i", user: { linux: { uid: -1, gid: 0, supplementalGroups: [-2] } } }] },
  "status.initContainerStatuses[0].user.linux.uid: Invalid value: -1: must be between 0 and 2147483647, inclusive",
  "status.initContainerStatuses[0].user.linux.supplementalGroups[0]: Invalid value: -2: must be between 0 and 2147483647, inclusive",
);
const mapping = { containerName: "c", resourceName: "a.b/gpu", requestName: "r" };
pod.checkStatus(
  "has devices that it asks for",
  spec(),
  {},
  { extendedResourceClaimStatus: { requestMappings: [mapping, mapping] } },
  'status.extendedResourceClaimStatus.requestMappings[0].resourceName: Invalid value: "a.b/gpu": must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests',
  'status.extendedResourceClaimStatus.requestMappings[1].resourceName: Invalid value: "a.b/gpu": must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests',
  'status.extendedResourceClaimStatus.requestMappings[1].containerName: Duplicate value: "c"',
  'status.extendedResourceClaimStatus.requestMappings[1].resourceName: Duplicate value: "a.b/gpu"',
  'status.extendedResourceClaimStatus.requestMappings[1].requestName: Duplicate value: "r"',
  "status.extendedResourceClaimStatus.resourceClaimName: Required value",
);
