// The checks of the level `baseline` (Kubernetes documentation, "Pod Security Standards").

import {
  type Check,
  type CheckPod,
  containersNamed,
  containersOf,
  plural,
  quoted,
  setters,
  sortedSet,
  unlessUserNamespace,
  type Violation,
} from "./parts.ts";

const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/";

const appArmorProfile: CheckPod = (pod) => {
  const isBad = (context: any) =>
    context?.appArmorProfile && !["RuntimeDefault", "Localhost"].includes(context.appArmorProfile.type);
  const own = pod.spec.securityContext;
  const containers = containersOf(pod).filter((each) => isBad(each.securityContext));
  const annotations = Object.entries(pod.annotations)
    .filter(([key]) => key.startsWith(appArmorPrefix))
    .filter(([, value]) => value !== "" && value !== "runtime/default" && !value.startsWith("localhost/"))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const who = setters(isBad(own), containers);
  if (annotations.length > 0) who.push(plural(annotations.length, "annotation"));
  if (who.length === 0) return undefined;
  const contexts = [...(isBad(own) ? [own] : []), ...containers.map((each) => each.securityContext)];
  const values = [...sortedSet(contexts.map(({ appArmorProfile: { type } }) => type)), ...annotations];
  return {
    reason: plural(values.length, "forbidden AppArmor profile"),
    detail: `${who.join(" and ")} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

const harmless = new Set(
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(
    " ",
  ),
);

const capabilities: CheckPod = (pod) => {
  const bad = (container: any): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((each: string) => !harmless.has(each));
  const containers = containersOf(pod).filter((each) => bad(each).length > 0);
  if (containers.length === 0) return undefined;
  const names = quoted(sortedSet(containers.flatMap(bad)));
  const detail = `${containersNamed(containers)} must not include ${names} in securityContext.capabilities.add`;
  return { reason: "non-default capabilities", detail };
};

const hostNamespaces: CheckPod = ({ spec }) => {
  const shared = ["hostNetwork", "hostPID", "hostIPC"].filter((field) => spec[field]).map((field) => `${field}=true`);
  return shared.length > 0 ? { reason: "host namespaces", detail: shared.join(", ") } : undefined;
};

const hostPathVolumes: CheckPod = ({ spec }) => {
  const names: string[] = (spec.volumes ?? []).filter((each: any) => each.hostPath).map(({ name }: any) => name);
  if (names.length === 0) return undefined;
  return { reason: "hostPath volumes", detail: `${plural(names.length, "volume")} ${quoted(names)}` };
};

const hostPorts: CheckPod = (pod) => {
  const portsOf = (container: any): string[] =>
    (container.ports ?? []).filter(({ hostPort }: any) => hostPort).map(({ hostPort }: any) => `${hostPort}`);
  const containers = containersOf(pod).filter((each) => portsOf(each).length > 0);
  if (containers.length === 0) return undefined;
  const ports = sortedSet(containers.flatMap(portsOf));
  const reason = plural(ports.length, "hostPort");
  const uses = plural(containers.length, "uses", "use");
  return { reason, detail: `${containersNamed(containers)} ${uses} ${reason} ${ports.join(", ")}` };
};

function hostsOf(container: any): string[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
  return handlers.flatMap((each) => [each?.httpGet?.host, each?.tcpSocket?.host]).filter(Boolean);
}

const hostProbes: CheckPod = (pod) => {
  const containers = containersOf(pod).filter((each) => hostsOf(each).length > 0);
  if (containers.length === 0) return undefined;
  const hosts = sortedSet(containers.flatMap(hostsOf));
  const names = sortedSet(containers.map(({ name }) => name)).map((name) => ({ name }));
  const uses = plural(containers.length, "uses", "use");
  const what = plural(hosts.length, "probe or lifecycle host");
  return { reason: "probe or lifecycle host", detail: `${containersNamed(names)} ${uses} ${what} ${quoted(hosts)}` };
};

const privileged: CheckPod = (pod) => {
  const containers = containersOf(pod).filter(({ securityContext }) => securityContext?.privileged);
  if (containers.length === 0) return undefined;
  return {
    reason: "privileged",
    detail: `${containersNamed(containers)} must not set securityContext.privileged=true`,
  };
};

/** Also a check of its own where user namespaces don't count. */
export const procMount: CheckPod = (pod) => {
  const mountOf = (container: any): string | undefined => container.securityContext?.procMount;
  const containers = containersOf(pod).filter((each) => (mountOf(each) ?? "Default") !== "Default");
  if (containers.length === 0) return undefined;
  const types = quoted(sortedSet(containers.map((each) => mountOf(each)!)));
  return {
    reason: "procMount",
    detail: `${containersNamed(containers)} must not set securityContext.procMount to ${types}`,
  };
};

function seLinuxOptions(types: readonly string[]): CheckPod {
  return (pod) => {
    const optionsOf = (holder: any) => holder?.securityContext?.seLinuxOptions;
    const isBad = (options: any): boolean =>
      options && (!types.includes(options.type ?? "") || Boolean(options.user) || Boolean(options.role));
    const containers = containersOf(pod).filter((each) => isBad(optionsOf(each)));
    const ofPod = isBad(optionsOf(pod.spec));
    if (!ofPod && containers.length === 0) return undefined;
    const bad = [...(ofPod ? [pod.spec] : []), ...containers].map(optionsOf);
    const badTypes = sortedSet(bad.map(({ type = "" }) => type).filter((type) => !types.includes(type)));
    const what: string[] = [];
    if (badTypes.length > 0) what.push(`${plural(badTypes.length, "type")} ${quoted(badTypes)}`);
    for (const field of ["user", "role"]) if (bad.some((each) => each[field])) what.push(`${field} may not be set`);
    const who = setters(ofPod, containers).join(" and ");
    return {
      reason: "seLinuxOptions",
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join("; ")}`,
    };
  };
}

const seLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t"];

/** Who sets a seccomp profile that is none. Also a part of the restricted check. */
export function forbiddenSeccomp(pod: Parameters<CheckPod>[0]): Violation | undefined {
  const typeOf = (holder: any): string | undefined => holder?.securityContext?.seccompProfile?.type;
  const isBad = (type: string | undefined) => type !== undefined && type !== "RuntimeDefault" && type !== "Localhost";
  const containers = containersOf(pod).filter((each) => isBad(typeOf(each)));
  const ofPod = isBad(typeOf(pod.spec));
  if (!ofPod && containers.length === 0) return undefined;
  const types = sortedSet([...(ofPod ? [pod.spec] : []), ...containers].map((each) => typeOf(each)!));
  const who = setters(ofPod, containers).join(" and ");
  return {
    reason: "seccompProfile",
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
}

/** Before there was a field. */
const seccompAnnotations: CheckPod = (pod) => {
  const keys = [
    "seccomp.security.alpha.kubernetes.io/pod",
    ...containersOf(pod).map(({ name }) => `container.seccomp.security.alpha.kubernetes.io/${name}`),
  ];
  const forbidden = keys
    .filter((key) => pod.annotations[key] !== undefined)
    .filter((key) => !/^(runtime\/default|docker\/default|localhost\/.*)$/.test(pod.annotations[key]!))
    .map((key) => `${key}=${pod.annotations[key]}`)
    .sort();
  if (forbidden.length === 0) return undefined;
  return {
    reason: "seccompProfile",
    detail: `forbidden ${plural(forbidden.length, "annotation")} ${quoted(forbidden)}`,
  };
};

function sysctls(allowed: string): CheckPod {
  const names = new Set(allowed.split(" "));
  return ({ spec }) => {
    const forbidden: string[] = (spec.securityContext?.sysctls ?? [])
      .map(({ name }: any) => name)
      .filter((name: string) => !names.has(name));
    return forbidden.length > 0 ? { reason: "forbidden sysctls", detail: forbidden.join(", ") } : undefined;
  };
}

const sysctls0 =
  "kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start";
const sysctls27 = `${sysctls0} net.ipv4.ip_local_reserved_ports`;
const sysctls29 = `${sysctls27} net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes`;
const sysctls32 = `${sysctls29} net.ipv4.tcp_rmem net.ipv4.tcp_wmem`;

const hostProcess: CheckPod = (pod) => {
  const runs = (holder: any): boolean => holder?.securityContext?.windowsOptions?.hostProcess === true;
  const who = setters(runs(pod.spec), containersOf(pod).filter(runs));
  if (who.length === 0) return undefined;
  const detail = `${who.join(" and ")} must not set securityContext.windowsOptions.hostProcess=true`;
  return { reason: "hostProcess", detail };
};

/** In the order in which violations are told. */
export const baselineChecks: readonly Check[] = [
  { id: "appArmorProfile", level: "baseline", versions: [[0, appArmorProfile]] },
  { id: "capabilities_baseline", level: "baseline", versions: [[0, capabilities]] },
  { id: "hostNamespaces", level: "baseline", versions: [[0, hostNamespaces]] },
  { id: "hostPathVolumes", level: "baseline", versions: [[0, hostPathVolumes]] },
  { id: "hostPorts", level: "baseline", versions: [[0, hostPorts]] },
  { id: "hostProbesAndHostLifecycle", level: "baseline", versions: [[34, hostProbes]] },
  { id: "privileged", level: "baseline", versions: [[0, privileged]] },
  {
    id: "procMount",
    level: "baseline",
    versions: [
      [0, procMount],
      [35, unlessUserNamespace(procMount)],
    ],
  },
  {
    id: "seLinuxOptions",
    level: "baseline",
    versions: [
      [0, seLinuxOptions(seLinuxTypes)],
      [31, seLinuxOptions([...seLinuxTypes, "container_engine_t"])],
    ],
  },
  {
    id: "seccompProfile_baseline",
    level: "baseline",
    versions: [
      [0, seccompAnnotations],
      [19, forbiddenSeccomp],
    ],
  },
  {
    id: "sysctls",
    level: "baseline",
    versions: [
      [0, sysctls(sysctls0)],
      [27, sysctls(sysctls27)],
      [29, sysctls(sysctls29)],
      [32, sysctls(sysctls32)],
    ],
  },
  { id: "windowsHostProcess", level: "baseline", versions: [[0, hostProcess]] },
];
