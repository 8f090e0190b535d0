// Flags that every command takes, and those that several share.

import type { Flag, FlagTable } from "./flags.ts";

const text = (help: string, more: Partial<Flag> = {}): Flag => ({ type: "string", help, ...more });
const bool = (help: string, more: Partial<Flag> = {}): Flag => ({ type: "bool", help, ...more });

/** What every command takes (`kubectl options`). */
export const globalFlags: FlagTable = {
  as: text(
    "Username to impersonate for the operation. User could be a regular user or a service account in a namespace.",
  ),
  "as-group": {
    type: "array",
    help: "Group to impersonate for the operation, this flag can be repeated to specify multiple groups.",
  },
  "as-uid": text("UID to impersonate for the operation."),
  "as-user-extra": {
    type: "array",
    help: "User extras to impersonate for the operation, this flag can be repeated to specify multiple values for the same key.",
  },
  "cache-dir": text("Default cache directory", { default: "" }),
  "certificate-authority": text("Path to a cert file for the certificate authority"),
  "client-certificate": text("Path to a client certificate file for TLS"),
  "client-key": text("Path to a client key file for TLS"),
  cluster: text("The name of the kubeconfig cluster to use"),
  context: text("The name of the kubeconfig context to use"),
  "disable-compression": bool("If true, opt-out of response compression for all requests to the server"),
  "insecure-skip-tls-verify": bool(
    "If true, the server's certificate will not be checked for validity. This will make your HTTPS connections insecure",
  ),
  kubeconfig: text("Path to the kubeconfig file to use for CLI requests."),
  kuberc: text("Path to the kuberc file to use for preferences.", { hidden: true }),
  "log-flush-frequency": { type: "duration", default: "5s", help: "Maximum number of seconds between log flushes" },
  "match-server-version": bool("Require server version to match client version"),
  namespace: text("If present, the namespace scope for this CLI request", { short: "n" }),
  password: text("Password for basic authentication to the API server"),
  profile: text("Name of profile to capture.", { default: "none" }),
  "profile-output": text("Name of the file to write the profile to", { default: "profile.pprof" }),
  "request-timeout": text(
    "The length of time to wait before giving up on a single server request. A value of zero means don't timeout requests.",
    { default: "0" },
  ),
  server: text("The address and port of the Kubernetes API server", { short: "s" }),
  "tls-server-name": text("Server name to use for server certificate validation."),
  token: text("Bearer token for authentication to the API server"),
  user: text("The name of the kubeconfig user to use"),
  username: text("Username for basic authentication to the API server"),
  v: { type: "int", short: "v", default: "0", help: "number for the log level verbosity" },
  vmodule: text("comma-separated list of pattern=N settings for file-filtered logging"),
  "warnings-as-errors": bool("Treat warnings received from the server as errors and exit with a non-zero exit code"),
};

/** -o with the formats of objects, and the template flags that go with it. */
export const printFlags: FlagTable = {
  output: text(
    "Output format. One of: (json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file).",
    { short: "o" },
  ),
  template: text("Template string or path to template file to use when -o=go-template, -o=go-template-file."),
  "show-managed-fields": bool("If true, keep the managedFields when printing objects in JSON or YAML format."),
  "allow-missing-template-keys": bool(
    "If true, ignore any errors in templates when a field or map key is missing in the template.",
    { default: "true" },
  ),
};

/** Files as the source of objects. */
export const fileFlags: FlagTable = {
  filename: { type: "strings", short: "f", help: "Filename, directory, or URL to files that contain the objects." },
  kustomize: text("Process the kustomization directory. This flag can't be used together with -f or -R.", {
    short: "k",
  }),
  recursive: bool("Process the directory used in -f, --filename recursively.", { short: "R" }),
};

/** --dry-run, which may stand bare. */
export const dryRunFlag: Flag = {
  type: "string",
  default: "none",
  bare: "unchanged",
  help: 'Must be "none", "server", or "client".',
};

/** --validate of commands that send files. */
export const validateFlag: Flag = {
  type: "string",
  default: "strict",
  bare: "strict",
  help: "Must be one of: strict (or true), warn, ignore (or false).",
};

/** --selector and --field-selector. */
export const selectorFlags: FlagTable = {
  selector: text("Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.", { short: "l" }),
  "field-selector": text("Selector (field query) to filter on, supports '=', '==', and '!='."),
};

/** --field-manager with a command's own name. */
export function fieldManagerFlag(name: string): Flag {
  return { type: "string", default: name, help: "Name of the manager used to track field ownership." };
}
