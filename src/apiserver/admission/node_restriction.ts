import { parseCertificateRequest } from "../../api/certificates/request.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { forbidden, notFound } from "../../api/machinery/status.ts";
import { sameJson } from "../../base/equal.ts";
import { nodeOf } from "../auth/node_authorizer.ts";
import { podReferences } from "../auth/node_graph.ts";
import { type AdmissionPlugin, type AdmissionRequest, cacheOf, type Registry } from "../registry/scope.ts";
import { forbiddenNodeLabels } from "./node_labels.ts";
import { tokenProblem } from "./node_tokens.ts";

const mirrorAnnotation = "kubernetes.io/config.mirror";
const leaseNamespace = "kube-node-lease";
/** Who issues kubelets' certificates. */
const kubeletSigners = new Set(["kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client-kubelet"]);

/** A kubelet's write, and the node that it is the kubelet of. */
interface Write extends AdmissionRequest {
  node: string;
}

/** Why a kubelet may not write this. Undefined if it may. */
type Problem = string | undefined;

/**
 * Keeps a kubelet to its own node and the pods that are bound to it: what it writes is looked into, where the Node
 * authorizer sees only names (NodeRestriction).
 */
export function nodeRestriction(registry: () => Registry): AdmissionPlugin {
  function check(request: AdmissionRequest): void {
    const { scope } = request;
    const node = nodeOf(scope.user);
    if (node === undefined) return;
    const name = request.name || request.draft?.metadata.name || "Unknown";
    const refuse = (why: string) => forbidden(scope.resource, name, why);
    if (node === "") throw refuse(`could not determine node from user ${JSON.stringify(scope.user.username)}`);
    const problem = problemOf({ ...request, node }, registry());
    if (problem !== undefined) throw refuse(problem);
  }
  return {
    name: "NodeRestriction",
    mutate: check,
    validate(request) {
      if (request.operation === "DELETE") check(request);
    },
  };
}

function problemOf(write: Write, registry: Registry): Problem {
  switch (write.scope.resource.id) {
    case "pods":
      return podProblem(write, registry);
    case "nodes":
      return nodeProblem(write);
    case "persistentvolumeclaims":
      return claimProblem(write);
    case "serviceaccounts":
      return accountProblem(write, registry);
    case "leases.coordination.k8s.io":
      return leaseProblem(write);
    case "csinodes.storage.k8s.io":
      return nameOf(write) === write.node
        ? undefined
        : "can only access CSINode with the same name as the requesting node";
    case "resourceslices.resource.k8s.io":
      return sliceProblem(write);
    case "certificatesigningrequests.certificates.k8s.io":
      return certificateProblem(write);
    default:
      return undefined;
  }
}

function nameOf({ name, draft }: Write): string {
  return name || draft?.metadata.name || "";
}

function podProblem(write: Write, registry: Registry): Problem {
  const { operation, subresource, previous, node, scope } = write;
  const quoted = JSON.stringify(node);
  switch (subresource ?? "") {
    case "":
      if (operation === "CREATE") return mirrorPodProblem(write, registry);
      if (operation !== "DELETE")
        return `unexpected operation ${JSON.stringify(operation)}, node ${quoted} can only create and delete mirror pods`;
      return previous?.spec?.nodeName === node
        ? undefined
        : `node ${quoted} can only delete pods with spec.nodeName set to itself`;
    case "status":
      return podStatusProblem(write);
    case "eviction": {
      const pod = lookUp(registry, "pods", `${scope.namespace}/${nameOf(write)}`);
      if (!pod) throw notFound(scope.resource, nameOf(write));
      return pod.spec.nodeName === node
        ? undefined
        : `node ${node} can only evict pods with spec.nodeName set to itself`;
    }
    default:
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`;
  }
}

function podStatusProblem({ operation, draft, previous, node }: Write): Problem {
  const quoted = JSON.stringify(node);
  if (operation !== "UPDATE")
    return `unexpected operation ${JSON.stringify(operation)}, node ${quoted} can only update pod status`;
  if (previous?.spec?.nodeName !== node)
    return `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`;
  if (!sameJson(draft!.metadata.labels ?? {}, previous.metadata.labels ?? {}))
    return `node ${quoted} cannot update labels through pod status`;
  if (!sameJson(draft!.status?.resourceClaimStatuses ?? [], previous.status?.resourceClaimStatuses ?? []))
    return `node ${quoted} cannot update resource claim statuses`;
  return undefined;
}

/** A kubelet creates pods only to show what it runs without the API; they must give it nothing. */
function mirrorPodProblem({ draft, node }: Write, registry: Registry): Problem {
  const pod = draft!;
  const quoted = JSON.stringify(node);
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined)
    return `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, node ${quoted} can only create mirror pods`;
  if (pod.spec?.nodeName !== node) return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  const owner = ownerProblem(pod, node, registry);
  if (owner !== undefined) return owner;
  if (pod.spec.serviceAccountName) return `node ${quoted} can not create pods that reference a service account`;
  const refers = (resource: string) => [...podReferences(pod)].some((each) => each.startsWith(`${resource}|`));
  for (const resource of ["secrets", "configmaps", "persistentvolumeclaims"]) {
    if (refers(resource)) return `node ${quoted} can not create pods that reference ${resource}`;
  }
  if (pod.spec.resourceClaims?.length) return `node ${quoted} can not create pods that reference resourceclaims`;
  const sources: any[] = (pod.spec.volumes ?? []).flatMap((volume: any) => volume.projected?.sources ?? []);
  if (sources.some((source) => source.clusterTrustBundle))
    return `node ${quoted} can not create pods that reference clustertrustbundles`;
  if (sources.some((source) => source.serviceAccountToken || source.podCertificate))
    return `node ${quoted} can not create pods that reference a service account`;
  return undefined;
}

function ownerProblem({ metadata }: KubeObject, node: string, registry: Registry): Problem {
  const quoted = JSON.stringify(node);
  const owners = metadata.ownerReferences ?? [];
  if (owners.length > 1) return `node ${quoted} can only create pods with a single owner reference set to itself`;
  const [owner] = owners;
  if (owner?.apiVersion !== "v1" || owner.kind !== "Node" || owner.name !== node)
    return `node ${quoted} can only create pods with an owner reference set to itself`;
  if (!owner.controller) return `node ${quoted} can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion) return `node ${quoted} must not set blockOwnerDeletion on an owner reference`;
  const uid = lookUp(registry, "nodes", node)?.metadata.uid;
  return owner.uid === uid ? undefined : `node ${node} UID mismatch: expected ${uid} got ${owner.uid}`;
}

