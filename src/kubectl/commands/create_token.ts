import { StatusError } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { nameOf } from "../creating.ts";
import { CommandError } from "../errors.ts";
import { printFlags } from "../flag_sets.ts";
import { printerOf } from "../printers/printer.ts";

/** Kinds that a token may be bound to, and their versions. */
const boundKinds: Record<string, string> = { Node: "v1", Pod: "v1", Secret: "v1" };

export const createToken = defineCommand({
  path: "create token",
  usage: "SERVICE_ACCOUNT_NAME [options]",
  summary: "Request a service account token",
  flags: {
    ...printFlags,
    audience: {
      type: "array",
      help: "Audience of the requested token. May be repeated to request a token valid for multiple audiences.",
    },
    "bound-object-kind": { type: "string", help: "Kind of an object to bind the token to: Node, Pod or Secret." },
    "bound-object-name": { type: "string", help: "Name of an object to bind the token to." },
    "bound-object-uid": { type: "string", help: "UID of an object to bind the token to. Defaults to its present UID." },
    duration: { type: "duration", help: "Requested lifetime of the issued token." },
  },
  async run(call) {
    const name = nameOf(call);
    const { flags } = call;
    const boundObjectRef = boundObject(call);
    const rest = await call.rest();
    const { namespace } = await call.access();
    const audiences = flags.list("audience");
    const seconds = Math.trunc(flags.duration("duration") / 1000);
    if (seconds < 0) throw new CommandError("--duration must be positive");
    if (flags.duration("duration") % 1000 !== 0)
      throw new CommandError("--duration cannot be expressed in units less than seconds");
    const spec = {
      audiences: audiences.length > 0 ? audiences : null,
      ...(seconds > 0 ? { expirationSeconds: seconds } : {}),
      boundObjectRef: boundObjectRef ?? null,
    };
    const answer = await rest
      .json({
        method: "POST",
        path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
        body: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", metadata: {}, spec },
      })
      .catch((error) => {
        throw error instanceof StatusError ? new CommandError(`failed to create token: ${error.message}`) : error;
      });
    const print = await printerOf(call);
    if (!answer.status?.token) throw new CommandError("failed to create token: no token in server response");
    call.print(print ? print(answer) : `${answer.status.token}\n`);
  },
});

function boundObject({ flags }: Call): object | undefined {
  const [kind, name, uid] = ["kind", "name", "uid"].map((word) => flags.string(`bound-object-${word}`));
  if (!kind) {
    if (name) throw new CommandError("--bound-object-name can only be set if --bound-object-kind is provided");
    if (uid) throw new CommandError("--bound-object-uid can only be set if --bound-object-kind is provided");
    return undefined;
  }
  const apiVersion = boundKinds[kind];
  if (!apiVersion)
    throw new CommandError(`supported --bound-object-kind values are ${Object.keys(boundKinds).sort().join(", ")}`);
  if (!name) throw new CommandError("--bound-object-name is required if --bound-object-kind is provided");
  return { kind, apiVersion, name, ...(uid && { uid }) };
}
