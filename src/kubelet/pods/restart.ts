import type { Container, ContainerKind, Pod, RestartPolicy } from "./pod.ts";
import { isSidecar } from "./pod.ts";
import type { ContainerState } from "./state.ts";

/**
 * True if a container that ended with this exit code runs again. A container's own policy and rules come before the
 * pod's (KEP-5307); an init container that succeeded never runs again, and a debug container never does. Pure.
 */
export function mayRestart(
  pod: Pod,
  container: Container,
  kind: ContainerKind,
  { exitCode }: Pick<ContainerState, "exitCode">,
): boolean {
  if (kind === "ephemeral") return false;
  if (kind === "init") {
    if (isSidecar(container)) return true;
    if (exitCode === 0) return false;
  }
  for (const { exitCodes } of container.restartPolicyRules ?? []) {
    if (!exitCodes) continue;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    if (listed === (exitCodes.operator === "In")) return true;
  }
  const policy: RestartPolicy = container.restartPolicy ?? pod.spec.restartPolicy ?? "Always";
  if (policy === "Never") return false;
  return policy === "Always" || exitCode !== 0;
}
