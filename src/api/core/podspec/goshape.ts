// How a pod spec looks in the differences that a refused update shows.

import { fields, type GoShape, goValue } from "../../parts/goshape.ts";
import type { PodSpec } from "./types.ts";

export { goValue };

export const securityContextShape: GoShape = fields(
  "Capabilities Privileged SELinuxOptions WindowsOptions RunAsUser RunAsGroup RunAsNonRoot ReadOnlyRootFilesystem " +
    "AllowPrivilegeEscalation ProcMount SeccompProfile AppArmorProfile",
  null,
);

const handlerShape: GoShape = {
  Exec: ["exec", null, () => fields("Command", null)],
  HTTPGet: [
    "httpGet",
    null,
    () => ({
      ...fields("Path", ""),
      Port: ["port", 0],
      ...fields("Host Scheme", ""),
      HTTPHeaders: ["httpHeaders", null, () => fields("Name Value", "")],
    }),
  ],
  TCPSocket: ["tcpSocket", null, () => ({ Port: ["port", 0], Host: ["host", ""] })],
};

const probeShape: GoShape = {
  ...handlerShape,
  GRPC: ["grpc", null, () => ({ Port: ["port", 0], Service: ["service", null] })],
  ...fields("InitialDelaySeconds TimeoutSeconds PeriodSeconds SuccessThreshold FailureThreshold", 0),
  ...fields("TerminationGracePeriodSeconds", null),
};

const hookShape: GoShape = { ...handlerShape, Sleep: ["sleep", null, () => fields("Seconds", 0)] };

const keySelectorShape: GoShape = { ...fields("Name Key", ""), ...fields("Optional", null) };

const envShape: GoShape = {
  ...fields("Name Value", ""),
  ValueFrom: [
    "valueFrom",
    null,
    () => ({
      FieldRef: ["fieldRef", null, () => ({ APIVersion: ["apiVersion", ""], FieldPath: ["fieldPath", ""] })],
      ResourceFieldRef: [
        "resourceFieldRef",
        null,
        () => ({ ...fields("ContainerName Resource", ""), Divisor: ["divisor", "0"] }),
      ],
      ConfigMapKeyRef: ["configMapKeyRef", null, () => keySelectorShape],
      SecretKeyRef: ["secretKeyRef", null, () => keySelectorShape],
      FileKeyRef: ["fileKeyRef", null, () => ({ ...fields("VolumeName Path Key", ""), Optional: ["optional", null] })],
    }),
  ],
};

const envFromShape: GoShape = {
  ...fields("Prefix", ""),
  ConfigMapRef: ["configMapRef", null, () => ({ Name: ["name", ""], Optional: ["optional", null] })],
  SecretRef: ["secretRef", null, () => ({ Name: ["name", ""], Optional: ["optional", null] })],
};

const resourcesShape: GoShape = {
  ...fields("Limits Requests", null),
  Claims: ["claims", null, () => fields("Name Request", "")],
};

const portShape: GoShape = {
  ...fields("Name", ""),
  ...fields("HostPort ContainerPort", 0),
  Protocol: ["protocol", ""],
  HostIP: ["hostIP", ""],
};

const mountShape: GoShape = {
  ...fields("Name", ""),
  ...fields("ReadOnly", false),
  ...fields("RecursiveReadOnly", null),
  ...fields("MountPath SubPath", ""),
  ...fields("MountPropagation", null),
  ...fields("SubPathExpr", ""),
};

