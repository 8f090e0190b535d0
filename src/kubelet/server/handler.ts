import type { HttpAnswer, HttpHandler, HttpRequest, Net } from "../../base/http.ts";
import type { Clock, Disk } from "../../base/world.ts";
import type { Runtime } from "../cri/runtime.ts";
import { runtimeMessage } from "../cri/runtime.ts";
import type { NodeFacts } from "../node/status.ts";
import type { PodManager } from "../pods/manager.ts";
import type { ContainerState } from "../pods/state.ts";
import type { PodWorker } from "../pods/worker.ts";
import { textOf } from "../support/bytes.ts";
import type { LogOptions } from "./logs.ts";
import { containerLog } from "./logs.ts";
import { kubeletMetrics, resourceMetrics } from "./metrics.ts";
import { relayCommand, relayPorts, textAnswer } from "./relay.ts";
import type { SpdyDoor } from "./streams.ts";
import { statsSummary } from "./summary.ts";

export interface HandlerOptions {
  manager: PodManager;
  runtime: Runtime;
  facts: NodeFacts;
  clock: Clock;
  options: { net: Net; spdy: SpdyDoor; allowedUsers?: readonly string[]; machine?: { disk: Disk; dataDir: string } };
}

/** Who may use a kubelet's API without being told: administrators, and the API server. */
const alwaysAllowed = ["system:masters", "kube-apiserver-kubelet-client"];

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

type Route = (request: HttpRequest, url: URL, parts: string[], world: HandlerOptions) => Promise<HttpAnswer>;

const routes: Record<string, Route> = {
  healthz: async () => textAnswer(200, "ok"),
  pods: async (_request, _url, _parts, { manager }) => {
    const items = [...manager.workers()].map(({ view }) => ({ ...view().pod, status: view().status }));
    return jsonAnswer({ kind: "PodList", apiVersion: "v1", metadata: {}, items });
  },
  containerLogs: logs,
  exec: async (request, url, parts, world) => {
    const { container } = find(world, parts);
    const command = url.searchParams.getAll("command");
    const wishes = wishesOf(url);
    const address = await world.runtime.exec({ containerId: container.id, command, ...wishes });
    return relayCommand(request, address, wishes, world.options);
  },
  attach: async (request, url, parts, world) => {
    const { container, worker } = find(world, parts);
    const { pod } = worker.view();
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
    const tty = all.find(({ name }) => name === container.name)?.tty ?? false;
    const wishes = { ...wishesOf(url), tty };
    const address = await world.runtime.attach({ containerId: container.id, ...wishes, stderr: wishes.stderr && !tty });
    return relayCommand(request, address, wishes, world.options);
  },
  portForward: async (request, url, parts, world) => {
    const worker = findPod(world, parts);
    const sandbox = worker.view().runtime.sandboxes.find(({ ready }) => ready);
    if (!sandbox) throw new Refusal(500, `pod ${parts[1]} has no running sandbox`);
    const ports = url.searchParams.getAll("port").flatMap((list) => list.split(",").map(Number));
    return relayPorts(request, await world.runtime.portForward(sandbox.id, ports), ports, world.options);
  },
  run: async (_request, url, parts, world) => {
    const { container } = find(world, parts);
    const command = (url.searchParams.get("cmd") ?? "").split(" ");
    const { stdout, stderr } = await world.runtime.execSync(container.id, command, 0);
    return textAnswer(200, textOf(stdout) + textOf(stderr));
  },
  stats: async (_request, _url, _parts, world) => jsonAnswer(await statsSummary(world)),
  metrics: async (_request, _url, parts, world) => {
    if (parts[0] === "resource") return textAnswer(200, await resourceMetrics(world));
    if (parts[0]) throw new Refusal(404, `not supported yet: /metrics/${parts[0]}`);
    return textAnswer(200, kubeletMetrics(world));
  },
};

/** The kubelet's API (kubelet authentication/authorization; node logs and debugging). */
export function kubeletHandler(world: HandlerOptions): HttpHandler {
  return async (request) => {
    try {
      const url = new URL(request.url, "http://kubelet");
      const [first = "", ...parts] = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
      const route = Object.hasOwn(routes, first) ? routes[first] : undefined;
      if (first !== "healthz") authorize(request, world);
      if (!route) throw new Refusal(404, "404 page not found");
      return await route(request, url, parts, world);
    } catch (error) {
      if (error instanceof Refusal) return textAnswer(error.status, `${error.message}\n`);
      return textAnswer(500, `${runtimeMessage(error)}\n`);
    }
  };
}

