import type { ByteStream } from "../../base/http.ts";
import { type Call, defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { byPreference, objectOf, podOf, podSelectorOf, podsBySelector } from "../pods.ts";
import { readText, toError } from "../rest.ts";

interface Forward {
  local: number;
  remote: number;
}

export const portForward = defineCommand({
  path: "port-forward",
  usage: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
  summary: "Forward one or more local ports to a pod",
  examples: `
# Ports 5000 and 6000 of this machine to those of a pod
kubectl port-forward pod/mypod 5000 6000

# Port 8443 to the port of a service that is named https
kubectl port-forward service/myservice 8443:https

# Any free port to 5000
kubectl port-forward pod/mypod :5000`,
  flags: {
    address: {
      type: "strings",
      default: "localhost",
      help: "Addresses to listen on (comma separated). Only accepts IP addresses or localhost as a value.",
    },
    "pod-running-timeout": {
      type: "duration",
      default: "1m0s",
      help: "The length of time to wait until at least one pod is running",
    },
  },
  async run(call) {
    const { args, flags } = call;
    const [word, ...ports] = args;
    if (!word || ports.length === 0)
      throw new CommandError(
        "TYPE/NAME and list of ports are required for port-forward\nSee 'kubectl port-forward -h' for help and examples",
      );
    const { pod, service } = await target(call, word);
    if (pod.status?.phase !== "Running")
      throw new CommandError(
        `unable to forward port because pod is not running. Current status=${pod.status?.phase ?? ""}`,
      );
    const forwards = ports.map((text) => parsePort(text, pod, service));
    const connection = await connect(call, pod);
    await using listeners = new AsyncDisposableStack();
    let requestId = 0;
    const failures: string[] = [];
    for (const address of flags
      .list("address")
      .flatMap((each) => (each === "localhost" ? ["127.0.0.1", "::1"] : [each]))) {
      for (const forward of forwards) {
        try {
          const listener = await call.machine.net.listenTcp({ host: address, port: forward.local }, (stream) => {
            call.print(`Handling connection for ${forward.local}\n`);
            void relay(call, connection, stream, forward, requestId++);
          });
          listeners.use(listener);
          if (forward.local === 0) forward.local = listener.port;
          call.print(
            `Forwarding from ${address.includes(":") ? `[${address}]` : address}:${forward.local} -> ${forward.remote}\n`,
          );
        } catch (error) {
          failures.push(`Unable to listen on port ${forward.local}: ${(error as Error).message}`);
        }
      }
    }
    if (
      failures.length ===
      flags.list("address").length * forwards.length * (flags.string("address") === "localhost" ? 2 : 1)
    ) {
      throw new CommandError(
        `unable to listen on any of the requested ports: [${forwards.map(({ local, remote }) => `{${local} ${remote}}`).join(" ")}]`,
      );
    }
    const { promise: interrupted, resolve } = Promise.withResolvers<void>();
    using _signals = call.self.onInterrupt(() => resolve());
    const ended = await Promise.race([
      interrupted.then(() => "interrupted" as const),
      connection.closed.then(() => "lost" as const),
    ]);
    connection.close();
    if (ended === "lost") throw new CommandError("lost connection to pod");
  },
});

/** The pod to forward to, and the service that stands before it. */
async function target(call: Call, word: string): Promise<{ pod: any; service?: any }> {
  const { resource, object } = await objectOf(call, word);
  if (resource !== "services") return { pod: await podOf(call, word, call.flags.duration("pod-running-timeout")) };
  const selector = podSelectorOf(resource, object)!;
  const pods = (await podsBySelector(call, object.metadata.namespace, selector)).sort(byPreference);
  if (pods.length === 0) throw new CommandError("timed out waiting for the condition");
  return { pod: pods[0], service: object };
}

/** `8080:80`, `80`, `:80`, `http`; a service's ports become those of its pods. */
function parsePort(text: string, pod: any, service: any): Forward {
  const [first = "", second] = text.split(":");
  const remoteWord = second ?? first;
  const remote = service ? servicePort(remoteWord, service, pod) : containerPort(remoteWord, pod);
  const local =
    second === undefined ? (/^\d+$/.test(first) ? Number(first) : remote) : first === "" ? 0 : Number(first);
  if (Number.isNaN(local) || local > 65535)
    throw new CommandError(
      `error parsing local port '${first}': strconv.ParseUint: parsing ${JSON.stringify(first)}: invalid syntax`,
    );
  return { local, remote };
}

function containerPort(word: string, pod: any): number {
  if (/^\d+$/.test(word)) {
    if (Number(word) === 0 || Number(word) > 65535) throw new CommandError("remote port must be > 0");
    return Number(word);
  }
  const found = pod.spec.containers
    .flatMap((container: any) => container.ports ?? [])
    .find(({ name }: any) => name === word);
  if (!found) throw new CommandError(`Pod '${pod.metadata.name}' does not have a named port '${word}'`);
  return found.containerPort;
}

function servicePort(word: string, service: any, pod: any): number {
  const ports: any[] = service.spec.ports ?? [];
  const port = ports.find((each) => (/^\d+$/.test(word) ? each.port === Number(word) : each.name === word));
  if (!port)
    throw new CommandError(
      /^\d+$/.test(word)
        ? `Service ${service.metadata.name} does not have a service port ${word}`
        : `Service '${service.metadata.name}' does not have a named port '${word}'`,
    );
  if (service.spec.clusterIP === "None" && typeof port.targetPort === "number") return port.targetPort;
  return typeof port.targetPort === "number"
    ? port.targetPort
    : port.targetPort
      ? containerPort(port.targetPort, pod)
      : port.port;
}

type Connection = Awaited<ReturnType<Call["machine"]["spdy"]>>;

async function connect(call: Call, pod: any): Promise<Connection> {
  const rest = await call.rest();
  const { name, namespace } = pod.metadata;
  const { status, stream, body } = await rest.http.upgrade({
    method: "POST",
    url: `/api/v1/namespaces/${namespace}/pods/${name}/portforward`,
    headers: {
      connection: "Upgrade",
      upgrade: "SPDY/3.1",
      "x-stream-protocol-version": "portforward.k8s.io",
      ...rest.access.headers,
    },
  });
  if (stream) return call.machine.spdy(stream);
  throw toError(status, body ? await readText(body) : "");
}

/** One connection: an error stream and a data stream, with a number that ties them. */
async function relay(
  call: Call,
  connection: Connection,
  local: ByteStream,
  { local: port, remote }: Forward,
  requestId: number,
): Promise<void> {
  const headers = { port: String(remote), requestID: String(requestId) };
  try {
    const errors = await connection.open({ streamType: "error", ...headers });
    errors.closeWrite();
    const data = await connection.open({ streamType: "data", ...headers });
    const said = readText(errors.readable).then((text) => {
      if (text) call.printError(`error: an error occurred forwarding ${port} -> ${remote}: ${text}\n`);
    });
    const up = copy(local.readable, (chunk) => data.write(chunk)).finally(() => data.closeWrite());
    const down = copy(data.readable, (chunk) => local.write(chunk)).finally(() => local.closeWrite());
    await Promise.race([Promise.all([up, down]), local.closed]);
    data.reset();
    await Promise.race([said, connection.closed]);
  } catch (error) {
    call.printError(`error: error forwarding port ${remote}: ${(error as Error).message}\n`);
  } finally {
    local.close();
  }
}

async function copy(from: AsyncIterable<Uint8Array>, write: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  try {
    for await (const chunk of from) await write(chunk);
  } catch {
    // The other side has closed; what was to be said went through.
  }
}