const containerShape: GoShape = {
  ...fields("Name Image", ""),
  ...fields("Command Args", null),
  ...fields("WorkingDir", ""),
  Ports: ["ports", null, () => portShape],
  EnvFrom: ["envFrom", null, () => envFromShape],
  Env: ["env", null, () => envShape],
  Resources: ["resources", "struct", () => resourcesShape],
  ResizePolicy: ["resizePolicy", null, () => fields("ResourceName RestartPolicy", "")],
  RestartPolicy: ["restartPolicy", null],
  RestartPolicyRules: [
    "restartPolicyRules",
    null,
    () => ({
      Action: ["action", ""],
      ExitCodes: ["exitCodes", null, () => ({ Operator: ["operator", ""], Values: ["values", null] })],
    }),
  ],
  VolumeMounts: ["volumeMounts", null, () => mountShape],
  VolumeDevices: ["volumeDevices", null, () => fields("Name DevicePath", "")],
  LivenessProbe: ["livenessProbe", null, () => probeShape],
  ReadinessProbe: ["readinessProbe", null, () => probeShape],
  StartupProbe: ["startupProbe", null, () => probeShape],
  Lifecycle: [
    "lifecycle",
    null,
    () => ({
      PostStart: ["postStart", null, () => hookShape],
      PreStop: ["preStop", null, () => hookShape],
      StopSignal: ["stopSignal", null],
    }),
  ],
  ...fields("TerminationMessagePath TerminationMessagePolicy ImagePullPolicy", ""),
  SecurityContext: ["securityContext", null, () => securityContextShape],
  ...fields("Stdin StdinOnce", false),
  TTY: ["tty", false],
};

export const ephemeralContainerShape: GoShape = { ...containerShape, ...fields("TargetContainerName", "") };

const itemShape: GoShape = { ...fields("Key Path", ""), ...fields("Mode", null) };

const downwardItemShape: GoShape = {
  Path: ["path", ""],
  FieldRef: ["fieldRef", null, () => ({ APIVersion: ["apiVersion", ""], FieldPath: ["fieldPath", ""] })],
  ResourceFieldRef: [
    "resourceFieldRef",
    null,
    () => ({ ...fields("ContainerName Resource", ""), Divisor: ["divisor", "0"] }),
  ],
  Mode: ["mode", null],
};

const nameAndItems: GoShape = {
  Name: ["name", ""],
  Items: ["items", null, () => itemShape],
  Optional: ["optional", null],
};

export const trustBundleShape: GoShape = {
  ...fields("Name SignerName LabelSelector Optional", null),
  ...fields("Path", ""),
};

const projectionShape: GoShape = {
  Secret: ["secret", null, () => nameAndItems],
  DownwardAPI: ["downwardAPI", null, () => ({ Items: ["items", null, () => downwardItemShape] })],
  ConfigMap: ["configMap", null, () => nameAndItems],
  ServiceAccountToken: [
    "serviceAccountToken",
    null,
    () => ({ ...fields("Audience", ""), ...fields("ExpirationSeconds", 0), ...fields("Path", "") }),
  ],
  // The hunks' line numbers show that this one is printed in every source.
  ClusterTrustBundle: ["clusterTrustBundle", "struct", () => trustBundleShape],
  PodCertificate: ["podCertificate", null],
};

/** Sources of volumes of pods and, by the same names, of persistent volumes. */
export const hostPathShape: GoShape = { Path: ["path", ""], Type: ["type", null] };

const volumeShape: GoShape = {
  Name: ["name", ""],
  HostPath: ["hostPath", null, () => hostPathShape],
  EmptyDir: ["emptyDir", null, () => ({ Medium: ["medium", ""], SizeLimit: ["sizeLimit", null] })],
  GCEPersistentDisk: ["gcePersistentDisk", null],
  AWSElasticBlockStore: ["awsElasticBlockStore", null],
  GitRepo: ["gitRepo", null],
  Secret: [
    "secret",
    null,
    () => ({
      SecretName: ["secretName", ""],
      Items: ["items", null, () => itemShape],
      ...fields("DefaultMode Optional", null),
    }),
  ],
  NFS: ["nfs", null, () => ({ ...fields("Server Path", ""), ...fields("ReadOnly", false) })],
  ISCSI: ["iscsi", null],
  Glusterfs: ["glusterfs", null],
  PersistentVolumeClaim: [
    "persistentVolumeClaim",
    null,
    () => ({ ...fields("ClaimName", ""), ...fields("ReadOnly", false) }),
  ],
  RBD: ["rbd", null],
  Quobyte: ["quobyte", null],
  FlexVolume: ["flexVolume", null],
  Cinder: ["cinder", null],
  CephFS: ["cephfs", null],
  Flocker: ["flocker", null],
  DownwardAPI: [
    "downwardAPI",
    null,
    () => ({ Items: ["items", null, () => downwardItemShape], DefaultMode: ["defaultMode", null] }),
  ],
  FC: ["fc", null],
  AzureFile: ["azureFile", null],
  ConfigMap: [
    "configMap",
    null,
    () => ({
      Name: ["name", ""],
      Items: ["items", null, () => itemShape],
      ...fields("DefaultMode Optional", null),
    }),
  ],
  VsphereVolume: ["vsphereVolume", null],
  AzureDisk: ["azureDisk", null],
  PhotonPersistentDisk: ["photonPersistentDisk", null],
  Projected: [
    "projected",
    null,
    () => ({ Sources: ["sources", null, () => projectionShape], DefaultMode: ["defaultMode", null] }),
  ],
  PortworxVolume: ["portworxVolume", null],
  ScaleIO: ["scaleIO", null],
  StorageOS: ["storageos", null],
  CSI: ["csi", null],
  Ephemeral: ["ephemeral", null],
  Image: ["image", null],
};

