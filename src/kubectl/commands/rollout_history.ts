// `rollout history` and `rollout undo`: a workload's past templates.

import { formatLabelSelector, selectorRequirements } from "../../api/machinery/selector.ts";
import { type Call, defineCommand } from "../command.ts";
import { openLines } from "../describers/writer.ts";
import { type Mapping, pathOf, qualifiedName, shownKind } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { dryRunFlag, fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { alignTabs, tableTabs } from "../printers/tabwriter.ts";
import { patchTypes } from "../rest.ts";
import { type Found, fetchTargets, targetsOf } from "../targets.ts";
import { dryRunOf, dryRunSuffix, eachGathered } from "../writing.ts";

interface Revision {
  number: number;
  cause: string;
  /** The pod template of then. */
  template: any;
}

const causeAnnotation = "kubernetes.io/change-cause";

async function find(call: Call): Promise<Found[]> {
  if (call.args.length === 0 && call.flags.list("filename").length === 0)
    throw new CommandError("required resource not specified");
  const errors: unknown[] = [];
  const found = await fetchTargets(call, await targetsOf(call, call.args, { allowLists: true }), errors);
  throwAll(errors);
  return found;
}

/** A workload's revisions, oldest first. */
async function revisionsOf(call: Call, mapping: Mapping, object: any): Promise<Revision[]> {
  const rest = await call.rest();
  const { namespace, uid } = object.metadata;
  const labelSelector = formatLabelSelector(selectorRequirements(object.spec.selector ?? {}));
  const owned = (item: any) =>
    item.metadata.ownerReferences?.some((owner: any) => owner.controller && owner.uid === uid);
  const resource = qualifiedName(mapping);
  if (resource === "deployments.apps") {
    const { items = [] } = await rest.json({
      path: `/apis/apps/v1/namespaces/${namespace}/replicasets`,
      query: { labelSelector },
    });
    return items
      .filter(owned)
      .map(({ metadata, spec }: any) => ({
        number: Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0),
        cause: metadata.annotations?.[causeAnnotation] || "<none>",
        template: spec.template,
      }))
      .sort((a: Revision, b: Revision) => a.number - b.number);
  }
  if (resource !== "daemonsets.apps" && resource !== "statefulsets.apps")
    throw new CommandError(`no history viewer has been implemented for ${JSON.stringify(mapping.kind)}`);
  const { items = [] } = await rest.json({
    path: `/apis/apps/v1/namespaces/${namespace}/controllerrevisions`,
    query: { labelSelector },
  });
  return items
    .filter(owned)
    .map((item: any) => ({
      number: item.revision,
      cause: item.metadata.annotations?.[causeAnnotation] || "<none>",
      template: item.data?.spec?.template,
    }))
    .sort((a: Revision, b: Revision) => a.number - b.number);
}

export const rolloutHistory = defineCommand({
  path: "rollout history",
  usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
  summary: "View rollout history",
  flags: {
    ...fileFlags,
    ...printFlags,
    selector: selectorFlags.selector!,
    revision: { type: "int", default: "0", help: "See the details, including podTemplate of the revision specified" },
  },
  async run(call) {
    const wanted = call.flags.int("revision");
    if (wanted < 0) throw new CommandError(`revision must be a positive integer: ${wanted}`);
    for (const { mapping, name, object } of await find(call)) {
      const revisions = await revisionsOf(call, mapping, object);
      const title = `${shownKind(mapping)}/${name}`;
      if (wanted > 0) {
        const revision = revisions.find(({ number }) => number === wanted);
        if (!revision) throw new CommandError(`unable to find the specified revision`);
        const { templateLines } = await import("../describers/pod.ts");
        const out = openLines();
        templateLines(out, revision.template, {
          now: 0,
          formatTime: (time) => time ?? "",
          read: async () => undefined,
          events: async () => undefined,
        });
        call.print(`${title} with revision #${wanted}\n${out.text()}\n`);
        continue;
      }
      const lines = revisions.map(({ number, cause }) => `${number}\t${cause}\n`).join("");
      const table =
        revisions.length === 0
          ? "No rollout history found."
          : alignTabs(`REVISION\tCHANGE-CAUSE\n${lines}`, { ...tableTabs, minWidth: 0, padding: 2 });
      call.print(`${title} \n${table}\n`);
    }
  },
});

export const rolloutUndo = defineCommand({
  path: "rollout undo",
  usage: "(TYPE NAME | TYPE/NAME) [flags] [options]",
  summary: "Undo a previous rollout",
  flags: {
    ...fileFlags,
    ...printFlags,
    selector: selectorFlags.selector!,
    "dry-run": dryRunFlag,
    "to-revision": { type: "int", default: "0", help: "The revision to rollback to. Default to 0 (last revision)." },
  },
  async run(call) {
    const wanted = call.flags.int("to-revision");
    const rest = await call.rest();
    const errors = await eachGathered(await find(call), async ({ mapping, namespace, name, object }) => {
      if (object.spec.paused)
        throw new CommandError(
          `you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again`,
        );
      const revisions = await revisionsOf(call, mapping, object);
      const target = wanted > 0 ? revisions.find(({ number }) => number === wanted) : revisions.at(-2);
      if (!target) {
        throw new CommandError(
          wanted > 0
            ? `unable to find specified revision ${wanted} in history`
            : `no rollout history found for ${shownKind(mapping).split(".")[0]} ${JSON.stringify(name)}`,
        );
      }
      const labels = { ...target.template.metadata?.labels };
      delete labels["pod-template-hash"];
      const template = { ...target.template, metadata: { ...target.template.metadata, labels } };
      if (JSON.stringify(template.spec) === JSON.stringify(object.spec.template.spec) && wanted > 0) {
        call.print(
          `${shownKind(mapping)}/${name} skipped rollback (current template already matches revision ${wanted})\n`,
        );
        return;
      }
      if (dryRunOf(call) !== "client") {
        const isDeployment = mapping.plural === "deployments";
        const body = isDeployment
          ? [{ op: "replace", path: "/spec/template", value: template }]
          : { spec: { template: { $patch: "replace", ...template } } };
        const query = { dryRun: dryRunOf(call) === "server" ? "All" : undefined };
        await rest.json({
          method: "PATCH",
          path: pathOf(mapping, namespace, name),
          query,
          body,
          contentType: isDeployment ? patchTypes.json : patchTypes.strategic,
        });
      }
      call.print(`${shownKind(mapping)}/${name} rolled back${dryRunSuffix(call)}\n`);
    });
    throwAll(errors);
  },
});
