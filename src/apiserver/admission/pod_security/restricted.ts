// The checks that the level `restricted` adds (Kubernetes documentation, "Pod Security Standards").

import { forbiddenSeccomp, procMount } from "./baseline.ts";
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
  unlessWindows,
} from "./parts.ts";

const allowPrivilegeEscalation: CheckPod = (pod) => {
  const containers = containersOf(pod).filter((each) => each.securityContext?.allowPrivilegeEscalation !== false);
  if (containers.length === 0) return undefined;
  const detail = `${containersNamed(containers)} must set securityContext.allowPrivilegeEscalation=false`;
  return { reason: "allowPrivilegeEscalation != false", detail };
};

const capabilities: CheckPod = (pod) => {
  const keeping = containersOf(pod).filter((each) => !each.securityContext?.capabilities?.drop?.includes("ALL"));
  const added = (container: any): string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((each: string) => each !== "NET_BIND_SERVICE");
  const adding = containersOf(pod).filter((each) => added(each).length > 0);
  const details: string[] = [];
  if (keeping.length > 0)
    details.push(`${containersNamed(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const names = quoted(sortedSet(adding.flatMap(added)));
    details.push(`${containersNamed(adding)} must not include ${names} in securityContext.capabilities.add`);
  }
  return details.length > 0 ? { reason: "unrestricted capabilities", detail: details.join("; ") } : undefined;
};

const allowedVolumes = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

const restrictedVolumes: CheckPod = ({ spec }) => {
  // A volume without any source is an empty directory.
  const typeOf = ({ name: _, ...source }: any): string => Object.keys(source)[0] ?? "emptyDir";
  const bad: any[] = (spec.volumes ?? []).filter((each: any) => !allowedVolumes.has(typeOf(each)));
  if (bad.length === 0) return undefined;
  const types = sortedSet(bad.map(typeOf));
  const who = `${plural(bad.length, "volume")} ${quoted(bad.map(({ name }) => name))}`;
  const uses = plural(bad.length, "uses", "use");
  const detail = `${who} ${uses} ${plural(types.length, "restricted volume type")} ${quoted(types)}`;
  return { reason: "restricted volume types", detail };
};

const runAsNonRoot: CheckPod = (pod) => {
  const reason = "runAsNonRoot != true";
  const ofPod: boolean | undefined = pod.spec.securityContext?.runAsNonRoot;
  const own = (container: any): boolean | undefined => container.securityContext?.runAsNonRoot;
  const who = setters(
    ofPod === false,
    containersOf(pod).filter((each) => own(each) === false),
  );
  if (who.length > 0) return { reason, detail: `${who.join(" and ")} must not set securityContext.runAsNonRoot=false` };
  const open = ofPod ? [] : containersOf(pod).filter((each) => own(each) === undefined);
  if (open.length === 0) return undefined;
  return { reason, detail: `pod or ${containersNamed(open)} must set securityContext.runAsNonRoot=true` };
};

const runAsUser: CheckPod = (pod) => {
  const isRoot = (holder: any): boolean => holder.securityContext?.runAsUser === 0;
  const who = setters(isRoot(pod.spec), containersOf(pod).filter(isRoot));
  return who.length > 0
    ? { reason: "runAsUser=0", detail: `${who.join(" and ")} must not set runAsUser=0` }
    : undefined;
};

const seccompProfile: CheckPod = (pod) => {
  const forbidden = forbiddenSeccomp(pod);
  if (forbidden) return forbidden;
  const isSet = (holder: any): boolean => Boolean(holder.securityContext?.seccompProfile);
  const open = isSet(pod.spec) ? [] : containersOf(pod).filter((each) => !isSet(each));
  if (open.length === 0) return undefined;
  const wanted = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason: "seccompProfile", detail: `pod or ${containersNamed(open)} must set ${wanted}` };
};

/** In the order in which violations are told, after those of the baseline. */
export const restrictedChecks: readonly Check[] = [
  {
    id: "allowPrivilegeEscalation",
    level: "restricted",
    versions: [
      [8, allowPrivilegeEscalation],
      [25, unlessWindows(allowPrivilegeEscalation)],
    ],
  },
  {
    id: "capabilities_restricted",
    level: "restricted",
    overrides: "capabilities_baseline",
    versions: [
      [22, capabilities],
      [25, unlessWindows(capabilities)],
    ],
  },
  { id: "procMount_restricted", level: "restricted", overrides: "procMount", versions: [[35, procMount]] },
  {
    id: "restrictedVolumes",
    level: "restricted",
    overrides: "hostPathVolumes",
    versions: [[0, restrictedVolumes]],
  },
  {
    id: "runAsNonRoot",
    level: "restricted",
    versions: [
      [0, runAsNonRoot],
      [35, unlessUserNamespace(runAsNonRoot)],
    ],
  },
  {
    id: "runAsUser",
    level: "restricted",
    versions: [
      [23, runAsUser],
      [35, unlessUserNamespace(runAsUser)],
    ],
  },
  {
    id: "seccompProfile_restricted",
    level: "restricted",
    overrides: "seccompProfile_baseline",
    versions: [
      [19, seccompProfile],
      [25, unlessWindows(seccompProfile)],
    ],
  },
];
