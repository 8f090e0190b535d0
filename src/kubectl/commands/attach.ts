import { hasReason } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { CommandError, Exit } from "../errors.ts";
import { containerOf, defaultedNotice, podOf } from "../pods.ts";
import { openStream, runStream } from "../streams.ts";

export const attach = defineCommand({
  path: "attach",
  usage: "(POD | TYPE/NAME) -c CONTAINER [options]",
  summary: "Attach to a running container",
  flags: {
    container: { type: "string", short: "c", help: "Container name." },
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
    const { flags, args } = call;
    if (args.length === 0) throw new CommandError("at least 1 argument is required for attach");
    const pod = await podOf(call, args[0]!, flags.duration("pod-running-timeout"));
    const { phase } = pod.status ?? {};
    if (phase === "Succeeded" || phase === "Failed")
      throw new CommandError(`cannot attach a container in a completed pod; current phase is ${phase}`);
    await stream(call, pod, flags.bool("stdin"), flags.bool("tty"));
  },
});

async function stream(call: Call, pod: any, stdin: boolean, wantsTty: boolean): Promise<void> {
  const { flags } = call;
  const { name, namespace } = pod.metadata;
  const flagged = "container" in call.command.flags ? flags.string("container") : "";
  const { container, chosen } = containerOf(pod, flagged);
  const notice = chosen === "first" && !flags.bool("quiet") ? defaultedNotice(pod, container.name) : undefined;
  if (notice) call.printError(`${notice}\n`);
  const tty = wantsTty && Boolean(container.tty);
  if (wantsTty && !container.tty)
    call.printError(`Unable to use a TTY - container ${container.name} did not allocate one\n`);
  const query = new URLSearchParams({ container: container.name, stdout: "true" });
  if (stdin) query.set("stdin", "true");
  if (tty) query.set("tty", "true");
  else query.set("stderr", "true");
  if (!flags.bool("quiet") && tty && stdin)
    call.printError(
      "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n",
    );
  const socket = await openStream(call, `/api/v1/namespaces/${namespace}/pods/${name}/attach`, query);
  await runStream(call, socket, { stdin, tty, stdout: true, stderr: !tty });
}

/** `kubectl run -i`: waits for a pod to run, attaches, and takes the pod away after if asked. Resolves to its exit code. */
export async function attachToPod(
  call: Call,
  pod: any,
  options: { stdin: boolean; tty: boolean; remove: boolean },
): Promise<number> {
  const rest = await call.rest();
  const { name, namespace } = pod.metadata;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  const deadline = call.machine.clock.monotonicMs() + call.flags.duration("pod-running-timeout");
  let code = 0;
  try {
    let now = pod;
    while (!now.status?.phase || now.status.phase === "Pending") {
      if (call.machine.clock.monotonicMs() > deadline) throw new CommandError("timed out waiting for the condition");
      await call.machine.clock.sleep(200);
      now = await rest.json({ path });
    }
    if (now.status.phase === "Running") {
      await stream(call, now, options.stdin, options.tty).catch((error) => {
        if (!hasReason(error, "BadRequest")) throw error;
        return copyLog(call, path);
      });
    } else await copyLog(call, path);
    code = await exitCodeOf(call, path);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    code = error.code;
  } finally {
    if (options.remove) {
      await rest.json({ method: "DELETE", path, body: { kind: "DeleteOptions", apiVersion: "v1" } });
      call.print(`pod ${JSON.stringify(name)} deleted from ${namespace} namespace\n`);
    }
  }
  return code;
}

async function copyLog(call: Call, path: string): Promise<void> {
  const rest = await call.rest();
  for await (const chunk of await rest.stream({ path: `${path}/log`, accept: "*/*" }))
    call.self.printBytes(chunk, "stdout");
}

/** How a pod that is not started again ended. */
async function exitCodeOf(call: Call, path: string): Promise<number> {
  const rest = await call.rest();
  for (;;) {
    const pod = await rest.json({ path });
    if (pod.spec.restartPolicy === "Always") return 0;
    if (pod.status.phase === "Succeeded") return 0;
    if (pod.status.phase === "Failed") return pod.status.containerStatuses?.[0]?.state?.terminated?.exitCode ?? 1;
    await call.machine.clock.sleep(200);
  }
}
