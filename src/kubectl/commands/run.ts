import { type Call, defineCommand } from "../command.ts";
import { makeObject, makingFlags } from "../creating.ts";
import { CommandError } from "../errors.ts";
import { dryRunOf } from "../writing.ts";

export const run = defineCommand({
  path: "run",
  usage:
    'NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  summary: "Run a particular image on the cluster",
  examples: `
# A pod of nginx
kubectl run nginx --image=nginx

# A shell that is gone when it ends
kubectl run -i -t shell --image=busybox --restart=Never --rm`,
  flags: {
    ...makingFlags,
    annotations: { type: "array", help: "Annotations to apply to the pod." },
    attach: { type: "bool", help: "If true, wait for the Pod to start running, and then attach to the Pod." },
    command: {
      type: "bool",
      help: "If true and extra arguments are present, use them as the 'command' field in the container, rather than the 'args' field which is the default.",
    },
    env: { type: "array", help: "Environment variables to set in the container." },
    expose: { type: "bool", help: "If true, create a ClusterIP service associated with the pod. Requires `--port`." },
    image: { type: "string", help: "The image for the container to run." },
    "image-pull-policy": { type: "string", help: "The image pull policy for the container." },
    labels: {
      type: "string",
      short: "l",
      help: "Comma separated labels to apply to the pod. Will override previous values.",
    },
    overrides: { type: "string", help: "An inline JSON override for the generated object." },
    port: { type: "string", help: "The port that this container exposes." },
    "pod-running-timeout": {
      type: "duration",
      default: "1m0s",
      help: "The length of time to wait until at least one pod is running",
    },
    privileged: { type: "bool", help: "If true, run the container in privileged mode." },
    quiet: { type: "bool", short: "q", help: "If true, suppress prompt messages." },
    restart: {
      type: "string",
      default: "Always",
      help: "The restart policy for this Pod.  Legal values [Always, OnFailure, Never].",
    },
    rm: { type: "bool", help: "If true, delete the pod after it exits." },
    stdin: {
      type: "bool",
      short: "i",
      help: "Keep stdin open on the container in the pod, even if nothing is attached.",
    },
    tty: { type: "bool", short: "t", help: "Allocate a TTY for the container in the pod." },
  },
  async run(call) {
    const { flags, args } = call;
    const [name, ...words] = args;
    if (!name || call.dashAt === 0)
      throw new CommandError("NAME is required for run\nSee 'kubectl run -h' for help and examples");
    if (!flags.string("image")) throw new CommandError('required flag(s) "image" not set');
    const attaches = flags.bool("attach") || flags.bool("stdin");
    if (flags.bool("rm") && !attaches) throw new CommandError("--rm should only be used for attached containers");
    const pod = await override(call, podOf(call, name, words));
    const made = await makeObject(call, pod);
    if (flags.bool("expose")) await exposePod(call, name, pod.metadata.labels);
    if (!attaches || dryRunOf(call) !== "none") return;
    const { attachToPod } = await import("./attach.ts");
    return attachToPod(call, made, { stdin: flags.bool("stdin"), tty: flags.bool("tty"), remove: flags.bool("rm") });
  },
});

function pairs(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.filter(Boolean).map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );
}

function podOf({ flags }: Call, name: string, words: string[]): any {
  const labels = flags.string("labels") ? pairs(flags.string("labels").split(",")) : { run: name };
  const env = flags.list("env").map((word) => {
    const equals = word.indexOf("=");
    if (equals < 1) throw new CommandError(`invalid env: ${word}`);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  const annotations = pairs(flags.list("annotations"));
  const given = words.length === 0 ? {} : flags.bool("command") ? { command: words } : { args: words };
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: { name, labels, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: {
      containers: [
        {
          name,
          image: flags.string("image"),
          ...given,
          ...(flags.string("port") ? { ports: [{ containerPort: Number(flags.string("port")) }] } : {}),
          ...(env.length > 0 ? { env } : {}),
          resources: {},
          ...(flags.string("image-pull-policy") ? { imagePullPolicy: flags.string("image-pull-policy") } : {}),
          ...(flags.bool("privileged") ? { securityContext: { privileged: true } } : {}),
          ...(flags.bool("stdin")
            ? { stdin: true, stdinOnce: flags.string("restart") === "Never" || flags.bool("rm") || undefined }
            : {}),
          ...(flags.bool("tty") ? { tty: true } : {}),
        },
      ],
      restartPolicy: flags.string("restart"),
      dnsPolicy: "ClusterFirst",
    },
    status: {},
  };
}

async function override({ flags }: Call, pod: any): Promise<any> {
  if (!flags.string("overrides")) return pod;
  const { applyMergePatch } = await import("../../api/machinery/patch_merge.ts");
  return applyMergePatch(pod, JSON.parse(flags.string("overrides")));
}

async function exposePod(call: Call, name: string, labels: Record<string, string>): Promise<void> {
  const port = Number(call.flags.string("port"));
  if (!port) throw new CommandError("--port must be set when exposing a service");
  await makeObject(call, {
    kind: "Service",
    apiVersion: "v1",
    metadata: { name },
    spec: { ports: [{ protocol: "TCP", port, targetPort: port }], selector: labels },
    status: { loadBalancer: {} },
  });
}
