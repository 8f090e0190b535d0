// What the npm packages leave out of the schemas: how lists merge, and a few defaults. Facts of Kubernetes v1.36
// ("Merge strategy", "Server-Side Apply"); every list that isn't named here is atomic.

/**
 * Definition (without its path's prefix) → field → words:
 * `map:KEYS` and `set`: the list's type and map keys; `none`: a list without a type;
 * `map-atomic`, `map-granular`: the map's type; `patch:STRATEGIES:KEY`: strategic merge's strategies and merge key.
 */
export const mergeRules: Record<string, Record<string, string>> = {
  "admissionregistration.v1.MutatingAdmissionPolicySpec": { matchConditions: "map:name patch:merge:name" },
  "admissionregistration.v1.MutatingWebhook": { matchConditions: "map:name patch:merge:name" },
  "admissionregistration.v1.MutatingWebhookConfiguration": { webhooks: "map:name patch:merge:name" },
  "admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec": { validationActions: "set" },
  "admissionregistration.v1.ValidatingAdmissionPolicySpec": {
    matchConditions: "map:name patch:merge:name",
    variables: "map:name patch:merge:name",
  },
  "admissionregistration.v1.ValidatingAdmissionPolicyStatus": { conditions: "map:type" },
  "admissionregistration.v1.ValidatingWebhook": { matchConditions: "map:name patch:merge:name" },
  "admissionregistration.v1.ValidatingWebhookConfiguration": { webhooks: "map:name patch:merge:name" },
  "apps.v1.DaemonSetStatus": { conditions: "map:type patch:merge:type" },
  "apps.v1.DeploymentSpec": { strategy: "patch:retainKeys" },
  "apps.v1.DeploymentStatus": { conditions: "map:type patch:merge:type" },
  "apps.v1.ReplicaSetStatus": { conditions: "map:type patch:merge:type" },
  "apps.v1.StatefulSetStatus": { conditions: "map:type patch:merge:type" },
  "autoscaling.v2.HorizontalPodAutoscalerStatus": { conditions: "map:type patch:merge:type" },
  "batch.v1.JobStatus": { conditions: "patch:merge:type" },
  "batch.v1.PodFailurePolicyOnExitCodesRequirement": { values: "set" },
  "batch.v1.UncountedTerminatedPods": { failed: "set", succeeded: "set" },
  "certificates.v1.CertificateSigningRequestStatus": { conditions: "map:type" },
  "core.v1.ComponentStatus": { conditions: "map:type patch:merge:type" },
  "core.v1.Container": {
    env: "map:name patch:merge:name",
    ports: "map:containerPort,protocol patch:merge:containerPort",
    volumeDevices: "map:devicePath patch:merge:devicePath",
    volumeMounts: "map:mountPath patch:merge:mountPath",
  },
  "core.v1.ContainerRestartRuleOnExitCodes": { values: "set" },
  "core.v1.ContainerStatus": {
    allocatedResourcesStatus: "map:name patch:merge:name",
    volumeMounts: "map:mountPath patch:merge:mountPath",
  },
  "core.v1.EphemeralContainer": {
    env: "map:name patch:merge:name",
    ports: "map:containerPort,protocol patch:merge:containerPort",
    volumeDevices: "map:devicePath patch:merge:devicePath",
    volumeMounts: "map:mountPath patch:merge:mountPath",
  },
  "core.v1.NamespaceStatus": { conditions: "map:type patch:merge:type" },
  "core.v1.NodeAllocatableResourceClaimStatus": { containers: "set" },
  "core.v1.NodeSpec": { podCIDRs: "set patch:merge" },
  "core.v1.NodeStatus": { addresses: "map:type patch:merge:type", conditions: "map:type patch:merge:type" },
  "core.v1.PersistentVolumeClaimStatus": {
    allocatedResourceStatuses: "map-granular",
    conditions: "map:type patch:merge:type",
  },
  "core.v1.PersistentVolumeSpec": { claimRef: "map-granular" },
  "core.v1.PodSpec": {
    containers: "map:name patch:merge:name",
    ephemeralContainers: "map:name patch:merge:name",
    hostAliases: "map:ip patch:merge:ip",
    imagePullSecrets: "map:name patch:merge:name",
    initContainers: "map:name patch:merge:name",
    nodeSelector: "map-atomic",
    resourceClaims: "map:name patch:merge,retainKeys:name",
    schedulingGates: "map:name patch:merge:name",
    topologySpreadConstraints: "map:topologyKey,whenUnsatisfiable patch:merge:topologyKey",
    volumes: "map:name patch:merge,retainKeys:name",
  },
  "core.v1.PodStatus": {
    conditions: "map:type patch:merge:type",
    hostIPs: "patch:merge:ip",
    podIPs: "map:ip patch:merge:ip",
    resourceClaimStatuses: "map:name patch:merge,retainKeys:name",
  },
  "core.v1.ReplicationControllerSpec": { selector: "map-atomic" },
  "core.v1.ReplicationControllerStatus": { conditions: "map:type patch:merge:type" },
  "core.v1.ResourceRequirements": { claims: "map:name" },
  "core.v1.ResourceStatus": { resources: "map:resourceID" },
  "core.v1.ServiceAccount": { secrets: "map:name patch:merge:name" },
  "core.v1.ServiceSpec": { ports: "map:port,protocol patch:merge:port", selector: "map-atomic" },
  "core.v1.ServiceStatus": { conditions: "map:type patch:merge:type" },
  "discovery.v1.Endpoint": { addresses: "set" },
  "flowcontrol.v1.FlowSchemaStatus": { conditions: "map:type patch:merge:type" },
  "flowcontrol.v1.NonResourcePolicyRule": { nonResourceURLs: "set", verbs: "set" },
  "flowcontrol.v1.PriorityLevelConfigurationStatus": { conditions: "map:type patch:merge:type" },
  "flowcontrol.v1.ResourcePolicyRule": { apiGroups: "set", namespaces: "set", resources: "set", verbs: "set" },
  "networking.v1.ServiceCIDRStatus": { conditions: "map:type patch:merge:type" },
  "node.v1.Scheduling": { nodeSelector: "map-atomic" },
  "policy.v1.PodDisruptionBudgetSpec": { selector: "patch:replace" },
  "policy.v1.PodDisruptionBudgetStatus": { conditions: "map:type patch:merge:type" },
  "resource.v1.AllocatedDeviceStatus": { conditions: "map:type" },
  "resource.v1.ResourceClaimStatus": {
    devices: "map:driver,device,pool,shareID",
    reservedFor: "map:uid patch:merge:uid",
  },
  "storage.v1.CSIDriverSpec": { volumeLifecycleModes: "set" },
  "storage.v1.CSINodeSpec": { drivers: "map:name patch:merge:name" },
  "apiextensions.v1.CustomResourceDefinitionStatus": { conditions: "map:type" },
  "apiextensions.v1.JSONSchemaProps": { "x-kubernetes-validations": "map:rule patch:merge:rule" },
  "meta.v1.APIResource": { verbs: "none" },
  "meta.v1.ObjectMeta": { finalizers: "set patch:merge", ownerReferences: "map:uid patch:merge:uid" },
  "apiregistration.v1.APIServiceSpec": { caBundle: "list-atomic" },
  "apiregistration.v1.APIServiceStatus": { conditions: "map:type patch:merge:type" },
};

