// Field numbers of the groups that govern a cluster: access, admission, networking, storage, …. How to read them: `numbers.ts`.

/** A package's name to its messages. */
export const clusterNumbers: Readonly<Record<string, string>> = {
  "io.k8s.api.admissionregistration.v1": `
ApplyConfiguration: expression
AuditAnnotation: key valueExpression
ExpressionWarning: 2 fieldRef warning
JSONPatch: expression
MatchCondition: name expression
MatchResources: namespaceSelector objectSelector resourceRules excludeResourceRules 7 matchPolicy
MutatingAdmissionPolicy: metadata spec
MutatingAdmissionPolicyBinding: metadata spec
MutatingAdmissionPolicyBindingList: metadata items
MutatingAdmissionPolicyBindingSpec: policyName paramRef matchResources
MutatingAdmissionPolicyList: metadata items
MutatingAdmissionPolicySpec: paramKind matchConstraints variables mutations failurePolicy matchConditions
  reinvocationPolicy
MutatingWebhook: name clientConfig rules failurePolicy namespaceSelector sideEffects timeoutSeconds
  admissionReviewVersions matchPolicy reinvocationPolicy objectSelector matchConditions
MutatingWebhookConfiguration: metadata webhooks
MutatingWebhookConfigurationList: metadata items
Mutation: 2 patchType applyConfiguration jsonPatch
NamedRuleWithOperations: resourceNames +RuleWithOperations
ParamKind: apiVersion kind
ParamRef: name namespace selector parameterNotFoundAction
Rule: apiGroups apiVersions resources scope
RuleWithOperations: operations +Rule
ServiceReference: namespace name path port
TypeChecking: expressionWarnings
ValidatingAdmissionPolicy: metadata spec status
ValidatingAdmissionPolicyBinding: metadata spec
ValidatingAdmissionPolicyBindingList: metadata items
ValidatingAdmissionPolicyBindingSpec: policyName paramRef matchResources validationActions
ValidatingAdmissionPolicyList: metadata items
ValidatingAdmissionPolicySpec: paramKind matchConstraints validations failurePolicy auditAnnotations matchConditions
  variables
ValidatingAdmissionPolicyStatus: observedGeneration typeChecking conditions
ValidatingWebhook: name clientConfig rules failurePolicy namespaceSelector sideEffects timeoutSeconds
  admissionReviewVersions matchPolicy objectSelector matchConditions
ValidatingWebhookConfiguration: metadata webhooks
ValidatingWebhookConfigurationList: metadata items
Validation: expression message reason messageExpression
Variable: name expression
WebhookClientConfig: service caBundle url
`,
  "io.k8s.api.authentication.v1": `
BoundObjectReference: kind apiVersion name uid
SelfSubjectReview: metadata status
SelfSubjectReviewStatus: userInfo
TokenRequest: metadata spec status
TokenRequestSpec: audiences 3 boundObjectRef expirationSeconds
TokenRequestStatus: token expirationTimestamp
TokenReview: metadata spec status
TokenReviewSpec: token audiences
TokenReviewStatus: authenticated user error audiences
UserInfo: username uid groups extra
`,
  "io.k8s.api.authorization.v1": `
FieldSelectorAttributes: rawSelector requirements
LabelSelectorAttributes: rawSelector requirements
LocalSubjectAccessReview: metadata spec status
NonResourceAttributes: path verb
NonResourceRule: verbs nonResourceURLs
ResourceAttributes: namespace verb group version resource subresource name fieldSelector labelSelector
ResourceRule: verbs apiGroups resources resourceNames
SelfSubjectAccessReview: metadata spec status
SelfSubjectAccessReviewSpec: resourceAttributes nonResourceAttributes
SelfSubjectRulesReview: metadata spec status
SelfSubjectRulesReviewSpec: namespace
SubjectAccessReview: metadata spec status
SubjectAccessReviewSpec: resourceAttributes nonResourceAttributes user groups extra uid
SubjectAccessReviewStatus: allowed reason evaluationError denied
SubjectRulesReviewStatus: resourceRules nonResourceRules incomplete evaluationError
`,
  "io.k8s.api.certificates.v1": `
CertificateSigningRequest: metadata spec status
CertificateSigningRequestCondition: type reason message lastUpdateTime lastTransitionTime status
CertificateSigningRequestList: metadata items
CertificateSigningRequestSpec: request username uid groups usages extra signerName expirationSeconds
CertificateSigningRequestStatus: conditions certificate
`,
  "io.k8s.api.certificates.v1beta1": `
ClusterTrustBundle: metadata spec
ClusterTrustBundleList: metadata items
ClusterTrustBundleSpec: signerName trustBundle
`,
  "io.k8s.api.discovery.v1": `
Endpoint: addresses conditions hostname targetRef deprecatedTopology nodeName zone hints
EndpointConditions: ready serving terminating
EndpointHints: forZones forNodes
EndpointPort: name protocol port appProtocol
EndpointSlice: metadata endpoints ports addressType
EndpointSliceList: metadata items
ForNode: name
ForZone: name
`,
  "io.k8s.api.flowcontrol.v1": `
ExemptPriorityLevelConfiguration: nominalConcurrencyShares lendablePercent
FlowDistinguisherMethod: type
FlowSchema: metadata spec status
FlowSchemaCondition: type status lastTransitionTime reason message
FlowSchemaList: metadata items
FlowSchemaSpec: priorityLevelConfiguration matchingPrecedence distinguisherMethod rules
FlowSchemaStatus: conditions
GroupSubject: name
LimitResponse: type queuing
LimitedPriorityLevelConfiguration: nominalConcurrencyShares limitResponse lendablePercent borrowingLimitPercent
NonResourcePolicyRule: verbs 6 nonResourceURLs
PolicyRulesWithSubjects: subjects resourceRules nonResourceRules
PriorityLevelConfiguration: metadata spec status
PriorityLevelConfigurationCondition: type status lastTransitionTime reason message
PriorityLevelConfigurationList: metadata items
PriorityLevelConfigurationReference: name
PriorityLevelConfigurationSpec: type limited exempt
PriorityLevelConfigurationStatus: conditions
QueuingConfiguration: queues handSize queueLengthLimit
ResourcePolicyRule: verbs apiGroups resources clusterScope namespaces
ServiceAccountSubject: namespace name
Subject: kind user group serviceAccount
UserSubject: name
`,
  "io.k8s.api.networking.v1": `
HTTPIngressPath: path backend pathType
HTTPIngressRuleValue: paths
IPAddress: metadata spec
IPAddressList: metadata items
IPAddressSpec: parentRef
IPBlock: cidr except
Ingress: metadata spec status
IngressBackend: 3 resource service
IngressClass: metadata spec
IngressClassList: metadata items
IngressClassParametersReference: apiGroup kind name scope namespace
IngressClassSpec: controller parameters
IngressList: metadata items
IngressLoadBalancerIngress: ip hostname 4 ports
IngressLoadBalancerStatus: ingress
IngressPortStatus: port protocol error
IngressRule: host +IngressRuleValue
IngressRuleValue: http
IngressServiceBackend: name port
IngressSpec: defaultBackend tls rules ingressClassName
IngressStatus: loadBalancer
IngressTLS: hosts secretName
NetworkPolicy: metadata spec
NetworkPolicyEgressRule: ports to
NetworkPolicyIngressRule: ports from
NetworkPolicyList: metadata items
NetworkPolicyPeer: podSelector namespaceSelector ipBlock
NetworkPolicyPort: protocol port endPort
NetworkPolicySpec: podSelector ingress egress policyTypes
ParentReference: group resource namespace name
ServiceBackendPort: name number
ServiceCIDR: metadata spec status
ServiceCIDRList: metadata items
ServiceCIDRSpec: cidrs
ServiceCIDRStatus: conditions
`,
  "io.k8s.api.rbac.v1": `
AggregationRule: clusterRoleSelectors
ClusterRole: metadata rules aggregationRule
ClusterRoleBinding: metadata subjects roleRef
ClusterRoleBindingList: metadata items
ClusterRoleList: metadata items
PolicyRule: verbs apiGroups resources resourceNames nonResourceURLs
Role: metadata rules
RoleBinding: metadata subjects roleRef
RoleBindingList: metadata items
RoleList: metadata items
RoleRef: apiGroup kind name
Subject: kind apiGroup name namespace
`,
  "io.k8s.api.resource.v1": `
AllocatedDeviceStatus: driver pool device conditions data networkData shareID
AllocationResult: devices 3 nodeSelector 5 allocationTimestamp
CELDeviceSelector: expression
CapacityRequestPolicy: default 3 validValues validRange
CapacityRequestPolicyRange: min max step
CapacityRequirements: requests
Counter: value
CounterSet: name counters
Device: name attributes capacity consumesCounters nodeName nodeSelector allNodes taints bindsToNode bindingConditions
  bindingFailureConditions allowMultipleAllocations nodeAllocatableResourceMappings
DeviceAllocationConfiguration: source requests +DeviceConfiguration
DeviceAllocationResult: results config
DeviceAttribute: 2 int bool string version ints bools strings versions
DeviceCapacity: value requestPolicy
DeviceClaim: requests constraints config
DeviceClaimConfiguration: requests +DeviceConfiguration
DeviceClass: metadata spec
DeviceClassConfiguration: +DeviceConfiguration
DeviceClassList: metadata items
DeviceClassSpec: selectors config 4 extendedResourceName
DeviceConfiguration: opaque
DeviceConstraint: requests matchAttribute distinctAttribute
DeviceCounterConsumption: counterSet counters
DeviceRequest: name exactly firstAvailable
DeviceRequestAllocationResult: request driver pool device adminAccess tolerations bindingConditions
  bindingFailureConditions shareID consumedCapacity
DeviceSelector: cel
DeviceSubRequest: name deviceClassName selectors allocationMode count tolerations capacity
DeviceTaint: key value effect timeAdded
DeviceToleration: key operator value effect tolerationSeconds
ExactDeviceRequest: deviceClassName selectors allocationMode count adminAccess tolerations capacity
NetworkDeviceData: interfaceName ips hardwareAddress
NodeAllocatableResourceMapping: capacityKey allocationMultiplier
OpaqueDeviceConfiguration: driver parameters
ResourceClaim: metadata spec status
ResourceClaimConsumerReference: apiGroup 3 resource name uid
ResourceClaimList: metadata items
ResourceClaimSpec: devices
ResourceClaimStatus: allocation reservedFor 4 devices
ResourceClaimTemplate: metadata spec
ResourceClaimTemplateList: metadata items
ResourceClaimTemplateSpec: metadata spec
ResourcePool: name generation resourceSliceCount
ResourceSlice: metadata spec
ResourceSliceList: metadata items
ResourceSliceSpec: driver pool nodeName nodeSelector allNodes devices perDeviceNodeSelection sharedCounters
`,
  "io.k8s.api.storage.v1": `
CSIDriver: metadata spec
CSIDriverList: metadata items
CSIDriverSpec: attachRequired podInfoOnMount volumeLifecycleModes storageCapacity fsGroupPolicy tokenRequests
  requiresRepublish seLinuxMount nodeAllocatableUpdatePeriodSeconds serviceAccountTokenInSecrets
  preventPodSchedulingIfMissing
CSINode: metadata spec
CSINodeDriver: name nodeID topologyKeys allocatable
CSINodeList: metadata items
CSINodeSpec: drivers
CSIStorageCapacity: metadata nodeTopology storageClassName capacity maximumVolumeSize
CSIStorageCapacityList: metadata items
StorageClass: metadata provisioner parameters reclaimPolicy mountOptions allowVolumeExpansion volumeBindingMode
  allowedTopologies
StorageClassList: metadata items
TokenRequest: audience expirationSeconds
VolumeAttachment: metadata spec status
VolumeAttachmentList: metadata items
VolumeAttachmentSource: persistentVolumeName inlineVolumeSpec
VolumeAttachmentSpec: attacher source nodeName
VolumeAttachmentStatus: attached attachmentMetadata attachError detachError
VolumeAttributesClass: metadata driverName parameters
VolumeAttributesClassList: metadata items
VolumeError: time message errorCode
VolumeNodeResources: count
`,
};
