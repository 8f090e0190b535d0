// `cp`: tar at both ends, over exec.

import { joined } from "../../base/bytes.ts";
import { type Call, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { absolute } from "../kubeconfig.ts";
import { containerOf, defaultedNotice, podOf } from "../pods.ts";
import { openStream } from "../streams.ts";

interface Place {
  pod?: string;
  namespace?: string;
  path: string;
}

export const cp = defineCommand({
  path: "cp",
  usage: "<file-spec-src> <file-spec-dest> [options]",
  summary: "Copy files and directories to and from containers",
  examples: `
# A file into a pod
kubectl cp /tmp/foo mypod:/tmp/bar

# A directory out of one
kubectl cp mynamespace/mypod:/var/log /tmp/logs`,
  flags: {
    container: { type: "string", short: "c", help: "Container name." },
    "no-preserve": {
      type: "bool",
      help: "The copied file/directory's ownership and permissions will not be preserved in the container",
    },
    retries: {
      type: "int",
      default: "0",
      help: "Set number of retries to complete a copy operation from a container.",
    },
  },
  async run(call) {
    if (call.args.length !== 2) throw new CommandError("source and destination are required");
    const [from, to] = call.args.map(place) as [Place, Place];
    if (from.pod && to.pod) throw new CommandError("one of src or dest must be a local file specification");
    if (!from.pod && !to.pod) throw new CommandError("one of src or dest must be a remote file specification");
    if (from.path === "" || to.path === "") throw new CommandError("filepath can not be empty");
    return to.pod ? upload(call, from.path, to) : download(call, from, to.path);
  },
});

/** `namespace/pod:path`, `pod:path` or a path here. */
function place(word: string): Place {
  const colon = word.indexOf(":");
  if (colon < 0) return { path: word };
  const [pod = "", path = ""] = [word.slice(0, colon), word.slice(colon + 1)];
  const [first = "", second] = pod.split("/");
  return second === undefined ? { pod: first, path } : { namespace: first, pod: second, path };
}

function splitPath(path: string): { directory: string; base: string } {
  const clean = path.replace(/\/+$/, "") || "/";
  const slash = clean.lastIndexOf("/");
  return { directory: slash < 0 ? "." : clean.slice(0, slash) || "/", base: clean.slice(slash + 1) };
}

/** Runs a program in the container, with input or for its output. Throws a CommandError with what it complained about. */
async function runThere(call: Call, at: Place, words: string[], input?: Uint8Array): Promise<Uint8Array> {
  const access = await call.access();
  if (at.namespace) access.namespace = at.namespace;
  const pod = await podOf(call, at.pod!);
  const { container, chosen } = containerOf(pod, call.flags.string("container"));
  const notice = chosen === "first" ? defaultedNotice(pod, container.name) : undefined;
  if (notice) call.printError(`${notice}\n`);
  const query = new URLSearchParams();
  for (const word of words) query.append("command", word);
  query.set("container", container.name);
  query.set("stdout", "true");
  query.set("stderr", "true");
  if (input) query.set("stdin", "true");
  const socket = await openStream(
    call,
    `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/exec`,
    query,
  );
  const parts: Uint8Array[] = [];
  let complaint = "";
  let status: any;
  const sent = input ? sendInput(socket, input) : Promise.resolve();
  for await (const message of socket.messages) {
    if (typeof message === "string") continue;
    if (message[0] === 1) parts.push(message.subarray(1));
    else if (message[0] === 2) complaint += new TextDecoder().decode(message.subarray(1));
    else if (message[0] === 3 && message.length > 1) {
      status = JSON.parse(new TextDecoder().decode(message.subarray(1)));
      break;
    }
  }
  await sent.catch(() => {});
  socket.close(1000);
  if (status && status.status !== "Success") throw new CommandError(complaint.trim() || status.message);
  return joined(parts);
}

const chunkBytesMax = 32 * 1024;

async function sendInput(
  socket: { send(message: Uint8Array): Promise<void>; protocol: string },
  input: Uint8Array,
): Promise<void> {
  for (let at = 0; at < input.length; at += chunkBytesMax) {
    const chunk = input.subarray(at, at + chunkBytesMax);
    const message = new Uint8Array(chunk.length + 1);
    message.set(chunk, 1);
    await socket.send(message);
  }
  if (socket.protocol === "v5.channel.k8s.io") await socket.send(Uint8Array.of(255, 0));
}

async function temporaryFile(call: Call): Promise<string> {
  return `/tmp/kubectl-cp-${Math.trunc(call.machine.random.next() * 1e12)}.tar`;
}

async function tarHere(call: Call, words: string[]): Promise<void> {
  const { code, stderr } = await call.machine.exec.run("tar", words);
  if (code !== 0) throw new CommandError(stderr.trim() || `tar ended with exit code ${code}`);
}

async function upload(call: Call, from: string, to: Place): Promise<void> {
  const { disk } = call.machine;
  const source = absolute(from, call.self.cwd());
  if (!(await disk.stat(source))) throw new CommandError(`${from} doesn't exist in local filesystem`);
  const intoDirectory =
    to.path.endsWith("/") ||
    (await runThere(call, to, ["test", "-d", to.path]).then(
      () => true,
      () => false,
    ));
  const here = splitPath(source);
  const there = intoDirectory ? { directory: to.path, base: here.base } : splitPath(to.path);
  const archive = await temporaryFile(call);
  try {
    await tarHere(call, [
      "-cf",
      archive,
      "-C",
      here.directory,
      `--transform=s,^${here.base.replace(/[.*[\]^$,\\]/g, "\\$&")},${there.base},`,
      here.base,
    ]);
    const owner = call.flags.bool("no-preserve") ? ["--no-same-permissions", "--no-same-owner"] : [];
    await runThere(call, to, ["tar", ...owner, "-xmf", "-", "-C", there.directory], await disk.read(archive));
  } finally {
    await disk.remove(archive);
  }
}

async function download(call: Call, from: Place, to: string): Promise<void> {
  const { disk } = call.machine;
  const there = splitPath(from.path);
  const bytes = await runThere(call, from, ["tar", "cf", "-", "-C", there.directory, there.base]);
  const target = absolute(to, call.self.cwd());
  const intoDirectory = to.endsWith("/") || (await disk.stat(target))?.kind === "directory";
  const here = intoDirectory ? { directory: target, base: there.base } : splitPath(target);
  const archive = await temporaryFile(call);
  try {
    await disk.write(archive, bytes);
    await disk.makeDirectory(here.directory);
    await tarHere(call, [
      "-xf",
      archive,
      "-C",
      here.directory,
      "--no-same-owner",
      `--transform=s,^${there.base.replace(/[.*[\]^$,\\]/g, "\\$&")},${here.base},`,
    ]);
  } finally {
    await disk.remove(archive);
  }
}
