// Whether a pod that somebody bound to this node by hand can run here: what the scheduler would have seen to.

import { isTerminalPhase, type Pod } from "./pod.ts";

/** Why a pod is not let in, in the kubelet's words (pkg/kubelet/lifecycle, predicate failures). */
export interface Rejection {
  reason: string;
  message: string;
}

interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

const everywhere = "0.0.0.0";

function hostPortsOf({ spec }: Pod): HostPort[] {
  return [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort)
      .map(({ hostPort, hostIP, protocol }) => ({
        ip: hostIP || everywhere,
        protocol: protocol ?? "TCP",
        port: hostPort!,
      })),
  );
}

function collide(one: HostPort, other: HostPort): boolean {
  if (one.port !== other.port || one.protocol !== other.protocol) return false;
  return one.ip === other.ip || one.ip === everywhere || other.ip === everywhere;
}

/** Why a new pod cannot run beside those that are here, or undefined. Pods that have ended are in nobody's way. Pure. */
export function rejectionOf(pod: Pod, others: Iterable<Pod>): Rejection | undefined {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return undefined;
  const isInTheWay = (other: Pod): boolean =>
    !isTerminalPhase(other.status?.phase) &&
    hostPortsOf(other).some((one) => wanted.some((each) => collide(one, each)));
  if (!Iterator.from(others).some(isInTheWay)) return undefined;
  const message =
    "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  return { reason: "NodePorts", message };
}
