import assert from "node:assert/strict";
import { test } from "node:test";
import { detailsOf, formatLevel, type Level, policyOf, violations } from "./policy.ts";

type Found = string;

/** What a pod violates, as `reasons (details)`. */
function check(what: string, level: Level, minor: number | "latest", pod: any, wanted: Found): void {
  test(`${level}:${minor} ${what}`, () => {
    const { annotations = {}, ...spec } = pod;
    const view = { annotations, spec: { containers: [{ name: "c" }], ...spec } };
    assert.equal(detailsOf(violations(view, { level, minor })), wanted);
  });
}

const container = (securityContext: object, more: object = {}) => ({
  containers: [{ name: "c", securityContext, ...more }],
});
/** What the restricted level asks for, done. */
const good = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};

check("allows nothing in particular", "privileged", "latest", { hostNetwork: true }, "");
check("plain", "baseline", "latest", {}, "");
check("good", "restricted", "latest", container(good), "");
check(
  "namespaces of the host",
  "baseline",
  "latest",
  { hostPID: true, hostIPC: true },
  "host namespaces (hostPID=true, hostIPC=true)",
);
check(
  "ports of the host, sorted as texts",
  "baseline",
  "latest",
  container({}, { ports: [{ hostPort: 9 }, { hostPort: 80 }] }),
  'hostPorts (container "c" uses hostPorts 80, 9)',
);
check(
  "paths of the host",
  "baseline",
  "latest",
  { volumes: [{ name: "v", hostPath: { path: "/" } }] },
  'hostPath volumes (volume "v")',
);
check(
  "annotations count for AppArmor",
  "baseline",
  "latest",
  { annotations: { "container.apparmor.security.beta.kubernetes.io/c": "unconfined" } },
  'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c=\\"unconfined\\"")',
);
const seccompOff = { annotations: { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" } };
check(
  "annotations count for seccomp",
  "baseline",
  18,
  seccompOff,
  'seccompProfile (forbidden annotation "seccomp.security.alpha.kubernetes.io/pod=unconfined")',
);
check("annotations no more count for seccomp", "baseline", 19, seccompOff, "");
const unmasked = container({ procMount: "Unmasked" });
const procMount = 'procMount (container "c" must not set securityContext.procMount to "Unmasked")';
check("proc mounts", "baseline", "latest", unmasked, procMount);
check("proc mounts in a user namespace", "baseline", 35, { ...unmasked, hostUsers: false }, "");
check("proc mounts in a user namespace", "baseline", 34, { ...unmasked, hostUsers: false }, procMount);
check(
  "proc mounts in a user namespace",
  "restricted",
  "latest",
  { ...container({ ...good, procMount: "Unmasked" }), hostUsers: false },
  procMount,
);
const sysctl = (name: string) => ({ securityContext: { sysctls: [{ name, value: "1" }] } });
check("a sysctl too early", "baseline", 31, sysctl("net.ipv4.tcp_rmem"), "forbidden sysctls (net.ipv4.tcp_rmem)");
check("a sysctl in time", "baseline", 32, sysctl("net.ipv4.tcp_rmem"), "");
check(
  "engines' own type",
  "baseline",
  30,
  { securityContext: { seLinuxOptions: { type: "container_engine_t" } } },
  'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
);
check(
  "capabilities in an old version are those of the baseline",
  "restricted",
  21,
  container({ ...good, capabilities: { add: ["SYS_ADMIN"] } }),
  'non-default capabilities (container "c" must not include "SYS_ADMIN" in securityContext.capabilities.add)',
);
check(
  "windows has none of it",
  "restricted",
  "latest",
  { ...container({ runAsNonRoot: true }), os: { name: "windows" } },
  "",
);
check(
  "the pod speaks for its containers",
  "restricted",
  "latest",
  {
    ...container({ allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }),
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "Localhost" } },
  },
  "",
);
check(
  "root in a container",
  "restricted",
  "latest",
  container({ ...good, runAsNonRoot: false, runAsUser: 0 }),
  'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false), runAsUser=0 (container "c" must not set runAsUser=0)',
);
check(
  "an ephemeral container counts as well",
  "baseline",
  "latest",
  { ephemeralContainers: [{ name: "e", securityContext: { privileged: true } }] },
  'privileged (container "e" must not set securityContext.privileged=true)',
);

test("labels make a policy", () => {
  const show = (labels: Record<string, string>) => {
    const { policy, errors } = policyOf(
      Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])),
    );
    const { enforce, audit, warn } = policy;
    return [[enforce, audit, warn].map(formatLevel).join(" "), ...errors.map(({ body }) => body)].join(" | ");
  };
  const open = "privileged:latest";
  assert.equal(show({}), `${open} ${open} ${open}`);
  assert.equal(show({ enforce: "baseline" }), `baseline:latest ${open} baseline:latest`);
  assert.equal(show({ enforce: "baseline", "enforce-version": "v1.30" }), `baseline:v1.30 ${open} baseline:v1.30`);
  assert.equal(show({ enforce: "restricted", warn: "privileged" }), `restricted:latest ${open} ${open}`);
  assert.equal(
    show({ enforce: "x", "warn-version": "1.2" }),
    `restricted:latest ${open} ${open} | Invalid value: "x": must be one of privileged, baseline, restricted | Invalid value: "1.2": must be "latest" or "v1.x"`,
  );
});
