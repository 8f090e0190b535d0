// One table a kind of storage.k8s.io.

import { checksOf } from "../../../test/declarations.ts";
import { storageClasses, volumeAttributesClasses } from "./classes.ts";
import { csiDrivers, csiNodes, csiStorageCapacities, volumeAttachments } from "./csi.ts";

const topologies = (...terms: object[]) => ({ provisioner: "p", allowedTopologies: terms });
const zones = (...values: string[]) => ({ matchLabelExpressions: [{ key: "zone", values }] });
const classes = checksOf(storageClasses);
classes.check("provisioner", {}, "provisioner: Required value");
classes.check(
  "a provisioner is read in small letters",
  { provisioner: "P/", reclaimPolicy: "" },
  'provisioner: Invalid value: "p/": name part must be non-empty',
  `provisioner: Invalid value: "p/": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
);
classes.check("topologies", topologies(zones("a"), zones("b")));
classes.check(
  "a topology that says nothing",
  topologies({}),
  'allowedTopologies[0].matchLabelExpressions: Duplicate value: ""',
);
classes.check(
  "the same topology",
  topologies(zones("a", "b"), zones("b", "a")),
  'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
);
classes.check(
  "values and keys twice",
  topologies({
    matchLabelExpressions: [...zones("a", "a").matchLabelExpressions, ...zones("b").matchLabelExpressions],
  }),
  'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
  'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
);
classes.check(
  "binding mode",
  { provisioner: "p", volumeBindingMode: "x" },
  'volumeBindingMode: Unsupported value: "x": supported values: "Immediate", "WaitForFirstConsumer"',
);
const many = Object.fromEntries(Array.from({ length: 513 }, (_, index) => [`k${index}`, ""]));
classes.check(
  "too many parameters",
  { provisioner: "p", parameters: { ...many, "": "" } },
  "parameters: Too long: may not be more than 512 bytes",
);
classes.checkWarnings(
  "an old label",
  topologies({ matchLabelExpressions: [{ key: "failure-domain.beta.kubernetes.io/zone", values: ["a"] }] }),
  'allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
);

checksOf(volumeAttributesClasses).check(
  "parameters",
  { driverName: "d" },
  "parameters: Required value: must contain at least one key/value pair",
);

const drivers = checksOf(csiDrivers);
drivers.checkMade(
  "defaults",
  {},
  ({ spec }) => [spec.attachRequired, spec.podInfoOnMount, spec.fsGroupPolicy, spec.volumeLifecycleModes],
  [true, false, "ReadWriteOnceWithFSType", ["Persistent"]],
);
drivers.check(
  "mode",
  { spec: { volumeLifecycleModes: ["x"] } },
  'spec.volumeLifecycleModes: Unsupported value: "x": supported values: "Persistent", "Ephemeral"',
);
drivers.check(
  "expiry",
  { spec: { tokenRequests: [{ audience: "a", expirationSeconds: 4294967297 }] } },
  "spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds",
);
drivers.check(
  "period",
  { spec: { nodeAllocatableUpdatePeriodSeconds: 9 } },
  "spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds",
);
drivers.check(
  "secrets of no token",
  { spec: { serviceAccountTokenInSecrets: true } },
  "spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified",
);
drivers.checkUpdate(
  "modes stay",
  {},
  { spec: { volumeLifecycleModes: ["Ephemeral"] } },
  'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
);

const node = (driver: object) => ({ spec: { drivers: [{ name: "d.example.com", nodeID: "n", ...driver }] } });
const nodes = checksOf(csiNodes);
nodes.check(
  "long id",
  node({ nodeID: "n".repeat(257) }),
  `spec.drivers[0].nodeID: Invalid value: "${"n".repeat(257)}": must be 256 characters or less`,
);
nodes.check(
  "room",
  node({ allocatable: { count: -1 } }),
  "spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0",
);
nodes.check("topology twice", node({ topologyKeys: ["a", "a"] }), 'spec.drivers[0]: Duplicate value: "a"');
nodes.checkUpdate("room may change", node({ allocatable: { count: 1 } }), node({ allocatable: { count: 2 } }));
nodes.checkUpdate(
  "the id may not",
  node({}),
  node({ nodeID: "m" }),
  'spec.drivers: Invalid value: {"Name":"d.example.com","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable',
);

const capacities = checksOf(csiStorageCapacities);
capacities.check(
  "less than nothing",
  { storageClassName: "x", capacity: "-1" },
  'capacity: Invalid value: "-1": must be greater than or equal to 0',
);
capacities.check(
  "selector",
  { storageClassName: "x", nodeTopology: { matchExpressions: [{ key: "a", operator: "x" }] } },
  'nodeTopology.matchExpressions[0].operator: Invalid value: "x": not a valid selector operator',
);
capacities.checkWarnings(
  "an old label",
  { storageClassName: "x", nodeTopology: { matchLabels: { "beta.kubernetes.io/os": "linux" } } },
  'nodeTopology.matchLabels.beta.kubernetes.io/os: deprecated since v1.14; use "kubernetes.io/os" instead',
);

const attachment = (source: object) => ({ spec: { attacher: "a.example.com", nodeName: "n", source } });
const attachments = checksOf(volumeAttachments);
attachments.check("a volume", attachment({ persistentVolumeName: "pv" }));
attachments.check(
  "both",
  attachment({ persistentVolumeName: "pv", inlineVolumeSpec: {} }),
  "spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
);
attachments.check(
  "inline",
  attachment({ inlineVolumeSpec: { accessModes: ["ReadWriteOnce"], claimRef: {} } }),
  "spec.source.inlineVolumeSpec.claimRef: Forbidden: may not be specified in the context of inline volumes",
  "spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes",
  "spec.source.inlineVolumeSpec: Required value: must specify a volume type",
);
attachments.check(
  "nobody attaches",
  { spec: { nodeName: "n", source: { persistentVolumeName: "" } } },
  "spec.attacher: Required value",
  "spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName",
  `spec.source.persistentVolumeName: Invalid value: "": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
);
attachments.checkStatus(
  "long message",
  attachment({ persistentVolumeName: "pv" }),
  {},
  { attachError: { message: "x".repeat(1025), errorCode: -1 }, attachmentMetadata: { a: "x".repeat(256 * 1024) } },
  "status.attachmentMetadata: Too long: may not be more than 262144 bytes",
  "status.attachError.message: Too long: may not be more than 262144 bytes",
  "status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive",
);
