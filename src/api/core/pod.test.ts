import { checksOf } from "../../../test/declarations.ts";
import { pods } from "./pod.ts";

const { check, checkMade, checkUpdate } = checksOf(pods);

const container = (more: object = {}) => ({ name: "c", image: "img", ...more });
const pod = (spec: object = {}, ...containers: object[]) => ({
  spec: { containers: containers.length ? containers : [container()], ...spec },
});
const withContainer = (more: object) => pod({}, container(more));
const first = "spec.containers[0]";

check("accepts the least", pod());
check("wants containers", { spec: { containers: [] } }, "spec.containers: Required value");
check("wants an image", pod({}, { name: "c" }), `${first}.image: Required value`);
check(
  "wants different names",
  pod({ initContainers: [container()] }),
  'spec.initContainers[0].name: Duplicate value: "c"',
);
check(
  "knows three restart policies",
  pod({ restartPolicy: "x" }),
  'spec.restartPolicy: Unsupported value: "x": supported values: "Always", "OnFailure", "Never"',
);
check("wants a port", withContainer({ ports: [{}] }), `${first}.ports[0].containerPort: Required value`);
check(
  "gives a port of the host once",
  pod({}, container({ ports: [{ containerPort: 1, hostPort: 1 }] }), {
    ...container({ ports: [{ containerPort: 2, hostPort: 1 }] }),
    name: "d",
  }),
  'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//1"',
);
check(
  "knows what the downward API offers",
  withContainer({ env: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "spec.none" } } }] }),
  `${first}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.none": error converting fieldPath: field label not supported: spec.none`,
);
check(
  "keeps requests below limits",
  withContainer({ resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }),
  `${first}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`,
);
check(
  "does one thing in a probe",
  withContainer({ livenessProbe: { exec: { command: ["a"] }, tcpSocket: { port: 1 } } }),
  `${first}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
);
check(
  "probes no init container but sidecars",
  pod({ initContainers: [{ ...container(), name: "i", readinessProbe: { exec: { command: ["a"] } } }] }),
  "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
);
check(
  "mounts what there is",
  withContainer({ volumeMounts: [{ name: "v", mountPath: "/v" }] }),
  `${first}.volumeMounts[0].name: Not found: "v"`,
);
check(
  "has one source a volume",
  pod({ volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/x" } }] }),
  "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
);
check(
  "checks claims in ephemeral volumes",
  pod({ volumes: [{ name: "v", ephemeral: { volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"] } } } }] }),
  "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
);
check(
  "tolerates everything only by Exists",
  pod({ tolerations: [{ operator: "Equal", value: "x" }] }),
  'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
);
check(
  "adds ephemeral containers only later",
  pod({ ephemeralContainers: [{ ...container(), name: "e" }] }),
  "spec.ephemeralContainers: Forbidden: cannot be set on create",
);
check(
  "prints a security context as Go does",
  withContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
  `${first}.securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
);

const policyOf = (object: any) => object.spec.containers[0].imagePullPolicy;
checkMade("pulls no tag always", pod({}, { name: "c", image: "host:5000/img" }), policyOf, "Always");
checkMade("pulls latest always", pod({}, { name: "c", image: "img:latest" }), policyOf, "Always");
checkMade("pulls a tag once", pod({}, { name: "c", image: "host:5000/img:1" }), policyOf, "IfNotPresent");
checkMade("pulls a digest once", pod({}, { name: "c", image: "img@sha256:00" }), policyOf, "IfNotPresent");
checkMade(
  "asks for what it may use",
  withContainer({ resources: { limits: { cpu: "1", memory: "1Gi" } } }),
  ({ spec, status }) => [spec.containers[0].resources.requests, status.qosClass],
  [{ cpu: "1", memory: "1Gi" }, "Guaranteed"],
);
checkMade("is best effort without requests", pod(), ({ status }) => status, {
  phase: "Pending",
  qosClass: "BestEffort",
});
checkMade(
  "merges label keys",
  {
    metadata: { labels: { app: "a" } },
    ...pod({
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "zone",
          whenUnsatisfiable: "DoNotSchedule",
          labelSelector: {},
          matchLabelKeys: ["app"],
        },
      ],
    }),
  },
  ({ spec }) => spec.topologySpreadConstraints[0].labelSelector,
  {
    matchExpressions: [{ key: "app", operator: "In", values: ["a"] }],
  },
);

checkUpdate("may change an image", pod(), withContainer({ image: "img:2", imagePullPolicy: "Always" }));
checkUpdate("may be tolerated more", pod(), pod({ tolerations: [{ operator: "Exists" }] }));
checkUpdate(
  "may not get a container",
  pod(),
  pod({}, container(), { ...container(), name: "d" }),
  "spec.containers: Forbidden: pod updates may not add or remove containers",
);
checkUpdate(
  "may not last longer",
  pod({ activeDeadlineSeconds: 5 }),
  pod({ activeDeadlineSeconds: 6 }),
  "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
);
const updatable =
  "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
checkUpdate(
  "shows what may not change",
  pod(),
  withContainer({ command: ["a"] }),
  `spec: Forbidden: pod updates may not change fields other than ${updatable}
@@ -5,7 +5,9 @@
   {
    "Name": "c",
    "Image": "img",
-   "Command": null,
+   "Command": [
+    "a"
+   ],
    "Args": null,
    "WorkingDir": "",
    "Ports": null,
`,
);
