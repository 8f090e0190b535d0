// `set image|env|resources|selector|serviceaccount|subject`.

import { sameJson } from "../../base/equal.ts";
import { type Call, type Command, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, fieldManagerFlag, fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import type { FlagTable } from "../flags.ts";
import { fetchTargets, targetsOf } from "../targets.ts";
import { dryRunOf, eachGathered, printDone, writeQuery } from "../writing.ts";

const setFlags: FlagTable = {
  ...fileFlags,
  ...printFlags,
  ...selectorFlags,
  all: { type: "bool", help: "Select all resources, in the namespace of the specified resource types" },
  "dry-run": dryRunFlag,
  "field-manager": fieldManagerFlag("kubectl-set"),
  local: { type: "bool", help: "If true, the command will NOT contact api-server but run locally." },
};

/** The pod spec in an object; undefined where there is none. */
function podSpecOf(object: any): any {
  if (object.kind === "Pod") return object.spec;
  if (object.kind === "CronJob") return object.spec?.jobTemplate?.spec?.template?.spec;
  return object.spec?.template?.spec;
}

function containersOf(spec: any): any[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

/** Fetches what `words` name, lets `change` change a copy and sends what differs. */
async function changeAll(call: Call, words: string[], done: string, change: (object: any) => void): Promise<void> {
  if (call.flags.bool("local")) throw new CommandError("not supported yet: set --local");
  const rest = await call.rest();
  const errors: unknown[] = [];
  const found = await fetchTargets(call, await targetsOf(call, words), errors);
  errors.push(
    ...(await eachGathered(found, async ({ mapping, namespace, name, object }) => {
      const changed = structuredClone(object);
      change(changed);
      if (sameJson(changed, object)) return;
      if (dryRunOf(call) === "client") return printDone(call, mapping, changed, done);
      const body = await rest.json({
        method: "PUT",
        path: pathOf(mapping, namespace, name),
        query: writeQuery(call),
        body: changed,
      });
      await printDone(call, mapping, body, done);
    })),
  );
  throwAll(errors);
}

/** Arguments with `=` (or `-` at the end) say what to set; those before name resources. */
function splitArgs(args: readonly string[]): { words: string[]; changes: string[] } {
  const first = args.findIndex((word) => /^[^=/]+=/.test(word) || (word.endsWith("-") && !word.includes("/")));
  return first < 0 ? { words: [...args], changes: [] } : { words: args.slice(0, first), changes: args.slice(first) };
}

export const setImage: Command = defineCommand({
  path: "set image",
  usage:
    "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N [options]",
  summary: "Update the image of a pod template",
  examples: `
# One container of a deployment
kubectl set image deployment/web nginx=nginx:1.9.1

# All containers
kubectl set image deployment/web *=nginx:1.9.1`,
  flags: setFlags,
  async run(call) {
    const { words, changes } = splitArgs(call.args);
    if (changes.length === 0) throw new CommandError("at least one image update is required");
    await changeAll(call, words, "image updated", (object) => {
      const containers = containersOf(podSpecOf(object));
      for (const word of changes) {
        const [name, image] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
        const chosen = name === "*" ? containers : containers.filter((container) => container.name === name);
        if (chosen.length === 0) throw new CommandError(`unable to find container named ${JSON.stringify(name)}`);
        for (const container of chosen) container.image = image;
      }
    });
  },
});

export const setEnv: Command = defineCommand({
  path: "set env",
  usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]",
  summary: "Update environment variables on a pod template",
  flags: {
    ...setFlags,
    containers: {
      type: "string",
      short: "c",
      default: "*",
      help: "The names of containers in the selected pod templates to change - may use wildcards",
    },
    env: {
      type: "array",
      short: "e",
      help: "Specify a key-value pair for an environment variable to set into each container.",
    },
    from: { type: "string", help: "The name of a resource from which to inject environment variables" },
    keys: { type: "strings", help: "Comma-separated list of keys to import from specified resource" },
    list: { type: "bool", help: "If true, display the environment and any changes in the standard format." },
    overwrite: {
      type: "bool",
      default: "true",
      help: "If true, allow environment to be overwritten, otherwise reject updates that overwrite existing environment.",
    },
    prefix: { type: "string", help: "Prefix to append to variable names" },
    resolve: { type: "bool", help: "If true, show secret or configmap references when listing variables" },
  },
  async run(call) {
    const { flags } = call;
    const { words, changes } = splitArgs(call.args);
    const pattern = new RegExp(
      `^${flags
        .string("containers")
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")}$`,
    );
    const chosen = (object: any) => containersOf(podSpecOf(object)).filter(({ name }) => pattern.test(name));
    if (flags.bool("list")) return listEnv(call, words, chosen);
    const entries = await fromResource(call);
    await changeAll(call, words, "env updated", (object) => {
      for (const container of chosen(object)) {
        for (const entry of entries) putEnv(container, entry);
        for (const word of [...changes, ...flags.list("env")]) {
          if (word.endsWith("-") && !word.includes("="))
            container.env = (container.env ?? []).filter(({ name }: { name: string }) => name !== word.slice(0, -1));
          else putEnv(container, { name: word.slice(0, word.indexOf("=")), value: word.slice(word.indexOf("=") + 1) });
        }
      }
    });
  },
});

function putEnv(container: any, entry: { name: string; value?: string }): void {
  const env: { name: string }[] = container.env ?? [];
  const at = env.findIndex(({ name }) => name === entry.name);
  container.env = at < 0 ? [...env, entry] : env.with(at, entry);
}

async function fromResource(call: Call): Promise<any[]> {
  const from = call.flags.string("from");
  if (!from) return [];
  const [{ object, name }] = (await fetchTargets(call, await targetsOf(call, [from]))) as [any];
  const field = object.kind === "Secret" ? "secretKeyRef" : "configMapKeyRef";
  const keys = call.flags.list("keys");
  return Object.keys(object.data ?? {})
    .sort()
    .filter((key) => keys.length === 0 || keys.includes(key))
    .map((key) => ({
      name: `${call.flags.string("prefix")}${key.toUpperCase().replace(/[^A-Z0-9_]/g, "_")}`,
      valueFrom: { [field]: { name, key } },
    }));
}

async function listEnv(call: Call, words: string[], chosen: (object: any) => any[]): Promise<void> {
  for (const { mapping, name, object } of await fetchTargets(call, await targetsOf(call, words))) {
    for (const container of chosen(object)) {
      call.print(`# ${mapping.plural}/${name}, container ${container.name}\n`);
      for (const entry of container.env ?? []) {
        const ref = entry.valueFrom?.secretKeyRef ?? entry.valueFrom?.configMapKeyRef;
        const what = entry.valueFrom?.secretKeyRef ? "secret" : "configmap";
        call.print(
          ref ? `# ${entry.name} from ${what} ${ref.name}, key ${ref.key}\n` : `${entry.name}=${entry.value ?? ""}\n`,
        );
      }
    }
  }
}

function resourceList(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(",")
      .filter(Boolean)
      .map((pair) => pair.split("=", 2)),
  );
}

