// Rules of the other kinds of the core group, a row each.

import { checksOf } from "../../../test/declarations.ts";
import { limitRanges } from "./limitrange.ts";
import { persistentVolumes } from "./persistentvolume.ts";
import { persistentVolumeClaims } from "./persistentvolumeclaim.ts";
import { secrets } from "./secret.ts";
import { services } from "./service.ts";

const range = checksOf(limitRanges);
const limits = (...list: object[]) => ({ spec: { limits: list } });
range.check(
  "limits what is known",
  limits({ type: "Foo" }),
  'spec.limits[0].type: Invalid value: "Foo": must be a standard limit type or fully qualified',
);
range.check(
  "of pods has pods' resources",
  limits({ type: "Pod", min: { storage: "1" } }),
  'spec.limits[0].min[storage]: Invalid value: "storage": must be a standard resource for containers',
);
range.check(
  "of pods says nothing of what is usual",
  limits({ type: "Pod", default: { cpu: "1" } }),
  "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
);
range.check(
  "has a ratio that can be",
  limits({ type: "Container", max: { cpu: "2" }, min: { cpu: "1" }, maxLimitRequestRatio: { cpu: "3" } }),
  'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
);
range.check(
  "gives devices as they are asked for",
  limits({ type: "Container", default: { "a.b/gpu": "2" }, defaultRequest: { "a.b/gpu": "1" } }),
  'spec.limits[0].defaultRequest[a.b/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in a.b/gpu',
);

const secret = checksOf(secrets);
const docker = (text: string) => ({
  type: "kubernetes.io/dockerconfigjson",
  data: { ".dockerconfigjson": btoa(text) },
});
secret.check(
  "of a registry is JSON",
  docker("x"),
  "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'x' looking for beginning of value",
);
secret.check(
  "of a registry is an object",
  docker("[]"),
  'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
);
secret.check(
  "for SSH has a key",
  { type: "kubernetes.io/ssh-auth", data: { "ssh-privatekey": "" } },
  "data[ssh-privatekey]: Required value",
);

const service = checksOf(services);
const ports = [{ port: 80 }];
service.check(
  "has no special address outside",
  { spec: { ports, externalIPs: ["127.0.0.1"] } },
  'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
);
service.check(
  "has ranges of sources as a load balancer",
  {
    metadata: { annotations: { "service.beta.kubernetes.io/load-balancer-source-ranges": "10.0.0.0/8, x" } },
    spec: { ports },
  },
  "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'",
  'metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
);
const balanced = { spec: { ports, type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30001 } };
service.checkUpdate(
  "keeps its port for checks",
  balanced,
  { spec: { ...balanced.spec, healthCheckNodePort: 30002 } },
  "spec.healthCheckNodePort: Forbidden: field is immutable",
);
service.checkStatus(
  "has addresses with a mode and names without",
  balanced,
  {},
  { loadBalancer: { ingress: [{ ip: "1.2.3.4" }, { hostname: "1.2.3.4" }, { hostname: "a.b", ipMode: "VIP" }] } },
  "status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set",
  'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  "status.loadBalancer.ingress[2].ipMode: Forbidden: may not be specified when `ip` is not set",
);
service.checkWarnings(
  "without an address ignores much",
  {
    spec: {
      ports,
      clusterIP: "None",
      sessionAffinity: "ClientIP",
      loadBalancerIP: "1.2.3.4",
      externalIPs: ["1.2.3.4"],
    },
  },
  "spec.loadBalancerIP is ignored for headless services",
  "spec.externalIPs is ignored for headless services",
  "spec.SessionAffinity is ignored for headless services",
);
service.checkWarnings(
  "that is a name elsewhere ignores addresses, and others ignore the name",
  { spec: { ports, externalName: "a.b" } },
  'spec.externalName is ignored when spec.type is not "ExternalName"',
);
service.checkWarnings(
  "warns of odd addresses",
  { spec: { ports, type: "LoadBalancer", loadBalancerIP: "010.0.0.1", loadBalancerSourceRanges: ["10.0.0.1/8"] } },
  'spec.loadBalancerIP: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
  'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
);

const volume = checksOf(persistentVolumes);
const disk = (source: object) => ({
  spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], ...source },
});
const zone = (key: string) => ({
  nodeAffinity: {
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: "In", values: ["a"] }] }] },
  },
});
volume.check(
  "is of a size",
  disk({ capacity: { storage: "-1" }, nfs: { server: "s", path: "/" } }),
  "spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
  'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
);
volume.check(
  "is of one source",
  disk({ nfs: { server: "s", path: "/" }, hostPath: { path: "/a" } }),
  "spec.nfs: Forbidden: may not specify more than 1 volume type",
);
volume.check(
  "in one place knows where",
  disk({ local: { path: "/a" } }),
  "spec.nodeAffinity: Required value: Local volume requires node affinity",
);
volume.check(
  "of a driver names its secrets",
  disk({ csi: { driver: "d", volumeHandle: "h", nodeExpandSecretRef: { name: "A_b", namespace: "" } } }),
  "spec.csi.nodeExpandSecretRef.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  "spec.csi.nodeExpandSecretRef.namespace: Required value",
);
volume.check(
  "has a class of attributes for a driver",
  disk({ hostPath: { path: "/a" }, volumeAttributesClassName: "" }),
  "spec.volumeAttributesClassName: Required value: an empty string is disallowed",
  "spec.csi: Required value: has to be specified when using volumeAttributesClassName",
);
volume.check(
  "of a host's root is not cleared",
  disk({ hostPath: { path: "/." }, persistentVolumeReclaimPolicy: "Recycle" }),
  "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
);
const driven = { driver: "d", volumeHandle: "h" };
volume.checkUpdate(
  "may get a secret to grow with",
  disk({ csi: driven }),
  disk({ csi: { ...driven, controllerExpandSecretRef: { name: "a", namespace: "b" } } }),
);
volume.checkUpdate(
  "may follow a label's new name",
  disk({ csi: driven, ...zone("failure-domain.beta.kubernetes.io/zone") }),
  disk({ csi: driven, ...zone("topology.kubernetes.io/zone") }),
);
volume.checkWarnings(
  "warns of what is old",
  {
    ...disk({ rbd: {}, persistentVolumeReclaimPolicy: "Recycle" }),
    metadata: { annotations: { "volume.beta.kubernetes.io/storage-class": "a" } },
  },
  'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
  "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
  "spec.rbd: deprecated in v1.28, non-functional in v1.31+",
);

const claim = checksOf(persistentVolumeClaims);
const wanted = (more: object = {}) => ({
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...more },
});
claim.checkWarnings(
  "warns of parts of bytes",
  wanted({ resources: { requests: { storage: "1500m" } } }),
  'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
);
