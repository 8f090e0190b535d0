import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { containerOf, defaultedNotice, podOf } from "../pods.ts";
import { openStream, runStream } from "../streams.ts";

export const exec = defineCommand({
  path: "exec",
  usage: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...] [options]",
  summary: "Execute a command in a container",
  examples: `
# One command
kubectl exec mypod -- date

# A shell
kubectl exec mypod -i -t -- sh`,
  flags: {
    container: { type: "string", short: "c", help: "Container name." },
    filename: { type: "strings", short: "f", help: "to use to exec into the resource" },
    "pod-running-timeout": {
      type: "duration",
      default: "1m0s",
      help: "The length of time to wait until at least one pod is running",
    },
    quiet: { type: "bool", short: "q", help: "Only print output from the remote session" },
    stdin: { type: "bool", short: "i", help: "Pass stdin to the container" },
    tty: { type: "bool", short: "t", help: "Stdin is a TTY" },
  },
  async run(call) {
    const { flags, args, dashAt } = call;
    if (args.length === 0 || dashAt === 0) throw new CommandError("pod, type/name or --filename must be specified");
    if (dashAt < 0 && args.length > 1) {
      throw new CommandError(
        "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
      );
    }
    const words = dashAt < 0 ? [] : args.slice(dashAt);
    if (words.length === 0) throw new CommandError("you must specify at least one command for the container");
    const pod = await podOf(call, args[0]!, flags.duration("pod-running-timeout"));
    const { name, namespace } = pod.metadata;
    const { phase } = pod.status ?? {};
    if (phase === "Succeeded" || phase === "Failed") {
      throw new CommandError(`cannot exec into a container in a completed pod; current phase is ${phase}`);
    }
    const { container, chosen } = containerOf(pod, flags.string("container"));
    const notice = chosen === "first" && !flags.bool("quiet") ? defaultedNotice(pod, container.name) : undefined;
    if (notice) call.printError(`${notice}\n`);
    const stdin = flags.bool("stdin");
    let tty = flags.bool("tty");
    if (tty && !stdin) tty = false;
    if (tty && !call.self.isInputTerminal()) {
      call.printError("Unable to use a TTY - input is not a terminal or the right kind of file\n");
      tty = false;
    }
    const query = new URLSearchParams();
    for (const word of words) query.append("command", word);
    query.set("container", container.name);
    if (stdin) query.set("stdin", "true");
    query.set("stdout", "true");
    if (!tty) query.set("stderr", "true");
    if (tty) query.set("tty", "true");
    const socket = await openStream(call, `/api/v1/namespaces/${namespace}/pods/${name}/exec`, query);
    await runStream(call, socket, { stdin, tty, stdout: true, stderr: !tty });
  },
});
