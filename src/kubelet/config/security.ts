import type { ContainerSecurityContext, CriImage, NamespaceOption, SecurityProfile } from "../cri/types.ts";
import type { Container, Pod, Seccomp } from "../pods/pod.ts";
import { podLabel } from "../pods/pod.ts";
import { goQuote } from "./fields.ts";

const maskedPaths = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The namespaces of a pod's containers (or of its sandbox). Pure. */
export function namespaceOptions({ spec }: Pod, targetId?: string): NamespaceOption {
  const pid = spec.hostPID ? "NODE" : spec.shareProcessNamespace ? "POD" : targetId ? "TARGET" : "CONTAINER";
  return {
    network: spec.hostNetwork ? "NODE" : "POD",
    ipc: spec.hostIPC ? "NODE" : "POD",
    pid,
    ...(pid === "TARGET" ? { targetId } : {}),
  };
}

/** A seccomp or AppArmor profile for the runtime. `root` holds the node's own seccomp profiles. Pure. */
export function securityProfile(profile: Seccomp, root?: string): SecurityProfile {
  if (profile.type !== "Localhost") return { profileType: profile.type };
  const name = profile.localhostProfile ?? "";
  return { profileType: "Localhost", localhostRef: root === undefined ? name : `${root}/${name}` };
}

/** Who and with which rights a container's process runs. Pure. */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: CriImage | undefined,
  options: { seccompRoot: string; targetId?: string },
): ContainerSecurityContext {
  const shared = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  const privileged = own.privileged ?? false;
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  const seccomp = privileged ? undefined : (own.seccompProfile ?? shared.seccompProfile);
  const appArmor = privileged ? undefined : (own.appArmorProfile ?? shared.appArmorProfile);
  const selinuxOptions = own.seLinuxOptions ?? shared.seLinuxOptions;
  const groups = [...(shared.fsGroup === undefined ? [] : [shared.fsGroup]), ...(shared.supplementalGroups ?? [])];
  const masks = !privileged && own.procMount !== "Unmasked";
  return {
    privileged,
    namespaceOptions: namespaceOptions(pod, options.targetId),
    ...userOf(runAsUser, image),
    ...(runAsGroup === undefined ? {} : { runAsGroup: { value: runAsGroup } }),
    readonlyRootfs: own.readOnlyRootFilesystem ?? false,
    supplementalGroups: groups,
    supplementalGroupsPolicy: shared.supplementalGroupsPolicy ?? "Merge",
    noNewPrivs: own.allowPrivilegeEscalation === false,
    capabilities: {
      addCapabilities: own.capabilities?.add ?? [],
      dropCapabilities: own.capabilities?.drop ?? [],
    },
    maskedPaths: masks ? maskedPaths : [],
    readonlyPaths: masks ? readonlyPaths : [],
    seccomp: seccomp ? securityProfile(seccomp, options.seccompRoot) : { profileType: "Unconfined" },
    ...(appArmor ? { apparmor: securityProfile(appArmor) } : {}),
    ...(selinuxOptions ? { selinuxOptions } : {}),
  };
}

function userOf(runAsUser: number | undefined, image: CriImage | undefined): Partial<ContainerSecurityContext> {
  if (runAsUser !== undefined) return { runAsUser: { value: runAsUser } };
  if (image?.uid) return { runAsUser: image.uid };
  return image?.username ? { runAsUsername: image.username } : {};
}

/** Why a container that must not run as root would do so, or undefined. Pure. */
export function rootRefusal(pod: Pod, container: Container, image: CriImage | undefined): string | undefined {
  const shared = pod.spec.securityContext ?? {};
  const own = container.securityContext ?? {};
  if (!(own.runAsNonRoot ?? shared.runAsNonRoot)) return undefined;
  const where = `(pod: ${goQuote(podLabel(pod))}, container: ${container.name})`;
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  if (runAsUser !== undefined)
    return runAsUser === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  if (image?.uid)
    return image.uid.value === 0 ? `container has runAsNonRoot and image will run as root ${where}` : undefined;
  if (!image?.username) return `container has runAsNonRoot and image will run as root ${where}`;
  const user = `image has non-numeric user (${image.username}), cannot verify user is non-root`;
  return `container has runAsNonRoot and ${user} ${where}`;
}
