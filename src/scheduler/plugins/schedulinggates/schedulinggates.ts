import type { Plugin } from "../../framework/plugin.ts";

/** Pods wait until their last gate is taken away (KEP-3521). */
export const schedulingGates: Plugin = {
  name: "SchedulingGates",
  preEnqueue: ({ spec }) =>
    spec.schedulingGates?.length > 0 ? "Scheduling is blocked due to non-empty scheduling gates" : undefined,
};
