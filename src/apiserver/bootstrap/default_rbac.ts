import type { KubeObject } from "../../api/machinery/object.ts";
import { clusterRoles, readTrustBundles } from "./cluster_roles.ts";
import { controllerRoles } from "./controller_roles.ts";
import { parseRules } from "./parse_rules.ts";

const group = "rbac.authorization.k8s.io";
const apiVersion = `${group}/v1`;

/** The annotation that lets the server complete what it made; any value but "true" switches that off. */
export const autoupdate = "rbac.authorization.kubernetes.io/autoupdate";

const controllerPrefix = "system:controller:";

/** Roles that gather the rules of others, by label: name → what it gathers, and where it is gathered itself. */
const gatherers: Record<string, { gathers: string; into?: string }> = {
  admin: { gathers: "admin" },
  edit: { gathers: "edit", into: "admin" },
  view: { gathers: "view", into: "edit" },
};

/** Roles whose rules are gathered. */
const gathered: Record<string, string> = {
  "system:aggregate-to-admin": "admin",
  "system:aggregate-to-edit": "edit",
  "system:aggregate-to-view": "view",
};

/** Who has which ClusterRole: the binding's name is the role's. `Group:`, `User:` or `ServiceAccount:` of kube-system. */
const clusterSubjects: Record<string, string[]> = {
  "cluster-admin": ["Group:system:masters"],
  "system:basic-user": ["Group:system:authenticated"],
  "system:discovery": ["Group:system:authenticated"],
  "system:kube-controller-manager": ["User:system:kube-controller-manager"],
  "system:kube-dns": ["ServiceAccount:kube-dns"],
  "system:kube-scheduler": ["User:system:kube-scheduler"],
  "system:monitoring": ["Group:system:monitoring"],
  // Nobody: the Node authorizer decides about nodes.
  "system:node": [],
  "system:node-proxier": ["User:system:kube-proxy"],
  "system:public-info-viewer": ["Group:system:authenticated", "Group:system:unauthenticated"],
  "system:service-account-issuer-discovery": ["Group:system:serviceaccounts"],
  "system:volume-scheduler": ["User:system:kube-scheduler"],
};

const leaderLocking = `
  create,get,list,update,watch coordination.k8s.io: leases
  create,get,list,update,watch coordination.k8s.io: leasecandidates`;

const eventWriting = "create,patch,update core,events.k8s.io: events";

/** Roles within the system namespaces, with who has them. The binding has the role's name unless `binding` says another. */
const namespaceRoles: { namespace: string; name: string; rules: string; subjects: string[]; binding?: string }[] = [
  {
    namespace: "kube-public",
    name: "system:controller:bootstrap-signer",
    rules: `
      read core: configmaps
      update core: configmaps = cluster-info
      ${eventWriting}`,
    subjects: ["ServiceAccount:bootstrap-signer"],
  },
  {
    namespace: "kube-system",
    name: "extension-apiserver-authentication-reader",
    binding: "system::extension-apiserver-authentication-reader",
    rules: "read core: configmaps = extension-apiserver-authentication",
    subjects: ["User:system:kube-controller-manager", "User:system:kube-scheduler"],
  },
  {
    namespace: "kube-system",
    name: "system::leader-locking-kube-controller-manager",
    rules: leaderLocking,
    subjects: [
      "User:system:kube-controller-manager",
      "ServiceAccount:kube-controller-manager",
      "ServiceAccount:leader-election-controller",
    ],
  },
  {
    namespace: "kube-system",
    name: "system::leader-locking-kube-scheduler",
    rules: leaderLocking,
    subjects: ["User:system:kube-scheduler", "ServiceAccount:kube-scheduler"],
  },
  {
    namespace: "kube-system",
    name: "system:controller:bootstrap-signer",
    rules: "read core: secrets",
    subjects: ["ServiceAccount:bootstrap-signer"],
  },
  {
    namespace: "kube-system",
    name: "system:controller:cloud-provider",
    rules: "create,get,list,watch core: configmaps",
    subjects: ["ServiceAccount:cloud-provider"],
  },
  {
    namespace: "kube-system",
    name: "system:controller:token-cleaner",
    rules: `
      delete,get,list,watch core: secrets
      ${eventWriting}`,
    subjects: ["ServiceAccount:token-cleaner"],
  },
];

/** Who may read roots of trust, where they are served: whoever runs in the cluster. */
const trustBundleReaders = "system:cluster-trust-bundle-discovery";

/** Every role and binding that a cluster has from the start, roles before their bindings. */
export function defaultRbac({ trustBundles }: { trustBundles: boolean }): { id: string; object: KubeObject }[] {
  const roles = trustBundles ? { ...clusterRoles, [trustBundleReaders]: readTrustBundles } : clusterRoles;
  const readers = trustBundles ? { [trustBundleReaders]: ["Group:system:serviceaccounts"] } : {};
  return [
    ...Object.entries(gatherers).map(([name, { gathers, into }]) =>
      entry("clusterroles", "ClusterRole", metadata(name, into), {
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(gathers)]: "true" } }] },
      }),
    ),
    ...Object.entries(roles).map(([name, rules]) =>
      entry("clusterroles", "ClusterRole", metadata(name, gathered[name]), { rules: parseRules(rules) }),
    ),
    ...Object.entries(controllerRoles).map(([name, rules]) =>
      entry("clusterroles", "ClusterRole", metadata(controllerPrefix + name), { rules: parseRules(rules) }),
    ),
    ...namespaceRoles.map(({ namespace, name, rules }) =>
      entry("roles", "Role", { ...metadata(name), namespace }, { rules: parseRules(rules) }),
    ),
    ...Object.entries({ ...clusterSubjects, ...readers }).map(([name, subjects]) => clusterBinding(name, subjects)),
    ...Object.keys(controllerRoles).map((name) => clusterBinding(controllerPrefix + name, [`ServiceAccount:${name}`])),
    ...namespaceRoles.map(({ namespace, name, subjects, binding }) =>
      entry("rolebindings", "RoleBinding", { ...metadata(binding ?? name), namespace }, bound("Role", name, subjects)),
    ),
  ];
}

function entry(plural: string, kind: string, meta: object, rest: object): { id: string; object: KubeObject } {
  return { id: `${plural}.${group}`, object: { apiVersion, kind, metadata: meta, ...rest } as KubeObject };
}

function clusterBinding(name: string, subjects: readonly string[]): { id: string; object: KubeObject } {
  return entry("clusterrolebindings", "ClusterRoleBinding", metadata(name), bound("ClusterRole", name, subjects));
}

function bound(kind: string, name: string, subjects: readonly string[]): object {
  return {
    roleRef: { apiGroup: group, kind, name },
    ...(subjects.length > 0 ? { subjects: subjects.map(subjectOf) } : {}),
  };
}

function subjectOf(text: string): object {
  const colon = text.indexOf(":");
  const [kind, name] = [text.slice(0, colon), text.slice(colon + 1)];
  return kind === "ServiceAccount" ? { kind, name, namespace: "kube-system" } : { kind, apiGroup: group, name };
}

function aggregateLabel(role: string): string {
  return `rbac.authorization.k8s.io/aggregate-to-${role}`;
}

function metadata(name: string, aggregatedTo?: string): { name: string } & Record<string, unknown> {
  return {
    name,
    labels: {
      "kubernetes.io/bootstrapping": "rbac-defaults",
      ...(aggregatedTo ? { [aggregateLabel(aggregatedTo)]: "true" } : {}),
    },
    annotations: { [autoupdate]: "true" },
  };
}
