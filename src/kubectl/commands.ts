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
  {
    path: "get",
    summary: "Display one or many resources",
    load: () => import("./commands/get.ts").then(({ get }) => get),
  },
];
