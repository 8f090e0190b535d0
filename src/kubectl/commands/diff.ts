import { hasReason } from "../../api/machinery/status.ts";
import { dumpYaml } from "../../api/machinery/yaml.ts";
import { type Call, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, Exit, explainError } from "../errors.ts";
import { type FileObject, readFileObjects } from "../files.ts";
import { fieldManagerFlag, fileFlags } from "../flag_sets.ts";
import { withoutManagedFields } from "../printers/printer.ts";
import { patchTypes } from "../rest.ts";
import { lastAppliedAnnotation } from "../writing.ts";
import { planApply } from "./apply_patch.ts";

export const diff = defineCommand({
  path: "diff",
  usage: "-f FILENAME [options]",
  summary: "Diff the live version against a would-be applied version",
  flags: {
    ...fileFlags,
    "field-manager": fieldManagerFlag("kubectl-client-side-apply"),
    "force-conflicts": { type: "bool", help: "If true, server-side apply will force the changes against conflicts." },
    selector: { type: "string", short: "l", help: "Selector (label query) to filter on." },
    "server-side": { type: "bool", help: "If true, apply runs in the server instead of the client." },
    "show-managed-fields": { type: "bool", help: "If true, include managed fields in the diff." },
  },
  async run(call) {
    try {
      return await compare(call);
    } catch (error) {
      // 1 means that there are differences.
      const { text } = explainError(error, "");
      call.printError(text);
      throw new Exit(2);
    }
  },
});

async function compare(call: Call): Promise<number> {
  const { flags, machine, self } = call;
  if (flags.list("filename").length === 0) throw new CommandError("must specify one of -f and -k", 2);
  const [live, merged] = ["LIVE", "MERGED"].map(
    (name) => `/tmp/${name}-${Math.trunc(machine.random.next() * 1e10)}`,
  ) as [string, string];
  try {
    await machine.disk.makeDirectory(live);
    await machine.disk.makeDirectory(merged);
    for (const file of await readFileObjects(call)) {
      const { now, after } = await versions(call, file);
      const group = file.mapping.group ? `${file.mapping.group}.` : "";
      const name = `${group}${file.mapping.version}.${file.mapping.kind}.${file.namespace ?? ""}.${file.name}`;
      const clean = (object: any) =>
        object ? dumpYaml(flags.bool("show-managed-fields") ? object : withoutManagedFields(object)) : "";
      await machine.disk.write(`${live}/${name}`, clean(now));
      await machine.disk.write(`${merged}/${name}`, clean(after));
    }
    const [program = "diff", ...words] = (self.env.KUBECTL_EXTERNAL_DIFF ?? "diff -u -N").split(/\s+/);
    const { code, stdout, stderr } = await machine.exec.run(program, [...words, live, merged]);
    call.print(stdout);
    call.printError(stderr);
    return code;
  } finally {
    for (const directory of [live, merged]) await machine.disk.remove(directory, { recursive: true });
  }
}

/** The object as it is, and as applying the file would make it. */
async function versions(
  call: Call,
  { object, mapping, namespace, name }: FileObject,
): Promise<{ now?: any; after: any }> {
  const rest = await call.rest();
  const path = pathOf(mapping, namespace, name);
  const serverSide = call.flags.bool("server-side");
  const fieldManager =
    serverSide && !call.flags.given("field-manager") ? "kubectl" : call.flags.string("field-manager");
  const now = await rest
    .json({ path })
    .catch((error) => (hasReason(error, "NotFound") ? undefined : Promise.reject(error)));
  const query = { dryRun: "All", fieldManager };
  if (serverSide) {
    const force = call.flags.bool("force-conflicts");
    return {
      now,
      after: await rest.json({
        method: "PATCH",
        path,
        query: { ...query, force },
        body: object,
        contentType: patchTypes.apply,
      }),
    };
  }
  const { [lastAppliedAnnotation]: _sent, ...annotations } = object.metadata.annotations ?? {};
  const modified = { ...object, metadata: { ...object.metadata, annotations } };
  if (!now)
    return { after: await rest.json({ method: "POST", path: pathOf(mapping, namespace), query, body: modified }) };
  const { patch, type } = await planApply(now, modified, mapping);
  if (Object.keys(patch).length === 0) return { now, after: now };
  return { now, after: await rest.json({ method: "PATCH", path, query, body: patch, contentType: patchTypes[type] }) };
}