/** Definitions that server-side apply takes as one value. */
export const atomicDefinitions: readonly string[] = [
  "admissionregistration.v1.MatchResources",
  "admissionregistration.v1.NamedRuleWithOperations",
  "admissionregistration.v1.ParamKind",
  "admissionregistration.v1.ParamRef",
  "admissionregistration.v1.Variable",
  "autoscaling.v1.CrossVersionObjectReference",
  "core.v1.ConfigMapKeySelector",
  "core.v1.EndpointAddress",
  "core.v1.EndpointPort",
  "core.v1.FileKeySelector",
  "core.v1.LocalObjectReference",
  "core.v1.NodeSelector",
  "core.v1.NodeSelectorTerm",
  "core.v1.ObjectFieldSelector",
  "core.v1.ObjectReference",
  "core.v1.ResourceFieldSelector",
  "core.v1.ScopeSelector",
  "core.v1.SecretKeySelector",
  "core.v1.SecretReference",
  "core.v1.TopologySelectorTerm",
  "core.v1.TypedLocalObjectReference",
  "discovery.v1.EndpointPort",
  "networking.v1.ServiceBackendPort",
  "rbac.v1.RoleRef",
  "rbac.v1.Subject",
  "meta.v1.LabelSelector",
  "meta.v1.OwnerReference",
];

/** Defaults that list keys need: a port without a protocol is the TCP port. */
export const fieldDefaults: Record<string, Record<string, unknown>> = {
  "core.v1.ContainerPort": { protocol: "TCP" },
  "core.v1.ServicePort": { protocol: "TCP" },
};

/** Structs of which one field of several is set, and the field that says which. */
export const unions: Record<string, { discriminator?: string; "fields-to-discriminateBy": Record<string, string> }> = {
  "core.v1.AppArmorProfile": {
    discriminator: "type",
    "fields-to-discriminateBy": { localhostProfile: "LocalhostProfile" },
  },
  "core.v1.PodSchedulingGroup": { "fields-to-discriminateBy": { podGroupName: "PodGroupName" } },
  "core.v1.SeccompProfile": {
    discriminator: "type",
    "fields-to-discriminateBy": { localhostProfile: "LocalhostProfile" },
  },
  "flowcontrol.v1.LimitResponse": { discriminator: "type", "fields-to-discriminateBy": { queuing: "Queuing" } },
  "flowcontrol.v1.PriorityLevelConfigurationSpec": {
    discriminator: "type",
    "fields-to-discriminateBy": { exempt: "Exempt", limited: "Limited" },
  },
  "flowcontrol.v1.Subject": {
    discriminator: "kind",
    "fields-to-discriminateBy": { group: "Group", serviceAccount: "ServiceAccount", user: "User" },
  },
};
