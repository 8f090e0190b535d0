// `create role`, bindings, quotas, budgets, priority classes, ingresses.

import { type Call, defineCommand } from "../command.ts";
import { makeObject, makingFlags, nameOf } from "../creating.ts";
import { CommandError } from "../errors.ts";
import type { FlagTable } from "../flags.ts";
import { resourceOf } from "../targets.ts";

const ruleFlags: FlagTable = {
  verb: { type: "strings", help: "Verb that applies to the resources contained in the rule" },
  resource: { type: "strings", help: "Resource that the rule applies to" },
  "resource-name": {
    type: "array",
    help: "Resource in the white list that the rule applies to, repeat this flag for multiple items",
  },
};

async function rulesOf(call: Call): Promise<object[]> {
  const { flags } = call;
  const verbs = [...new Set(flags.list("verb"))];
  if (verbs.length === 0) throw new CommandError("at least one verb must be specified");
  const resources = flags.list("resource");
  if (resources.length === 0) throw new CommandError("at least one resource must be specified");
  const byGroup = new Map<string, string[]>();
  for (const word of resources) {
    const [type = "", sub] = word.split("/");
    const mapping = type === "*" ? { group: "*", plural: "*" } : await resourceOf(call, type);
    const name = sub ? `${mapping.plural}/${sub}` : mapping.plural;
    byGroup.set(mapping.group, [...(byGroup.get(mapping.group) ?? []), name]);
  }
  const resourceNames = flags.list("resource-name");
  return [...byGroup]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, names]) => ({
      apiGroups: [group],
      resources: names,
      ...(resourceNames.length > 0 ? { resourceNames } : {}),
      verbs,
    }));
}

export const createRole = defineCommand({
  path: "create role",
  usage: "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [options]",
  summary: "Create a role with single rule",
  flags: { ...makingFlags, ...ruleFlags },
  async run(call) {
    await makeObject(call, {
      kind: "Role",
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name: nameOf(call) },
      rules: await rulesOf(call),
    });
  },
});

export const createClusterRole = defineCommand({
  path: "create clusterrole",
  usage: "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [options]",
  summary: "Create a cluster role",
  flags: {
    ...makingFlags,
    ...ruleFlags,
    "non-resource-url": { type: "strings", help: "A partial url that user should have access to." },
  },
  async run(call) {
    const urls = call.flags.list("non-resource-url");
    const rules = urls.length > 0 ? [{ verbs: call.flags.list("verb"), nonResourceURLs: urls }] : await rulesOf(call);
    await makeObject(call, {
      kind: "ClusterRole",
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name: nameOf(call) },
      rules,
    });
  },
});

const bindingFlags: FlagTable = {
  clusterrole: { type: "string", help: "ClusterRole this binding should reference" },
  group: { type: "array", help: "Groups to bind to the role." },
  serviceaccount: { type: "array", help: "Service accounts to bind to the role, in the format <namespace>:<name>." },
  user: { type: "array", help: "Usernames to bind to the role." },
};

function subjectsOf({ flags }: Call): { subjects?: object[] } {
  const apiGroup = "rbac.authorization.k8s.io";
  const subjects = [
    ...flags.list("user").map((name) => ({ kind: "User", apiGroup, name })),
    ...flags.list("group").map((name) => ({ kind: "Group", apiGroup, name })),
    ...flags.list("serviceaccount").map((word) => {
      const [namespace, name] = word.split(":");
      if (!namespace || !name) throw new CommandError("serviceaccount must be <namespace>:<name>");
      return { kind: "ServiceAccount", name, namespace };
    }),
  ];
  return subjects.length > 0 ? { subjects } : {};
}

export const createRoleBinding = defineCommand({
  path: "create rolebinding",
  usage:
    "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]",
  summary: "Create a role binding for a particular role or cluster role",
  flags: { ...makingFlags, ...bindingFlags, role: { type: "string", help: "Role this RoleBinding should reference" } },
  async run(call) {
    const name = nameOf(call);
    const [clusterRole, role] = [call.flags.string("clusterrole"), call.flags.string("role")];
    if (Boolean(clusterRole) === Boolean(role))
      throw new CommandError("exactly one of clusterrole or role must be specified");
    const roleRef = {
      apiGroup: "rbac.authorization.k8s.io",
      kind: role ? "Role" : "ClusterRole",
      name: role || clusterRole,
    };
    await makeObject(call, {
      kind: "RoleBinding",
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name },
      ...subjectsOf(call),
      roleRef,
    });
  },
});

export const createClusterRoleBinding = defineCommand({
  path: "create clusterrolebinding",
  usage:
    "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]",
  summary: "Create a cluster role binding for a particular cluster role",
  flags: { ...makingFlags, ...bindingFlags },
  async run(call) {
    const name = nameOf(call);
    const clusterRole = call.flags.string("clusterrole");
    if (!clusterRole) throw new CommandError('required flag(s) "clusterrole" not set');
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: clusterRole };
    await makeObject(call, {
      kind: "ClusterRoleBinding",
      apiVersion: "rbac.authorization.k8s.io/v1",
      metadata: { name },
      ...subjectsOf(call),
      roleRef,
    });
  },
});

