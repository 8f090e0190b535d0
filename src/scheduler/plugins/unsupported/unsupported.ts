import type { KubeObject } from "../../../api/machinery/object.ts";
import type { Plugin } from "../../framework/plugin.ts";

/** Refuses pods that ask for what no plugin here answers yet: better left than scheduled as if they had not asked. */
export const unsupported: Plugin = {
  name: "Unsupported",
  preFilter({ pod }) {
    const what = unsupportedIn(pod);
    return what === undefined ? { skip: true } : { reject: `not supported yet: ${what}` };
  },
};

/** What a pod asks for that is not supported, in words. Pure. */
export function unsupportedIn({ spec }: KubeObject): string | undefined {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  if (podAffinity?.[required]?.length) return "required inter-pod affinity";
  if (podAntiAffinity?.[required]?.length) return "required inter-pod anti-affinity";
  if (spec.topologySpreadConstraints?.some(({ whenUnsatisfiable }: any) => whenUnsatisfiable === "DoNotSchedule"))
    return "topology spread constraints with DoNotSchedule";
  if (spec.volumes?.some(({ persistentVolumeClaim, ephemeral }: any) => persistentVolumeClaim || ephemeral))
    return "volumes that are claimed";
  if (spec.resourceClaims?.length) return "resource claims";
  return undefined;
}
