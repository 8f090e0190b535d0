// Every command, in the order of `kubectl help`. A command's module is loaded only when it runs.

import type { Command } from "./command.ts";

export interface CommandEntry {
  path: string;
  /** Other words for the whole path. */
  aliases?: string[];
  summary: string;
  load(): Promise<Command>;
}

/** Commands that only hold others. */
export const groupsOfCommands: Record<string, { summary: string; aliases?: string[] }> = {
  set: { summary: "Set specific features on objects" },
  rollout: { summary: "Manage the rollout of a resource" },
  certificate: { summary: "Modify certificate resources" },
  top: { summary: "Display resource (CPU/memory) usage" },
  auth: { summary: "Inspect authorization" },
  config: { summary: "Modify kubeconfig files" },
  plugin: { summary: "Provides utilities for interacting with plugins" },
};

/** The sections of `kubectl help` and the words in them. */
export const helpSections: [string, string[]][] = [
  ["Basic Commands (Beginner)", ["create", "expose", "run", "set"]],
  ["Basic Commands (Intermediate)", ["explain", "get", "edit", "delete"]],
  ["Deploy Commands", ["rollout", "scale", "autoscale"]],
  ["Cluster Management Commands", ["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"]],
  [
    "Troubleshooting and Debugging Commands",
    ["describe", "logs", "attach", "exec", "port-forward", "proxy", "cp", "auth", "debug", "events"],
  ],
  ["Advanced Commands", ["diff", "apply", "patch", "replace", "wait", "kustomize"]],
  ["Settings Commands", ["label", "annotate", "completion"]],
  ["Other Commands", ["api-resources", "api-versions", "config", "plugin", "version"]],
];

