// `rollout pause|resume|restart`: patches of the pod template or of `paused`.

import { formatTime } from "../../api/machinery/time.ts";
import { type Command, defineCommand } from "../command.ts";
import { pathOf, qualifiedName } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { fieldManagerFlag, fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { patchTypes } from "../rest.ts";
import { fetchTargets, targetsOf } from "../targets.ts";
import { eachGathered, printDone, writeQuery } from "../writing.ts";

interface Change {
  word: string;
  summary: string;
  done: string;
  /** The patch, or a message why there is nothing to patch. */
  patch(object: any, resource: string, now: number): object | string;
}

function rolloutCommand({ word, summary, done, patch }: Change): Command {
  return defineCommand({
    path: `rollout ${word}`,
    usage: "RESOURCE [options]",
    summary,
    flags: {
      ...fileFlags,
      ...printFlags,
      selector: selectorFlags.selector!,
      "field-manager": fieldManagerFlag("kubectl-rollout"),
    },
    async run(call) {
      const rest = await call.rest();
      const errors: unknown[] = [];
      if (call.args.length === 0 && call.flags.list("filename").length === 0)
        throw new CommandError("required resource not specified");
      const found = await fetchTargets(call, await targetsOf(call, call.args, { allowLists: true }), errors);
      errors.push(
        ...(await eachGathered(found, async ({ mapping, namespace, name, object }) => {
          const resource = qualifiedName(mapping);
          const body = patch(object, resource, call.machine.clock.now());
          if (typeof body === "string") throw new CommandError(`${resource} ${JSON.stringify(name)} ${body}`);
          const after = await rest.json({
            method: "PATCH",
            path: pathOf(mapping, namespace, name),
            query: writeQuery(call),
            body,
            contentType: patchTypes.strategic,
          });
          await printDone(call, mapping, after, done);
        })),
      );
      throwAll(errors);
    },
  });
}

const pausable = new Set(["deployments.apps"]);
const restartable = new Set(["deployments.apps", "daemonsets.apps", "statefulsets.apps"]);

export const rolloutPause = rolloutCommand({
  word: "pause",
  summary: "Mark the provided resource as paused",
  done: "paused",
  patch: (object, resource) => {
    if (!pausable.has(resource)) return "pausing is not supported";
    return object.spec.paused ? "is already paused" : { spec: { paused: true } };
  },
});

export const rolloutResume = rolloutCommand({
  word: "resume",
  summary: "Resume a paused resource",
  done: "resumed",
  patch: (object, resource) => {
    if (!pausable.has(resource)) return "resuming is not supported";
    return object.spec.paused ? { spec: { paused: null } } : "is not paused";
  },
});

export const rolloutRestart = rolloutCommand({
  word: "restart",
  summary: "Restart a resource",
  done: "restarted",
  patch: (object, resource, now) => {
    if (!restartable.has(resource)) return "restarting is not supported";
    if (object.spec.paused) return "can't restart paused deployment (run rollout resume first)";
    return {
      spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": formatTime(now) } } } },
    };
  },
});
