// Field numbers of the kinds that all groups share, custom resource definitions and API services. How to read them: `numbers.ts`.

/** A package's name to its messages. */
export const metaNumbers: Readonly<Record<string, string>> = {
  "io.k8s.apimachinery.pkg.apis.meta.v1": `
APIGroup: name versions preferredVersion serverAddressByClientCIDRs
APIGroupList: groups
APIResource: name namespaced kind verbs[] shortNames singularName categories group version storageVersionHash
APIResourceList: groupVersion resources
APIVersions: versions serverAddressByClientCIDRs
Condition: type status observedGeneration lastTransitionTime reason message
DeleteOptions: gracePeriodSeconds preconditions orphanDependents propagationPolicy dryRun
  ignoreStoreReadErrorWithClusterBreakingPotential
FieldSelectorRequirement: key operator values
GroupVersionForDiscovery: groupVersion version
LabelSelector: matchLabels matchExpressions
LabelSelectorRequirement: key operator values
ListMeta: selfLink resourceVersion continue remainingItemCount shardInfo
ManagedFieldsEntry: manager operation apiVersion time 6 fieldsType fieldsV1 subresource
ObjectMeta: name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp
  deletionGracePeriodSeconds labels annotations ownerReferences finalizers 17 managedFields
OwnerReference: kind 3 name uid apiVersion controller blockOwnerDeletion
PartialObjectMetadata: metadata
PartialObjectMetadataList: metadata items
Preconditions: uid resourceVersion
ServerAddressByClientCIDR: clientCIDR serverAddress
ShardInfo: selector
Status: metadata status message reason details code
StatusCause: reason message field
StatusDetails: name group kind causes retryAfterSeconds uid
WatchEvent: type object
`,
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1": `
CustomResourceColumnDefinition: name type format description priority jsonPath
CustomResourceConversion: strategy webhook
CustomResourceDefinition: metadata spec status
CustomResourceDefinitionCondition: type status lastTransitionTime reason message observedGeneration
CustomResourceDefinitionList: metadata items
CustomResourceDefinitionNames: plural singular shortNames kind listKind categories
CustomResourceDefinitionSpec: group 3 names scope 7 versions 9 conversion preserveUnknownFields
CustomResourceDefinitionStatus: conditions acceptedNames storedVersions observedGeneration
CustomResourceDefinitionVersion: name served storage schema subresources additionalPrinterColumns deprecated
  deprecationWarning selectableFields
CustomResourceSubresourceScale: specReplicasPath statusReplicasPath labelSelectorPath
CustomResourceSubresources: status scale
CustomResourceValidation: openAPIV3Schema
ExternalDocumentation: description url
JSONSchemaProps: id $schema $ref description type format title default maximum exclusiveMaximum minimum
  exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems multipleOf enum maxProperties
  minProperties required items allOf oneOf anyOf not properties additionalProperties patternProperties dependencies
  additionalItems definitions externalDocs example nullable x-kubernetes-preserve-unknown-fields
  x-kubernetes-embedded-resource x-kubernetes-int-or-string x-kubernetes-list-map-keys x-kubernetes-list-type
  x-kubernetes-map-type x-kubernetes-validations
SelectableField: jsonPath
ServiceReference: namespace name path port
ValidationRule: rule message messageExpression reason fieldPath optionalOldSelf
WebhookClientConfig: service caBundle url
WebhookConversion: 2 clientConfig conversionReviewVersions
`,
  "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1": `
APIService: metadata spec status
APIServiceCondition: type status lastTransitionTime reason message
APIServiceList: metadata items
APIServiceSpec: service group version insecureSkipTLSVerify caBundle 7 groupPriorityMinimum versionPriority
APIServiceStatus: conditions
ServiceReference: namespace name port
`,
};