/** All commands. */
export const commands: readonly CommandEntry[] = [
  entry("create", "Create a resource from a file or from stdin", () =>
    import("./commands/create.ts").then((m) => m.create),
  ),
  entry(
    "create namespace",
    "Create a namespace with the specified name",
    () => import("./commands/create_workloads.ts").then((m) => m.createNamespace),
    ["create ns"],
  ),
  entry(
    "create configmap",
    "Create a config map from a local file, directory or literal value",
    () => import("./commands/create_data.ts").then((m) => m.createConfigMap),
    ["create cm"],
  ),
  entry("create secret generic", "Create a secret from a local file, directory, or literal value", () =>
    import("./commands/create_data.ts").then((m) => m.createSecretGeneric),
  ),
  entry("create secret tls", "Create a TLS secret", () =>
    import("./commands/create_data.ts").then((m) => m.createSecretTls),
  ),
  entry("create secret docker-registry", "Create a secret for use with a Docker registry", () =>
    import("./commands/create_data.ts").then((m) => m.createSecretDockerRegistry),
  ),
  entry(
    "create deployment",
    "Create a deployment with the specified name",
    () => import("./commands/create_workloads.ts").then((m) => m.createDeployment),
    ["create deploy"],
  ),
  entry("create job", "Create a job with the specified name", () =>
    import("./commands/create_workloads.ts").then((m) => m.createJob),
  ),
  entry(
    "create cronjob",
    "Create a cron job with the specified name",
    () => import("./commands/create_workloads.ts").then((m) => m.createCronJob),
    ["create cj"],
  ),
  entry(
    "create serviceaccount",
    "Create a service account with the specified name",
    () => import("./commands/create_workloads.ts").then((m) => m.createServiceAccount),
    ["create sa"],
  ),
  entry(
    "create service clusterip",
    "Create a ClusterIP service",
    () => import("./commands/create_service.ts").then((m) => m.createServiceClusterIp),
    ["create svc clusterip"],
  ),
  entry(
    "create service nodeport",
    "Create a NodePort service",
    () => import("./commands/create_service.ts").then((m) => m.createServiceNodePort),
    ["create svc nodeport"],
  ),
  entry(
    "create service loadbalancer",
    "Create a LoadBalancer service",
    () => import("./commands/create_service.ts").then((m) => m.createServiceLoadBalancer),
    ["create svc loadbalancer"],
  ),
  entry(
    "create service externalname",
    "Create an ExternalName service",
    () => import("./commands/create_service.ts").then((m) => m.createServiceExternalName),
    ["create svc externalname"],
  ),
  entry("create role", "Create a role with single rule", () =>
    import("./commands/create_policy.ts").then((m) => m.createRole),
  ),
  entry("create clusterrole", "Create a cluster role", () =>
    import("./commands/create_policy.ts").then((m) => m.createClusterRole),
  ),
  entry("create rolebinding", "Create a role binding for a particular role or cluster role", () =>
    import("./commands/create_policy.ts").then((m) => m.createRoleBinding),
  ),
  entry("create clusterrolebinding", "Create a cluster role binding for a particular cluster role", () =>
    import("./commands/create_policy.ts").then((m) => m.createClusterRoleBinding),
  ),
  entry(
    "create quota",
    "Create a quota with the specified name",
    () => import("./commands/create_policy.ts").then((m) => m.createQuota),
    ["create resourcequota"],
  ),
  entry(
    "create poddisruptionbudget",
    "Create a pod disruption budget with the specified name",
    () => import("./commands/create_policy.ts").then((m) => m.createPdb),
    ["create pdb"],
  ),
  entry(
    "create priorityclass",
    "Create a priority class with the specified name",
    () => import("./commands/create_policy.ts").then((m) => m.createPriorityClass),
    ["create pc"],
  ),
  entry("create token", "Request a service account token", () =>
    import("./commands/create_token.ts").then((m) => m.createToken),
  ),
  entry(
    "create ingress",
    "Create an ingress with the specified name",
    () => import("./commands/create_policy.ts").then((m) => m.createIngress),
    ["create ing"],
  ),
  entry(
    "expose",
    "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    () => import("./commands/expose.ts").then((m) => m.expose),
  ),
  entry("run", "Run a particular image on the cluster", () => import("./commands/run.ts").then((m) => m.run)),
  entry("set image", "Update the image of a pod template", () => import("./commands/set.ts").then((m) => m.setImage)),
  entry("set env", "Update environment variables on a pod template", () =>
    import("./commands/set.ts").then((m) => m.setEnv),
  ),
  entry("set resources", "Update resource requests/limits on objects with pod templates", () =>
    import("./commands/set.ts").then((m) => m.setResources),
  ),
  entry("set selector", "Set the selector on a resource", () => import("./commands/set.ts").then((m) => m.setSelector)),
  entry(
    "set serviceaccount",
    "Update the service account of a resource",
    () => import("./commands/set.ts").then((m) => m.setServiceAccount),
    ["set sa"],
  ),
  entry("set subject", "Update the user, group, or service account in a role binding or cluster role binding", () =>
    import("./commands/set.ts").then((m) => m.setSubject),
  ),
  entry("explain", "Get documentation for a resource", () => import("./commands/explain.ts").then((m) => m.explain)),
  entry("get", "Display one or many resources", () => import("./commands/get.ts").then((m) => m.get)),
  entry("edit", "Edit a resource on the server", () => import("./commands/edit.ts").then((m) => m.edit)),
  entry(
    "delete",
    "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    () => import("./commands/delete.ts").then((m) => m.deleteCommand),
  ),
  entry("rollout history", "View rollout history", () =>
    import("./commands/rollout_history.ts").then((m) => m.rolloutHistory),
  ),
  entry("rollout pause", "Mark the provided resource as paused", () =>
    import("./commands/rollout.ts").then((m) => m.rolloutPause),
  ),
  entry("rollout restart", "Restart a resource", () => import("./commands/rollout.ts").then((m) => m.rolloutRestart)),
  entry("rollout resume", "Resume a paused resource", () =>
    import("./commands/rollout.ts").then((m) => m.rolloutResume),
  ),
  entry("rollout status", "Show the status of the rollout", () =>
    import("./commands/rollout_status.ts").then((m) => m.rolloutStatus),
  ),
  entry("rollout undo", "Undo a previous rollout", () =>
    import("./commands/rollout_history.ts").then((m) => m.rolloutUndo),
  ),
  entry("scale", "Set a new size for a deployment, replica set, or replication controller", () =>
    import("./commands/scale.ts").then((m) => m.scale),
  ),
  entry("autoscale", "Auto-scale a deployment, replica set, stateful set, or replication controller", () =>
    import("./commands/autoscale.ts").then((m) => m.autoscale),
  ),
  entry("certificate approve", "Approve a certificate signing request", () =>
    import("./commands/certificate.ts").then((m) => m.certificateApprove),
  ),
  entry("certificate deny", "Deny a certificate signing request", () =>
    import("./commands/certificate.ts").then((m) => m.certificateDeny),
  ),
  entry(
    "cluster-info",
    "Display cluster information",
    () => import("./commands/cluster_info.ts").then((m) => m.clusterInfo),
    ["clusterinfo"],
  ),
  entry("cluster-info dump", "Dump relevant information for debugging and diagnosis", () =>
    import("./commands/later.ts").then((m) => m.clusterInfoDump),
  ),
  entry(
    "top node",
    "Display resource (CPU/memory) usage of nodes",
    () => import("./commands/later.ts").then((m) => m.topNode),
    ["top nodes", "top no"],
  ),
  entry(
    "top pod",
    "Display resource (CPU/memory) usage of pods",
    () => import("./commands/later.ts").then((m) => m.topPod),
    ["top pods", "top po"],
  ),
  entry("cordon", "Mark node as unschedulable", () => import("./commands/cordon.ts").then((m) => m.cordon)),
  entry("uncordon", "Mark node as schedulable", () => import("./commands/cordon.ts").then((m) => m.uncordon)),
  entry("drain", "Drain node in preparation for maintenance", () => import("./commands/drain.ts").then((m) => m.drain)),
  entry("taint", "Update the taints on one or more nodes", () => import("./commands/taint.ts").then((m) => m.taint)),
  entry("describe", "Show details of a specific resource or group of resources", () =>
    import("./commands/describe.ts").then((m) => m.describe),
  ),
  entry("logs", "Print the logs for a container in a pod", () => import("./commands/logs.ts").then((m) => m.logs), [
    "log",
  ]),
  entry("attach", "Attach to a running container", () => import("./commands/attach.ts").then((m) => m.attach)),
  entry("exec", "Execute a command in a container", () => import("./commands/exec.ts").then((m) => m.exec)),
  entry("port-forward", "Forward one or more local ports to a pod", () =>
    import("./commands/port_forward.ts").then((m) => m.portForward),
  ),
  entry("proxy", "Run a proxy to the Kubernetes API server", () => import("./commands/proxy.ts").then((m) => m.proxy)),
  entry("cp", "Copy files and directories to and from containers", () => import("./commands/cp.ts").then((m) => m.cp)),
  entry("auth can-i", "Check whether an action is allowed", () => import("./commands/auth.ts").then((m) => m.authCanI)),
  entry("auth whoami", "Experimental: Check self subject attributes", () =>
    import("./commands/auth.ts").then((m) => m.authWhoami),
  ),
  entry(
    "auth reconcile",
    "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
    () => import("./commands/auth_reconcile.ts").then((m) => m.authReconcile),
  ),
  entry("debug", "Create debugging sessions for troubleshooting workloads and nodes", () =>
    import("./commands/later.ts").then((m) => m.debug),
  ),
  entry("events", "List events", () => import("./commands/events.ts").then((m) => m.events), ["event"]),
  entry("diff", "Diff the live version against a would-be applied version", () =>
    import("./commands/diff.ts").then((m) => m.diff),
  ),
  entry("apply", "Apply a configuration to a resource by file name or stdin", () =>
    import("./commands/apply.ts").then((m) => m.apply),
  ),
  entry("apply view-last-applied", "View the latest last-applied-configuration annotations of a resource/object", () =>
    import("./commands/apply_last.ts").then((m) => m.applyViewLastApplied),
  ),
  entry(
    "apply set-last-applied",
    "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    () => import("./commands/apply_last.ts").then((m) => m.applySetLastApplied),
  ),
  entry("patch", "Update fields of a resource", () => import("./commands/patch.ts").then((m) => m.patch)),
  entry("replace", "Replace a resource by file name or stdin", () =>
    import("./commands/replace.ts").then((m) => m.replace),
  ),
  entry("wait", "Wait for a specific condition on one or many resources", () =>
    import("./commands/wait.ts").then((m) => m.wait),
  ),
  entry("kustomize", "Build a kustomization target from a directory or URL", () =>
    import("./commands/later.ts").then((m) => m.kustomize),
  ),
  entry("label", "Update the labels on a resource", () => import("./commands/label.ts").then((m) => m.label)),
  entry("annotate", "Update the annotations on a resource", () =>
    import("./commands/label.ts").then((m) => m.annotate),
  ),
  entry("completion", "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)", () =>
    import("./commands/completion.ts").then((m) => m.completion),
  ),
  entry("api-resources", "Print the supported API resources on the server", () =>
    import("./commands/api_resources.ts").then((m) => m.apiResources),
  ),
  entry(
    "api-versions",
    'Print the supported API versions on the server, in the form of "group/version"',
    () => import("./commands/api_resources.ts").then((m) => m.apiVersions),
    ["apiversions"],
  ),
  entry("config current-context", "Display the current-context", () =>
    import("./commands/config.ts").then((m) => m.configCurrentContext),
  ),
  entry("config delete-cluster", "Delete the specified cluster from the kubeconfig", () =>
    import("./commands/config.ts").then((m) => m.configDeleteCluster),
  ),
  entry("config delete-context", "Delete the specified context from the kubeconfig", () =>
    import("./commands/config.ts").then((m) => m.configDeleteContext),
  ),
  entry("config delete-user", "Delete the specified user from the kubeconfig", () =>
    import("./commands/config.ts").then((m) => m.configDeleteUser),
  ),
  entry("config get-clusters", "Display clusters defined in the kubeconfig", () =>
    import("./commands/config_view.ts").then((m) => m.configGetClusters),
  ),
  entry("config get-contexts", "Describe one or many contexts", () =>
    import("./commands/config_view.ts").then((m) => m.configGetContexts),
  ),
  entry("config get-users", "Display users defined in the kubeconfig", () =>
    import("./commands/config_view.ts").then((m) => m.configGetUsers),
  ),
  entry("config rename-context", "Rename a context from the kubeconfig file", () =>
    import("./commands/config.ts").then((m) => m.configRenameContext),
  ),
  entry("config set", "Set an individual value in a kubeconfig file", () =>
    import("./commands/config_set.ts").then((m) => m.configSet),
  ),
  entry("config set-cluster", "Set a cluster entry in kubeconfig", () =>
    import("./commands/config_set.ts").then((m) => m.configSetCluster),
  ),
  entry("config set-context", "Set a context entry in kubeconfig", () =>
    import("./commands/config_set.ts").then((m) => m.configSetContext),
  ),
  entry("config set-credentials", "Set a user entry in kubeconfig", () =>
    import("./commands/config_set.ts").then((m) => m.configSetCredentials),
  ),
  entry("config unset", "Unset an individual value in a kubeconfig file", () =>
    import("./commands/config_set.ts").then((m) => m.configUnset),
  ),
  entry(
    "config use-context",
    "Set the current-context in a kubeconfig file",
    () => import("./commands/config.ts").then((m) => m.configUseContext),
    ["config use"],
  ),
  entry("config view", "Display merged kubeconfig settings or a specified kubeconfig file", () =>
    import("./commands/config_view.ts").then((m) => m.configView),
  ),
  entry("plugin list", "List all visible plugin executables on a user's PATH", () =>
    import("./commands/plugin.ts").then((m) => m.pluginList),
  ),
  entry("version", "Print the client and server version information", () =>
    import("./commands/version.ts").then((m) => m.version),
  ),
  entry("options", "Print the list of flags inherited by all commands", () =>
    import("./commands/version.ts").then((m) => m.options),
  ),
];

function entry(path: string, summary: string, load: () => Promise<Command>, aliases: string[] = []): CommandEntry {
  return { path, summary, load, aliases };
}