function authorize({ peer, user }: HttpRequest, { options }: HandlerOptions): void {
  const names = peer ? [peer.commonName, ...peer.organizations] : user ? [user.username, ...user.groups] : undefined;
  if (!names) throw new Refusal(401, "Unauthorized");
  const allowed = [...alwaysAllowed, ...(options.allowedUsers ?? [])];
  if (names.some((name) => allowed.includes(name))) return;
  throw new Refusal(403, `Forbidden (user=${names[0]}, verb=get, resource=nodes, subresource(s)=[proxy])`);
}

function jsonAnswer(object: object): HttpAnswer {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(object)),
  };
}

function findPod({ manager }: HandlerOptions, [namespace = "", name = ""]: string[]): PodWorker {
  const worker = manager.worker(namespace, name);
  if (!worker) throw new Refusal(404, `pod does not exist`);
  return worker;
}

/** The container of `namespace/pod[/uid]/container`, as it runs now. */
function find(world: HandlerOptions, parts: string[]): { worker: PodWorker; container: ContainerState } {
  const worker = findPod(world, parts);
  const name = parts.at(-1)!;
  const container = worker.view().runtime.containers.find((one) => one.name === name);
  if (container?.state === "running") return { worker, container };
  const why = container ? "container is not running" : `container not found ("${name}")`;
  throw new Refusal(container ? 500 : 404, why);
}

function wishesOf(url: URL): { stdin: boolean; stdout: boolean; stderr: boolean; tty: boolean } {
  const set = (...names: string[]) => names.some((name) => /^(1|true)$/.test(url.searchParams.get(name) ?? ""));
  const tty = set("tty");
  return { stdin: set("input", "stdin"), stdout: set("output", "stdout"), stderr: set("error", "stderr") && !tty, tty };
}

async function logs(request: HttpRequest, url: URL, parts: string[], world: HandlerOptions): Promise<HttpAnswer> {
  const { disk } = world.options.machine ?? {};
  const worker = findPod(world, parts);
  const { pod, runtime, status } = worker.view();
  const name = parts[2] ?? "";
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
  if (!all.some((one) => one.name === name))
    throw new Refusal(404, `container ${name} is not valid for pod ${parts[1]}`);
  const own = runtime.containers.filter((one) => one.name === name);
  const previous = url.searchParams.get("previous") === "true";
  const container = previous
    ? own.filter(({ state }) => state === "exited")[own[0]?.state === "exited" ? 1 : 0]
    : own[0];
  if (!container) {
    if (previous)
      throw new Refusal(
        400,
        `previous terminated container ${JSON.stringify(name)} in pod ${JSON.stringify(parts[1])} not found`,
      );
    const every = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
    const reason = every.find((one) => one.name === name)?.state.waiting;
    const why =
      reason?.reason === "ErrImagePull" || reason?.reason === "ImagePullBackOff"
        ? "trying and failing to pull image"
        : (reason?.reason ?? "ContainerCreating");
    throw new Refusal(
      400,
      `container ${JSON.stringify(name)} in pod ${JSON.stringify(parts[1])} is waiting to start: ${why}`,
    );
  }
  if (!disk) throw new Refusal(501, "not supported yet: logs of hollow pods");
  const running = () => {
    const now = worker.view().runtime.containers.find(({ id }) => id === container.id);
    return now?.state === "running" || now?.state === "created";
  };
  const stream = containerLog(container.logPath, logOptions(url, world.clock.now()), {
    disk,
    clock: world.clock,
    signal: request.signal,
    running,
  });
  return { status: 200, headers: { "content-type": "text/plain" }, body: { stream } };
}

function logOptions({ searchParams }: URL, now: number): LogOptions {
  const number = (name: string) => (searchParams.get(name) ? Number(searchParams.get(name)) : undefined);
  const since = number("sinceSeconds");
  const sinceTime = searchParams.get("sinceTime");
  const stream = searchParams.get("stream")?.toLowerCase();
  return {
    follow: searchParams.get("follow") === "true",
    timestamps: searchParams.get("timestamps") === "true",
    tailLines: number("tailLines"),
    sinceMs: since !== undefined ? now - since * 1000 : sinceTime ? Date.parse(sinceTime) : undefined,
    limitBytes: number("limitBytes"),
    ...(stream === "stdout" || stream === "stderr" ? { stream } : {}),
  };
}
