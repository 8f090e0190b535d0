import { defineCommand } from "../command.ts";
import { makeObject, makingFlags } from "../creating.ts";
import { apiVersionOf } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import { fileFlags } from "../flag_sets.ts";
import { fetchTargets, targetsOf } from "../targets.ts";

export const autoscale = defineCommand({
  path: "autoscale",
  usage: "(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [options]",
  summary: "Auto-scale a deployment, replica set, stateful set, or replication controller",
  flags: {
    ...fileFlags,
    ...makingFlags,
    cpu: { type: "string", help: "Target CPU utilization over all the pods." },
    "cpu-percent": {
      type: "int",
      default: "-1",
      help: "The target average CPU utilization (represented as a percent of requested CPU) over all the pods.",
    },
    max: {
      type: "int",
      default: "-1",
      help: "The upper limit for the number of pods that can be set by the autoscaler. Required.",
    },
    min: {
      type: "int",
      default: "-1",
      help: "The lower limit for the number of pods that can be set by the autoscaler.",
    },
    name: {
      type: "string",
      help: "The name for the newly created object. If not specified, the name of the input resource will be used.",
    },
  },
  async run(call) {
    const { flags } = call;
    if (!flags.given("max")) throw new CommandError('required flag(s) "max" not set');
    const max = flags.int("max");
    if (max < 1) throw new CommandError(`--max=MAXPODS is required and must be at least 1, max: ${max}`);
    if (max < flags.int("min"))
      throw new CommandError(
        `--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${flags.int("min")}`,
      );
    const percent = flags.string("cpu").endsWith("%")
      ? Number.parseInt(flags.string("cpu"), 10)
      : flags.int("cpu-percent");
    const errors: unknown[] = [];
    for (const { mapping, name } of await fetchTargets(call, await targetsOf(call), errors)) {
      const target = { type: "Utilization", averageUtilization: percent };
      await makeObject(
        call,
        {
          kind: "HorizontalPodAutoscaler",
          apiVersion: "autoscaling/v2",
          metadata: { name: flags.string("name") || name },
          spec: {
            scaleTargetRef: { kind: mapping.kind, name, apiVersion: apiVersionOf(mapping) },
            ...(flags.int("min") > 0 ? { minReplicas: flags.int("min") } : {}),
            maxReplicas: max,
            ...(percent >= 0 ? { metrics: [{ type: "Resource", resource: { name: "cpu", target } }] } : {}),
          },
        },
        "autoscaled",
      );
    }
    if (errors.length > 0) throw errors[0];
  },
});
