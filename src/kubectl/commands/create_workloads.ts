// `create deployment`, `create job`, `create cronjob`.

import type { Call } from "../command.ts";
import { defineCommand } from "../command.ts";
import { makeObject, makingFlags, nameOf } from "../creating.ts";
import { pathOf } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import { resourceOf } from "../targets.ts";

/** The name of an image without registry, tag and digest, as a container's name. */
function containerName(image: string): string {
  const [base = ""] = image.slice(image.lastIndexOf("/") + 1).split(/[:@]/);
  return base.toLowerCase().replace(/[^a-z0-9-]/g, "-");
}

/** NAME, and the command after `--`. */
function nameAndCommand(call: Call): { name: string; words: string[] } {
  const before = call.dashAt < 0 ? call.args.length : call.dashAt;
  if (before !== 1) {
    throw new CommandError(
      `exactly one NAME is required, got ${before}\nSee 'kubectl ${call.command.path} -h' for help and examples`,
    );
  }
  return { name: call.args[0]!, words: call.args.slice(1) };
}

export const createDeployment = defineCommand({
  path: "create deployment",
  usage: "NAME --image=image -- [COMMAND] [args...] [options]",
  summary: "Create a deployment with the specified name",
  flags: {
    ...makingFlags,
    image: {
      type: "strings",
      help: "Image names to run. A deployment can have multiple images set for multi-container pod.",
    },
    port: { type: "int", default: "-1", help: "The containerPort that this deployment exposes." },
    replicas: { type: "int", short: "r", default: "1", help: "Number of replicas to create. Default is 1." },
  },
  async run(call) {
    const { flags } = call;
    const { name, words } = nameAndCommand(call);
    const images = flags.list("image");
    if (images.length === 0) throw new CommandError('required flag(s) "image" not set');
    if (images.length > 1 && words.length > 0)
      throw new CommandError("cannot specify multiple --image options and command");
    const labels = { app: name };
    const ports = flags.int("port") >= 0 ? { ports: [{ containerPort: flags.int("port") }] } : {};
    const containers = images.map((image) => ({
      name: containerName(image),
      image,
      ...(words.length > 0 ? { command: words } : {}),
      ...ports,
      resources: {},
    }));
    await makeObject(call, {
      kind: "Deployment",
      apiVersion: "apps/v1",
      metadata: { name, labels },
      spec: {
        replicas: flags.int("replicas"),
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
        strategy: {},
      },
      status: {},
    });
  },
});

export const createJob = defineCommand({
  path: "create job",
  usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]",
  summary: "Create a job with the specified name",
  flags: {
    ...makingFlags,
    image: { type: "string", help: "Image name to run." },
    from: { type: "string", help: "The name of the resource to create a Job from (only cronjob is supported)." },
  },
  async run(call) {
    const { flags } = call;
    const { name, words } = nameAndCommand(call);
    if (flags.string("from")) return fromCronJob(call, name);
    const image = flags.string("image");
    if (!image) throw new CommandError("either --image or --from must be specified");
    const container = { name, image, ...(words.length > 0 ? { command: words } : {}), resources: {} };
    const template = { metadata: {}, spec: { containers: [container], restartPolicy: "Never" } };
    await makeObject(call, { kind: "Job", apiVersion: "batch/v1", metadata: { name }, spec: { template }, status: {} });
  },
});

async function fromCronJob(call: Call, name: string): Promise<void> {
  const [type = "", cron] = call.flags.string("from").split("/");
  if (!cron) throw new CommandError("from must be an existing cronjob: TYPE/NAME");
  const mapping = await resourceOf(call, type);
  const rest = await call.rest();
  const owner = await rest.json({ path: pathOf(mapping, (await call.access()).namespace, cron) });
  const { metadata = {}, spec } = owner.spec.jobTemplate;
  await makeObject(call, {
    kind: "Job",
    apiVersion: "batch/v1",
    metadata: {
      name,
      annotations: { "cronjob.kubernetes.io/instantiate": "manual", ...metadata.annotations },
      labels: metadata.labels,
      ownerReferences: [
        { apiVersion: "batch/v1", kind: "CronJob", name: cron, uid: owner.metadata.uid, controller: true },
      ],
    },
    spec,
  });
}

export const createCronJob = defineCommand({
  path: "create cronjob",
  usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [options]",
  summary: "Create a cron job with the specified name",
  flags: {
    ...makingFlags,
    image: { type: "string", help: "Image name to run." },
    schedule: { type: "string", help: "A schedule in the Cron format the job should be run with." },
    restart: { type: "string", default: "OnFailure", help: "job's restart policy. supported values: OnFailure, Never" },
  },
  async run(call) {
    const { flags } = call;
    const { name, words } = nameAndCommand(call);
    const [image, schedule] = [flags.string("image"), flags.string("schedule")];
    if (!image || !schedule)
      throw new CommandError(
        `required flag(s) ${[image ? "" : '"image"', schedule ? "" : '"schedule"'].filter(Boolean).join(", ")} not set`,
      );
    const container = { name, image, ...(words.length > 0 ? { command: words } : {}), resources: {} };
    const template = { metadata: {}, spec: { containers: [container], restartPolicy: flags.string("restart") } };
    await makeObject(call, {
      kind: "CronJob",
      apiVersion: "batch/v1",
      metadata: { name },
      spec: { schedule, jobTemplate: { metadata: { name }, spec: { template } } },
      status: {},
    });
  },
});

export const createNamespace = defineCommand({
  path: "create namespace",
  usage: "NAME [--dry-run=server|client|none] [options]",
  summary: "Create a namespace with the specified name",
  flags: makingFlags,
  run: (call) =>
    makeObject(call, { kind: "Namespace", apiVersion: "v1", metadata: { name: nameOf(call) }, spec: {}, status: {} }),
});

export const createServiceAccount = defineCommand({
  path: "create serviceaccount",
  usage: "NAME [--dry-run=server|client|none] [options]",
  summary: "Create a service account with the specified name",
  flags: makingFlags,
  run: (call) => makeObject(call, { kind: "ServiceAccount", apiVersion: "v1", metadata: { name: nameOf(call) } }),
});