const podSecurityContextShape: GoShape = {
  ...fields("HostNetwork HostPID HostIPC", false),
  ...fields(
    "ShareProcessNamespace HostUsers SELinuxOptions WindowsOptions RunAsUser RunAsGroup RunAsNonRoot " +
      "SupplementalGroups SupplementalGroupsPolicy FSGroup FSGroupChangePolicy Sysctls SeccompProfile " +
      "AppArmorProfile SELinuxChangePolicy",
    null,
  ),
};

const requirementShape: GoShape = { ...fields("Key Operator", ""), Values: ["values", null] };

/** A term of a node selector, of pods and of volumes. */
export const nodeSelectorTermShape: GoShape = {
  MatchExpressions: ["matchExpressions", null, () => requirementShape],
  MatchFields: ["matchFields", null, () => requirementShape],
};

const tolerationShape: GoShape = { ...fields("Key Operator Value Effect", ""), ...fields("TolerationSeconds", null) };

const podSpecShape: GoShape = {
  Volumes: ["volumes", null, () => volumeShape],
  InitContainers: ["initContainers", null, () => containerShape],
  Containers: ["containers", null, () => containerShape],
  EphemeralContainers: ["ephemeralContainers", null, () => ephemeralContainerShape],
  ...fields("RestartPolicy", ""),
  ...fields("TerminationGracePeriodSeconds ActiveDeadlineSeconds", null),
  ...fields("DNSPolicy", ""),
  ...fields("NodeSelector", null),
  ...fields("ServiceAccountName", ""),
  ...fields("AutomountServiceAccountToken", null),
  ...fields("NodeName", ""),
  SecurityContext: ["securityContext", null, () => podSecurityContextShape],
  ImagePullSecrets: ["imagePullSecrets", null, () => fields("Name", "")],
  ...fields("Hostname Subdomain", ""),
  ...fields("SetHostnameAsFQDN", null),
  ...fields("Affinity", null),
  ...fields("SchedulerName", ""),
  Tolerations: ["tolerations", null, () => tolerationShape],
  HostAliases: ["hostAliases", null, () => ({ IP: ["ip", ""], Hostnames: ["hostnames", null] })],
  ...fields("PriorityClassName", ""),
  ...fields("Priority PreemptionPolicy", null),
  DNSConfig: [
    "dnsConfig",
    null,
    () => ({
      ...fields("Nameservers Searches", null),
      Options: ["options", null, () => ({ Name: ["name", ""], Value: ["value", null] })],
    }),
  ],
  ReadinessGates: ["readinessGates", null, () => fields("ConditionType", "")],
  ...fields("RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints", null),
  OS: ["os", null, () => fields("Name", "")],
  SchedulingGates: ["schedulingGates", null, () => fields("Name", "")],
  ...fields("ResourceClaims Resources HostnameOverride SchedulingGroup", null),
};

/** The whole spec; the namespaces of the host stand in the security context there. */
export function goPodSpec(spec: PodSpec): unknown {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, securityContext = {}, ...rest } = spec;
  const context = { ...securityContext, hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  return goValue({ ...rest, securityContext: context }, podSpecShape);
}