function nodeProblem(write: Write): Problem {
  const { operation, draft, previous, node, subresource } = write;
  const quoted = JSON.stringify(node);
  if (operation === "CREATE") {
    const labels = forbiddenNodeLabels(draft!.metadata.labels ?? {}, {});
    if (labels.length > 0) return `node ${quoted} is not allowed to set the following labels: ${labels.join(", ")}`;
  }
  if (operation === "UPDATE") {
    const labels = forbiddenNodeLabels(draft!.metadata.labels ?? {}, previous!.metadata.labels ?? {});
    // It could steer to itself what is not meant for it.
    const taints = subresource !== "status" && !sameJson(draft!.spec?.taints ?? [], previous!.spec?.taints ?? []);
    if (taints) return `node ${quoted} is not allowed to modify taints`;
    if (labels.length > 0) return `is not allowed to modify labels: ${labels.join(", ")}`;
    if (!sameJson(draft!.metadata.ownerReferences ?? [], previous!.metadata.ownerReferences ?? []))
      return `node ${quoted} is not allowed to modify ownerReferences`;
  }
  const name = nameOf(write);
  return name === node ? undefined : `node ${quoted} is not allowed to modify node ${JSON.stringify(name)}`;
}

/** What the status of a claim tells of a resize: the kubelet's business. */
const resizeFields = [
  "capacity",
  "conditions",
  "allocatedResources",
  "allocatedResourceStatuses",
  "currentVolumeAttributesClassName",
  "modifyVolumeStatus",
];

function claimProblem({ operation, subresource, draft, previous, node }: Write): Problem {
  if (subresource !== "status") return "may only update PVC status";
  const quoted = JSON.stringify(node);
  if (operation !== "UPDATE")
    return `unexpected operation ${JSON.stringify(operation)}, node ${quoted} can only update PVC status`;
  const rest = ({ metadata, status, ...others }: KubeObject) => {
    const { resourceVersion: _r, managedFields: _m, ...kept } = metadata;
    const left = Object.entries(status ?? {}).filter(([field]) => !resizeFields.includes(field));
    return { ...others, metadata: kept, status: Object.fromEntries(left) };
  };
  if (sameJson(rest(draft!), rest(previous!))) return undefined;
  return `node ${quoted} is not allowed to update fields other than status.quantity and status.conditions`;
}

function leaseProblem(write: Write): Problem {
  if (write.scope.namespace !== leaseNamespace)
    return `can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`;
  if (nameOf(write) !== write.node) return "can only access node lease with the same name as the requesting node";
  return undefined;
}

function sliceProblem({ operation, draft, previous, node }: Write): Problem {
  if (operation === "CREATE" && draft!.spec?.nodeName !== node)
    return "can only create ResourceSlice with the same NodeName as the requesting node";
  if (operation === "DELETE" && previous!.spec?.nodeName !== node)
    return "can only delete ResourceSlice with the same NodeName as the requesting node";
  return undefined;
}

/** A kubelet asks for its own node's certificates only. */
function certificateProblem({ operation, subresource, draft, node }: Write): Problem {
  if (operation !== "CREATE" || subresource || !kubeletSigners.has(draft!.spec?.signerName)) return undefined;
  try {
    const { commonName } = parseCertificateRequest(atob(draft!.spec.request ?? ""));
    const own = `system:node:${node}`;
    return commonName === own ? undefined : `can only create a node CSR with CN=${own}`;
  } catch (error) {
    return `unable to parse csr: ${(error as Error).message}`;
  }
}

function accountProblem({ operation, subresource, draft, scope, node, name }: Write, registry: Registry): Problem {
  if (operation !== "CREATE" || subresource !== "token") return undefined;
  const ref = draft!.spec?.boundObjectRef;
  if (ref?.apiVersion !== "v1" || ref.kind !== "Pod" || !ref.name) return "node requested token not bound to a pod";
  if (!ref.uid) return "node requested token with a pod binding without a uid";
  const pod = lookUp(registry, "pods", `${scope.namespace}/${ref.name}`);
  if (!pod) throw notFound({ group: "", plural: "pods" }, ref.name);
  if (ref.uid !== pod.metadata.uid)
    return `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  if (pod.spec.nodeName !== node) return "node requested token bound to a pod scheduled on a different node";
  return tokenProblem({ registry, user: scope.user, account: name ?? "", pod, node }, draft!.spec.audiences ?? []);
}

function lookUp(registry: Registry, id: string, key: string): KubeObject | undefined {
  return cacheOf(registry, registry.resources.byId(id)!).get(key)?.object;
}
