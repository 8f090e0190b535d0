// Ports of containers that get in each other's way without being wrong.

import type { FieldPath } from "../../machinery/field.ts";
import type { Container, ContainerPort } from "./types.ts";

interface Place {
  at: FieldPath;
  port: ContainerPort;
}

/** How a port gets in the way of another one with the same number and protocol. */
function conflictOf(port: ContainerPort, other: ContainerPort): string | undefined {
  const [ip, otherIp] = [port.hostIP ?? "", other.hostIP ?? ""];
  const [number, otherNumber] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (ip === otherIp && number === otherNumber) return "duplicate";
  if (number === 0 || otherNumber === 0) return "overlapping";
  if (number === otherNumber && (ip === "") !== (otherIp === "")) return "dangerously ambiguous";
  return undefined;
}

/** Ports that repeat others, over all containers of a pod. */
export function* portWarnings(containers: readonly { container: Container; at: FieldPath }[]): Iterable<string> {
  const places: Place[] = containers.flatMap(({ container, at }) =>
    (container.ports ?? []).map((port, index) => ({ at: at.child("ports").index(index), port })),
  );
  const byNumber = new Map<string, Place[]>();
  for (const place of places) {
    const { at, port } = place;
    if (port.hostIP && !port.hostPort) {
      const shown = `{Name:${port.name ?? ""} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol} HostIP:${port.hostIP}}`;
      yield `${at}: hostIP set without hostPort: ${shown}`;
    }
    const key = `${port.containerPort}/${port.protocol}`;
    const others = byNumber.get(key) ?? [];
    for (const other of others) {
      const conflict = conflictOf(port, other.port);
      if (conflict) yield `${at}: ${conflict} port definition with ${other.at}`;
    }
    byNumber.set(key, [...others, place]);
  }
  yield* nameWarnings(places);
}

function* nameWarnings(places: readonly Place[]): Iterable<string> {
  const byName = new Map<string, FieldPath>();
  for (const { at, port } of places) {
    if (!port.name) continue;
    const first = byName.get(port.name);
    if (!first) {
      byName.set(port.name, at);
      continue;
    }
    const then = `services and probes that select ports by name will use ${first}`;
    yield `${at}: duplicate port name ${JSON.stringify(port.name)} with ${first}, ${then}`;
  }
}
