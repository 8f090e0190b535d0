// `certificate approve` and `certificate deny`.

import { formatTime } from "../../api/machinery/time.ts";
import { type Command, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { fileFlags, printFlags, selectorFlags } from "../flag_sets.ts";
import { fetchTargets, resourceOf, targetsOf } from "../targets.ts";
import { eachGathered, printDone } from "../writing.ts";

function certificateCommand(word: string, summary: string, type: "Approved" | "Denied", done: string): Command {
  return defineCommand({
    path: `certificate ${word}`,
    usage: "(-f FILENAME | NAME) [options]",
    summary,
    flags: {
      ...fileFlags,
      ...printFlags,
      selector: selectorFlags.selector!,
      force: { type: "bool", help: "Update the CSR even if it is already decided." },
    },
    async run(call) {
      const rest = await call.rest();
      const mapping = await resourceOf(call, "certificatesigningrequests");
      const errors: unknown[] = [];
      const words = call.args.length > 0 ? [mapping.plural, ...call.args] : [];
      const found = await fetchTargets(call, await targetsOf(call, words), errors);
      errors.push(
        ...(await eachGathered(found, async ({ name, object }) => {
          const conditions: any[] = object.status?.conditions ?? [];
          const other = type === "Approved" ? "Denied" : "Approved";
          if (conditions.some((each) => each.type === other))
            throw new CommandError(`certificate signing request ${JSON.stringify(name)} is already ${other}`);
          const now = formatTime(call.machine.clock.now());
          const decided = {
            type,
            status: "True",
            reason: type === "Approved" ? "KubectlApprove" : "KubectlDeny",
            message: `This CSR was ${type === "Approved" ? "approved" : "denied"} by kubectl certificate ${word}.`,
            lastUpdateTime: now,
          };
          const known = conditions.some((each) => each.type === type);
          const body = {
            ...object,
            status: { ...object.status, conditions: known ? conditions : [...conditions, decided] },
          };
          const after =
            known && !call.flags.bool("force")
              ? object
              : await rest.json({ method: "PUT", path: pathOf(mapping, undefined, name, "approval"), body });
          await printDone(call, mapping, after, done);
        })),
      );
      throwAll(errors);
    },
  });
}

export const certificateApprove = certificateCommand(
  "approve",
  "Approve a certificate signing request",
  "Approved",
  "approved",
);
export const certificateDeny = certificateCommand("deny", "Deny a certificate signing request", "Denied", "denied");