export const setResources: Command = defineCommand({
  path: "set resources",
  usage: "(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS] [options]",
  summary: "Update resource requests/limits on objects with pod templates",
  flags: {
    ...setFlags,
    containers: {
      type: "string",
      short: "c",
      default: "*",
      help: "The names of containers in the selected pod templates to change, all containers are selected by default - may use wildcards",
    },
    limits: {
      type: "string",
      help: "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'.",
    },
    requests: {
      type: "string",
      help: "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'.",
    },
  },
  async run(call) {
    const { flags, args } = call;
    const [limits, requests] = [resourceList(flags.string("limits")), resourceList(flags.string("requests"))];
    if (Object.keys({ ...limits, ...requests }).length === 0)
      throw new CommandError("you must specify an update to requests or limits (in the form of --requests/--limits)");
    const pattern = new RegExp(`^${flags.string("containers").replaceAll("*", ".*")}$`);
    await changeAll(call, args, "resource requirements updated", (object) => {
      for (const container of podSpecOf(object)?.containers ?? []) {
        if (!pattern.test(container.name)) continue;
        const now = container.resources ?? {};
        container.resources = {
          ...now,
          ...(flags.string("limits") ? { limits: { ...now.limits, ...limits } } : {}),
          ...(flags.string("requests") ? { requests: { ...now.requests, ...requests } } : {}),
        };
      }
    });
  },
});

export const setSelector: Command = defineCommand({
  path: "set selector",
  usage: "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version] [options]",
  summary: "Set the selector on a resource",
  flags: {
    ...setFlags,
    "resource-version": {
      type: "string",
      help: "If non-empty, the selectors update will only succeed if this is the current resource-version for the object.",
    },
  },
  async run(call) {
    const { words, changes } = splitArgs(call.args);
    const selector = Object.fromEntries(changes.flatMap((word) => word.split(",")).map((pair) => pair.split("=", 2)));
    await changeAll(call, words, "selector updated", (object) => {
      if (object.kind !== "Service") throw new CommandError("setting a selector is only supported for Services");
      object.spec.selector = selector;
    });
  },
});

export const setServiceAccount: Command = defineCommand({
  path: "set serviceaccount",
  usage: "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT [options]",
  summary: "Update the service account of a resource",
  flags: setFlags,
  async run(call) {
    const account = call.args.at(-1);
    if (call.args.length < 2 || !account) throw new CommandError("serviceaccount is required");
    await changeAll(call, call.args.slice(0, -1), "serviceaccount updated", (object) => {
      const spec = podSpecOf(object);
      spec.serviceAccountName = account;
      if (spec.serviceAccount !== undefined) spec.serviceAccount = account;
    });
  },
});

export const setSubject: Command = defineCommand({
  path: "set subject",
  usage:
    "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]",
  summary: "Update the user, group, or service account in a role binding or cluster role binding",
  flags: {
    ...setFlags,
    group: { type: "array", help: "Groups to bind to the role" },
    serviceaccount: { type: "array", help: "Service accounts to bind to the role" },
    user: { type: "array", help: "Usernames to bind to the role" },
  },
  async run(call) {
    const { flags } = call;
    const apiGroup = "rbac.authorization.k8s.io";
    const added = [
      ...flags.list("user").map((name) => ({ kind: "User", apiGroup, name })),
      ...flags.list("group").map((name) => ({ kind: "Group", apiGroup, name })),
      ...flags
        .list("serviceaccount")
        .map((word) => ({ kind: "ServiceAccount", namespace: word.split(":")[0], name: word.split(":")[1] })),
    ];
    if (added.length === 0)
      throw new CommandError("you must specify at least one value of user, group or serviceaccount");
    await changeAll(call, call.args, "subjects updated", (object) => {
      const subjects: object[] = object.subjects ?? [];
      object.subjects = [...subjects, ...added.filter((each) => !subjects.some((known) => sameJson(known, each)))];
    });
  },
});