export const createQuota = defineCommand({
  path: "create quota",
  usage: "NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [options]",
  summary: "Create a quota with the specified name",
  flags: {
    ...makingFlags,
    hard: { type: "string", help: "A comma-delimited set of resource=quantity pairs that define a hard limit." },
    scopes: {
      type: "strings",
      help: "A comma-delimited set of quota scopes that must all match each object tracked by the quota.",
    },
  },
  async run(call) {
    const pairs = call.flags
      .string("hard")
      .split(",")
      .filter(Boolean)
      .map((pair) => pair.split("=", 2));
    const scopes = call.flags.list("scopes");
    const spec = {
      ...(pairs.length > 0 ? { hard: Object.fromEntries(pairs) } : {}),
      ...(scopes.length > 0 ? { scopes } : {}),
    };
    await makeObject(call, {
      kind: "ResourceQuota",
      apiVersion: "v1",
      metadata: { name: nameOf(call) },
      spec,
      status: {},
    });
  },
});

export const createPdb = defineCommand({
  path: "create poddisruptionbudget",
  usage: "NAME --selector=SELECTOR --min-available=N [options]",
  summary: "Create a pod disruption budget with the specified name",
  flags: {
    ...makingFlags,
    selector: {
      type: "string",
      help: "A label selector to use for this budget. Only equality-based selector requirements are supported.",
    },
    "min-available": {
      type: "string",
      help: "The minimum number or percentage of available pods this budget requires.",
    },
    "max-unavailable": {
      type: "string",
      help: "The maximum number or percentage of unavailable pods this budget requires.",
    },
  },
  async run(call) {
    const { flags } = call;
    const name = nameOf(call);
    const [least, most] = [flags.string("min-available"), flags.string("max-unavailable")];
    if (!flags.string("selector")) throw new CommandError("a selector must be specified");
    if (Boolean(least) === Boolean(most))
      throw new CommandError("one of min-available or max-unavailable must be specified");
    const amount = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);
    const matchLabels = Object.fromEntries(
      flags
        .string("selector")
        .split(",")
        .map((pair) => pair.split("=", 2)),
    );
    const spec = {
      ...(least ? { minAvailable: amount(least) } : { maxUnavailable: amount(most) }),
      selector: { matchLabels },
    };
    await makeObject(call, {
      kind: "PodDisruptionBudget",
      apiVersion: "policy/v1",
      metadata: { name },
      spec,
      status: {},
    });
  },
});

export const createPriorityClass = defineCommand({
  path: "create priorityclass",
  usage: "NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none] [options]",
  summary: "Create a priority class with the specified name",
  flags: {
    ...makingFlags,
    value: { type: "int", default: "0", help: "the value of this priority class." },
    "global-default": {
      type: "bool",
      help: "global-default specifies whether this PriorityClass should be considered as the default priority.",
    },
    description: {
      type: "string",
      help: "description is an arbitrary string that usually provides guidelines on when this priority class should be used.",
    },
    "preemption-policy": {
      type: "string",
      default: "PreemptLowerPriority",
      help: "preemption-policy is the policy for preempting pods with lower priority.",
    },
  },
  async run(call) {
    const { flags } = call;
    await makeObject(call, {
      kind: "PriorityClass",
      apiVersion: "scheduling.k8s.io/v1",
      metadata: { name: nameOf(call) },
      value: flags.int("value"),
      ...(flags.bool("global-default") ? { globalDefault: true } : {}),
      ...(flags.string("description") ? { description: flags.string("description") } : {}),
      preemptionPolicy: flags.string("preemption-policy"),
    });
  },
});

export const createIngress = defineCommand({
  path: "create ingress",
  usage: "NAME --rule=host/path=service:port[,tls[=secret]] [options]",
  summary: "Create an ingress with the specified name",
  flags: {
    ...makingFlags,
    class: { type: "string", help: "Ingress Class to be used" },
    rule: {
      type: "array",
      help: "Rule in format host/path=service:port[,tls=secretname]. Paths containing the leading character '*' are considered pathType=Prefix.",
    },
    "default-backend": { type: "string", help: "Default service for backend, in format of svcname:port" },
  },
  async run(call) {
    const { flags } = call;
    const backendOf = (text: string) => {
      const [service = "", port = ""] = text.split(":");
      return { service: { name: service, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } };
    };
    const byHost = new Map<string, object[]>();
    for (const rule of flags.list("rule")) {
      const match = /^([^/]*)(\/[^=]*)=([^,]+)(?:,.*)?$/.exec(rule);
      if (!match)
        throw new CommandError(
          `rule ${rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`,
        );
      const [, host = "", path = "", backend = ""] = match;
      const prefix = path.endsWith("*");
      const entry = {
        backend: backendOf(backend),
        path: prefix ? path.slice(0, -1) : path,
        pathType: prefix ? "Prefix" : "Exact",
      };
      byHost.set(host, [...(byHost.get(host) ?? []), entry]);
    }
    const rules = [...byHost].map(([host, paths]) => ({ ...(host ? { host } : {}), http: { paths } }));
    const standard = flags.string("default-backend");
    if (rules.length === 0 && !standard)
      throw new CommandError(
        "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
      );
    await makeObject(call, {
      kind: "Ingress",
      apiVersion: "networking.k8s.io/v1",
      metadata: { name: nameOf(call) },
      spec: {
        ...(flags.string("class") ? { ingressClassName: flags.string("class") } : {}),
        ...(standard ? { defaultBackend: backendOf(standard) } : {}),
        ...(rules.length > 0 ? { rules } : {}),
      },
      status: { loadBalancer: {} },
    });
  },
});
