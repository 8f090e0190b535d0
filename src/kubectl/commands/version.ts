// `version` and `options`.

import { defineCommand } from "../command.ts";
import { CommandError } from "../errors.ts";
import { globalFlags } from "../flag_sets.ts";
import { describe } from "../help_layout.ts";

const clientVersion = { major: "1", minor: "36", gitVersion: "v1.36.0", gitTreeState: "clean" };
const kustomizeVersion = "v5.7.1";
/** How many minor versions client and server may be apart. */
const skewMax = 1;

export const version = defineCommand({
  path: "version",
  usage: "[flags] [options]",
  summary: "Print the client and server version information",
  flags: {
    client: { type: "bool", help: "If true, shows client version only (no server required)." },
    output: { type: "string", short: "o", help: "One of 'yaml' or 'json'." },
  },
  async run(call) {
    const { flags, args } = call;
    if (args.length > 0) throw new CommandError(`extra arguments: [${args.join(" ")}]`);
    const output = flags.string("output");
    if (output && output !== "json" && output !== "yaml") throw new CommandError("--output must be 'yaml' or 'json'");
    let failure: unknown;
    const server = flags.bool("client")
      ? undefined
      : await (await call.rest()).json({ path: "/version" }).catch((error) => {
          failure = error;
        });
    const all = { clientVersion, kustomizeVersion, ...(server ? { serverVersion: server } : {}) };
    if (output === "json") {
      const { goJsonIndented } = await import("../../api/machinery/go_json.ts");
      call.print(`${goJsonIndented(all, 2)}\n`);
    } else if (output === "yaml") {
      const { dumpYaml } = await import("../../api/machinery/yaml.ts");
      call.print(dumpYaml(all));
    } else {
      call.print(`Client Version: ${clientVersion.gitVersion}\nKustomize Version: ${kustomizeVersion}\n`);
      if (server) call.print(`Server Version: ${server.gitVersion}\n`);
    }
    if (failure) throw failure;
    const apart = server ? Math.abs(Number.parseInt(server.minor, 10) - Number(clientVersion.minor)) : 0;
    if (apart > skewMax) {
      call.printError(
        `WARNING: version difference between client (1.36) and server (${server.major}.${Number.parseInt(server.minor, 10)}) exceeds the supported minor version skew of +/-1\n`,
      );
    }
  },
});

export const options = defineCommand({
  path: "options",
  usage: "",
  summary: "Print the list of flags inherited by all commands",
  flags: {},
  run: async (call) => call.print(`The following options can be passed to any command:\n\n${describe(globalFlags)}`),
});
