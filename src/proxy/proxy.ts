import type { KubeObject } from "../api/machinery/object.ts";
import type { Clock, Disk, Exec } from "../base/world.ts";
import { type Client, type Informer, startInformer } from "../client/mod.ts";
import { runNft } from "./apply/nft.ts";
import { planChanges } from "./plan/changes.ts";
import { emptyElements, frame, planRuleset, type Ruleset } from "./plan/ruleset.ts";
import { planHostPorts, planServices } from "./plan/services.ts";

export interface ProxyOptions {
  client: Client;
  /**
   * Who may read this node's pods, for their host ports: kube-proxy itself may not, the node may. Without it there are no host
   * ports.
   */
  nodeClient?: Client;
  clock: Clock;
  exec: Exec;
  disk: Disk;
  nodeName: string;
  podCidr: string;
  /** The node's network namespace; the machine's own if absent. */
  networkNamespace?: string;
  /** A directory of ours. */
  directory: string;
  report(error: unknown): void;
}

/** How long changes are gathered before the rules are brought up to date, in milliseconds. */
const gatherMs = 10;

/** How long the first rules wait for the node's pods, in milliseconds. */
const podsMs = 5_000;

/** How long a failed update waits before the whole ruleset is loaded again, in milliseconds. */
const retryMs = 1_000;

/** Keeps the node's nftables in step with the Services: observe → plan → act. */
export async function startProxy(options: ProxyOptions): Promise<AsyncDisposable> {
  const { client, nodeClient, clock, exec, disk, nodeName, podCidr, report } = options;
  const follow = (by: Client, resource: string, fieldSelector?: string): Informer =>
    startInformer<KubeObject>({ client: by, clock, resource, fieldSelector, report });
  const services = follow(client, "services");
  const slices = follow(client, "endpointslices.discovery.k8s.io");
  const pods = nodeClient && follow(nodeClient, "pods", `spec.nodeName=${nodeName}`);
  const place = { exec, disk, networkNamespace: options.networkNamespace, directory: options.directory };
  const abort = new AbortController();
  const nothing = (): Ruleset => ({ chains: new Map(), sets: new Map(), elements: emptyElements() });
  /** What the kernel holds; undefined when that is not known: then everything is loaded again. */
  let held: Ruleset | undefined;
  let dirty = true;
  let wake = () => {};

  async function step(): Promise<void> {
    const world = { services: services.list(), slices: slices.list(), pods: pods?.list() ?? [], nodeName };
    const next = planRuleset(planServices(world), planHostPorts(world), podCidr);
    const changes = planChanges(held ?? nothing(), next);
    if (held === undefined) await runNft(frame() + changes, place);
    else if (changes !== "") await runNft(changes, place);
    held = next;
  }

  async function loop(): Promise<void> {
    await Promise.all([services.synced, slices.synced]);
    // Who may not read pods has no host ports, and Services all the same.
    await Promise.race([pods?.synced, clock.sleep(podsMs, abort.signal).catch(() => {})]);
    while (!abort.signal.aborted) {
      if (!dirty) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await clock.sleep(gatherMs, abort.signal).catch(() => {});
      if (abort.signal.aborted) return;
      dirty = false;
      try {
        await step();
      } catch (error) {
        report(error);
        held = undefined;
        dirty = true;
        await clock.sleep(retryMs, abort.signal).catch(() => {});
      }
    }
  }

  const changed = () => {
    dirty = true;
    wake();
  };
  const subscriptions = [services.onChange(changed), slices.onChange(changed)];
  const hostPorts = pods?.onChange((_key, now, before) => {
    if (hasHostPorts(now) || hasHostPorts(before)) changed();
  });
  if (hostPorts) subscriptions.push(hostPorts);
  const running = loop();
  return {
    async [Symbol.asyncDispose]() {
      abort.abort();
      wake();
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
      await running;
      await Promise.all([services, slices, pods].map((informer) => informer?.[Symbol.asyncDispose]()));
    },
  };
}

function hasHostPorts(pod: KubeObject | undefined): boolean {
  return pod?.spec.containers.some((container: any) => container.ports?.some((port: any) => port.hostPort)) ?? false;
}
