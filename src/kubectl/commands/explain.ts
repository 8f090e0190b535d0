import { type Call, defineCommand } from "../command.ts";
import { apiVersionOf, type Mapping } from "../discovery.ts";
import { BareError, CommandError } from "../errors.ts";
import { explainText, FieldMissing } from "../explain_text.ts";
import { resourceOf } from "../targets.ts";

export const explain = defineCommand({
  path: "explain",
  usage:
    "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]",
  summary: "Get documentation for a resource",
  examples: `
# A kind and its fields
kubectl explain pods

# One field
kubectl explain pods.spec.containers`,
  flags: {
    "api-version": { type: "string", help: "Use given api-version (group/version) of the resource." },
    output: {
      type: "string",
      short: "o",
      default: "plaintext",
      help: "Format in which to render the schema. Valid values are: (plaintext, plaintext-openapiv2).",
    },
    recursive: { type: "bool", help: "When true, print the name of all the fields recursively." },
  },
  async run(call) {
    const { flags, args } = call;
    if (args.length === 0)
      throw new CommandError(
        'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.\n',
      );
    if (args.length > 1)
      throw new CommandError(
        "We accept only this format: explain RESOURCE\nSee 'kubectl explain -h' for help and examples",
      );
    const { mapping, path } = await split(call, args[0]!);
    const apiVersion = flags.string("api-version") || apiVersionOf(mapping);
    const [version, group = ""] = apiVersion.split("/").reverse() as [string, string?];
    const rest = await call.rest();
    const index = await rest.json({ path: "/openapi/v3" });
    const address = index.paths?.[group ? `apis/${group}/${version}` : `api/${version}`]?.serverRelativeURL;
    if (!address) throw new CommandError(`couldn't find resource for "${apiVersion}, Resource=${mapping.plural}"`);
    const document = await rest.json({ path: address });
    try {
      call.print(explainText(document, { group, version, kind: mapping.kind }, path, flags.bool("recursive")));
    } catch (error) {
      if (error instanceof FieldMissing) call.print(error.head);
      throw error;
    }
  },
});

/** `deployments.apps.spec` or `pod.spec`: the longest beginning that names a resource, and the fields after it. */
async function split(call: Call, word: string): Promise<{ mapping: Mapping; path: string[] }> {
  const parts = word.split(".").filter(Boolean);
  const { resources } = await call.discovered();
  for (let length = Math.min(parts.length, 6); length > 1; length--) {
    const group = parts.slice(1, length).join(".");
    const found = resources.find(
      (each) =>
        each.group === group &&
        group !== "" &&
        [each.plural, each.singular, ...each.shortNames].includes(parts[0]!.toLowerCase()),
    );
    if (found) return { mapping: found, path: parts.slice(length) };
  }
  const mapping = await resourceOf(call, parts[0] ?? "").catch((error: Error) => {
    throw new BareError(error.message);
  });
  return { mapping, path: parts.slice(1) };
}
