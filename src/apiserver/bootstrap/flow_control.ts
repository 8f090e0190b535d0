import type { KubeObject } from "../../api/machinery/object.ts";

const apiVersion = "flowcontrol.apiserver.k8s.io/v1";

/** The annotation that lets the server keep the spec as it is here. */
export const autoupdateSpec = "apf.kubernetes.io/autoupdate-spec";

const everyPath = [{ verbs: ["*"], nonResourceURLs: ["*"] }];
const everyResource = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] },
] as const;

const groupSubject = (name: string) => ({ kind: "Group", group: { name } });
const userSubject = (name: string) => ({ kind: "User", user: { name } });
const systemAccounts = { kind: "ServiceAccount", serviceAccount: { namespace: "kube-system", name: "*" } };
const everybody = [groupSubject("system:unauthenticated"), groupSubject("system:authenticated")];

function flow(
  name: string,
  level: string,
  precedence: number,
  distinguisher: "ByUser" | "ByNamespace" | undefined,
  subjects: readonly object[],
  rules: { resourceRules?: readonly object[]; nonResourceRules?: readonly object[] } = {
    resourceRules: everyResource,
    nonResourceRules: everyPath,
  },
): KubeObject {
  const spec = {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: precedence,
    ...(distinguisher ? { distinguisherMethod: { type: distinguisher } } : {}),
    rules: [{ subjects, ...rules }],
  };
  return object("FlowSchema", name, spec);
}

function object(kind: string, name: string, spec: object): KubeObject {
  const metadata = { name, annotations: { [autoupdateSpec]: "true" } };
  return { apiVersion, kind, metadata, spec } as unknown as KubeObject;
}

function level(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queuing?: { queues: number; handSize: number },
): KubeObject {
  const limitResponse = queuing ? { type: "Queue", queuing: { ...queuing, queueLengthLimit: 50 } } : { type: "Reject" };
  return object("PriorityLevelConfiguration", name, {
    type: "Limited",
    limited: { nominalConcurrencyShares, limitResponse, lendablePercent },
  });
}

const probes = {
  nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
};
const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ["*"] };
const electing = { resourceRules: [{ verbs: ["get", "create", "update"], ...leases }] };
const nodeReports = {
  resourceRules: [
    { verbs: ["*"], apiGroups: [""], resources: ["nodes", "nodes/status"], clusterScope: true, namespaces: ["*"] },
    { verbs: ["*"], ...leases },
  ],
};
const [manager, scheduler] = [userSubject("system:kube-controller-manager"), userSubject("system:kube-scheduler")];

/** The flow schemas that a cluster has from the start (API priority and fairness, "Suggested configuration objects"). */
export const defaultFlowSchemas: readonly KubeObject[] = [
  flow("exempt", "exempt", 1, undefined, [groupSubject("system:masters")]),
  flow("probes", "exempt", 2, undefined, everybody, probes),
  flow("system-leader-election", "leader-election", 100, "ByUser", [manager, scheduler, systemAccounts], electing),
  flow("system-node-high", "node-high", 400, "ByUser", [groupSubject("system:nodes")], nodeReports),
  flow("system-nodes", "system", 500, "ByUser", [groupSubject("system:nodes")]),
  flow("kube-controller-manager", "workload-high", 800, "ByNamespace", [manager]),
  flow("kube-scheduler", "workload-high", 800, "ByNamespace", [scheduler]),
  flow("kube-system-service-accounts", "workload-high", 900, "ByNamespace", [systemAccounts]),
  flow("service-accounts", "workload-low", 9000, "ByUser", [groupSubject("system:serviceaccounts")]),
  flow("global-default", "global-default", 9900, "ByUser", everybody),
  flow("catch-all", "catch-all", 10_000, "ByUser", everybody),
];

/** The priority levels that a cluster has from the start. */
export const defaultPriorityLevels: readonly KubeObject[] = [
  object("PriorityLevelConfiguration", "exempt", {
    type: "Exempt",
    exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 },
  }),
  level("catch-all", 5, 0),
  level("global-default", 20, 50, { queues: 128, handSize: 6 }),
  level("leader-election", 10, 0, { queues: 16, handSize: 4 }),
  level("node-high", 40, 25, { queues: 64, handSize: 6 }),
  level("system", 30, 33, { queues: 64, handSize: 6 }),
  level("workload-high", 40, 50, { queues: 128, handSize: 6 }),
  level("workload-low", 100, 90, { queues: 128, handSize: 6 }),
];
