import type { UserInfo } from "../../base/http.ts";
import { servesTrustBundles } from "../bootstrap/bootstrap.ts";
import { clusterRoles, readTrustBundles } from "../bootstrap/cluster_roles.ts";
import { parseRules } from "../bootstrap/parse_rules.ts";
import type { Registry } from "../registry/scope.ts";
import type { Authorizer, Decision, ResourceAttributes } from "./authorizer.ts";
import { type NodeGraph, type NodeResource, nodeGraph } from "./node_graph.ts";
import { ruleAllows } from "./rules.ts";

/** The node that a user is the kubelet of. Undefined for others. */
export function nodeOf({ username, groups }: UserInfo): string | undefined {
  const isNode = username.startsWith(nodePrefix) && groups.includes("system:nodes");
  return isNode ? username.slice(nodePrefix.length) : undefined;
}

const nodePrefix = "system:node:";

const allow: Decision = { decision: "allow", reason: "" };
const because = (reason: string): Decision => ({ decision: "none", reason });

/** What a kubelet wants of one kind of object. */
interface Wish extends ResourceAttributes {
  verb: string;
  node: string;
}

/**
 * Lets a kubelet do what its own node and the pods that are bound to it need, and no more (Using Node Authorization). What
 * is not about particular objects is as the ClusterRole `system:node` says.
 */
export function nodeAuthorizer(registry: Registry): Authorizer {
  const graph = nodeGraph(registry);
  const rules = parseRules(clusterRoles["system:node"]!);
  if (servesTrustBundles(registry)) rules.push(...parseRules(readTrustBundles));
  return (attributes) => {
    const { user, verb, resource } = attributes;
    const node = nodeOf(user);
    if (node === undefined) return because("");
    if (node === "") return because(`unknown node for user ${JSON.stringify(user.username)}`);
    const decide =
      resource && special[resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`];
    if (decide) return decide({ ...resource, verb, node }, graph);
    return rules.some((rule) => ruleAllows(rule, attributes)) ? allow : because("");
  };
}

type Decide = (wish: Wish, graph: NodeGraph) => Decision;

const special: Record<string, Decide> = {
  secrets: readNamespaced("secrets"),
  configmaps: readNamespaced("configmaps"),
  persistentvolumeclaims: (wish, graph) => {
    if (wish.subresource !== "status") return getOnly("persistentvolumeclaims")(wish, graph);
    if (!["get", "update", "patch"].includes(wish.verb)) return because("can only get/update/patch this type");
    return related("persistentvolumeclaims", wish, graph);
  },
  persistentvolumes: getOnly("persistentvolumes"),
  "resourceclaims.resource.k8s.io": getOnly("resourceclaims"),
  "volumeattachments.storage.k8s.io": getOnly("volumeattachments"),
  serviceaccounts: decideAccount,
  "leases.coordination.k8s.io": decideLease,
  "csinodes.storage.k8s.io": decideCsiNode,
  "resourceslices.resource.k8s.io": decideSlice,
  nodes: decideNode,
  pods: decidePod,
};

function related(resource: NodeResource, { node, namespace, name }: Wish, graph: NodeGraph): Decision {
  if (!name) return because("No Object name found");
  if (graph.reaches(node, resource, namespace ? `${namespace}/${name}` : name)) return allow;
  return because(`no relationship found between node '${node}' and this object`);
}

function readNamespaced(resource: NodeResource): Decide {
  return (wish, graph) => {
    if (!["get", "list", "watch"].includes(wish.verb)) return because("can only read resources of this type");
    if (wish.subresource) return because("cannot read subresource");
    if (!wish.namespace) return because("can only read namespaced object of this type");
    return related(resource, wish, graph);
  };
}

function getOnly(resource: NodeResource): Decide {
  return (wish, graph) => {
    if (wish.verb !== "get") return because("can only get individual resources of this type");
    if (wish.subresource) return because("cannot get subresource");
    return related(resource, wish, graph);
  };
}

function decideAccount(wish: Wish, graph: NodeGraph): Decision {
  if (wish.verb === "get" && !wish.subresource) return related("serviceaccounts", wish, graph);
  if (wish.verb !== "create" || !wish.name) return because("can only create tokens for individual service accounts");
  if (wish.subresource !== "token") return because("can only create token subresource of serviceaccount");
  return related("serviceaccounts", wish, graph);
}

const ownVerbs = ["get", "create", "update", "patch", "delete"];

function decideLease({ verb, namespace, name, node }: Wish): Decision {
  if (!ownVerbs.includes(verb)) return because("can only get, create, update, patch, or delete a node lease");
  if (namespace !== "kube-node-lease")
    return because('can only access leases in the "kube-node-lease" system namespace');
  // Whether a new one has the right name is for NodeRestriction to say, who sees it.
  if (verb !== "create" && name !== node)
    return because("can only access node lease with the same name as the requesting node");
  return allow;
}

function decideCsiNode({ verb, subresource, name, node }: Wish): Decision {
  if (!ownVerbs.includes(verb)) return because("can only get, create, update, patch, or delete a CSINode");
  if (subresource) return because("cannot authorize CSINode subresources");
  if (verb !== "create" && name !== node)
    return because("can only access CSINode with the same name as the requesting node");
  return allow;
}

function decideSlice(wish: Wish, graph: NodeGraph): Decision {
  const { verb, subresource, fieldSelector, node } = wish;
  if (subresource) return because("cannot authorize ResourceSlice subresources");
  switch (verb) {
    case "create":
      return allow;
    case "get":
    case "update":
    case "patch":
    case "delete":
      return related("resourceslices", wish, graph);
    case "list":
    case "watch":
    case "deletecollection":
      return selects(fieldSelector, "spec.nodeName", node)
        ? allow
        : because("can only list/watch/deletecollection resourceslices with nodeName field selector");
    default:
      return because(
        "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
      );
  }
}

function decideNode({ verb, subresource, name, node }: Wish): Decision {
  if (subresource === "status") return verb === "update" || verb === "patch" ? allow : because("");
  if (subresource) return because("");
  if (verb === "create" || verb === "update" || verb === "patch") return allow;
  if (!["get", "list", "watch"].includes(verb)) return because("");
  if (name === node) return allow;
  return because(`node '${node}' cannot read ${name ? `'${name}'` : "all nodes"}, only its own Node object`);
}

function decidePod(wish: Wish, graph: NodeGraph): Decision {
  const { verb, subresource, fieldSelector, node, name } = wish;
  switch (`${verb}/${subresource ?? ""}`) {
    case "get/":
      return related("pods", wish, graph);
    case "list/":
    case "watch/":
      if (selects(fieldSelector, "spec.nodeName", node)) return allow;
      if (name) return related("pods", wish, graph);
      return because("can only list/watch pods with spec.nodeName field selector");
    case "create/":
    case "delete/":
    case "update/status":
    case "patch/status":
    case "create/eviction":
      // On which pods is for NodeRestriction to say.
      return allow;
    default:
      return because("");
  }
}

/** True if a field selector asks for exactly this value. */
function selects(fieldSelector: string | undefined, field: string, value: string): boolean {
  return (fieldSelector ?? "").split(",").some((part) => {
    const match = /^([^=!]+)==?([^=!]*)$/.exec(part.trim());
    return match?.[1] === field && match[2] === value;
  });
}
