// `auth can-i` and `auth whoami`.

import { type Call, defineCommand } from "../command.ts";
import { findResource } from "../discovery.ts";
import { CommandError, Exit } from "../errors.ts";
import { printFlags } from "../flag_sets.ts";
import { printerOf } from "../printers/printer.ts";
import { alignTabs, tableTabs } from "../printers/tabwriter.ts";
import { compactRules, ruleCells } from "../rbac_rules.ts";

/** Verbs of any resource; others are asked for with a warning. */
const knownVerbs = new Set([
  ...["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy", "use", "bind"],
  ...["escalate", "impersonate", "approve", "sign", "attest", "request-serviceaccounts-token-audience", "*"],
]);

export const authCanI = defineCommand({
  path: "auth can-i",
  usage: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL] [options]",
  summary: "Check whether an action is allowed",
  flags: {
    "all-namespaces": { type: "bool", short: "A", help: "If true, check the specified action in all namespaces." },
    list: { type: "bool", help: "If true, prints all allowed actions." },
    "no-headers": { type: "bool", help: "If true, prints allowed actions without headers" },
    quiet: { type: "bool", short: "q", help: "If true, suppress output and just return the exit code." },
    subresource: { type: "string", help: "SubResource such as pod/log or deployment/scale" },
  },
  async run(call) {
    const { flags, args } = call;
    if (flags.bool("list")) {
      if (args.length > 0) throw new CommandError("list option must be specified with no arguments");
      return list(call);
    }
    if (args.length !== 2)
      throw new CommandError(
        "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
      );
    const [verb = "", what = ""] = args;
    if (!what.startsWith("/") && !knownVerbs.has(verb))
      call.printError(`Warning: verb '${verb}' is not a known verb\n\n`);
    const rest = await call.rest();
    const { namespace } = await call.access();
    const spec = what.startsWith("/")
      ? { nonResourceAttributes: { path: what, verb } }
      : {
          resourceAttributes: await attributes(call, verb, what, flags.bool("all-namespaces") ? "" : namespace),
        };
    const answer = await rest.json({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: { kind: "SelfSubjectAccessReview", apiVersion: "authorization.k8s.io/v1", metadata: {}, spec },
    });
    const { allowed, reason, evaluationError } = answer.status ?? {};
    if (!flags.bool("quiet")) {
      const more = [reason, evaluationError].filter(Boolean).join(", ");
      call.print(allowed ? "yes\n" : `no${more ? ` - ${more}` : ""}\n`);
    }
    if (!allowed) throw new Exit(1);
  },
});

async function attributes(call: Call, verb: string, what: string, namespace: string): Promise<object> {
  const [type = "", name = ""] = what.split("/");
  const mapping = type === "*" ? undefined : findResource(await call.discovered(), type);
  if (!mapping && type !== "*") call.printError(`Warning: the server doesn't have a resource type '${type}'\n\n`);
  if (mapping && !mapping.namespaced)
    call.printError(
      `Warning: resource '${mapping.plural}' is not namespace scoped${mapping.group ? ` in group '${mapping.group}'` : ""}\n\n`,
    );
  return {
    ...(mapping?.namespaced === false ? {} : { namespace }),
    verb,
    group: type === "*" ? "*" : (mapping?.group ?? ""),
    resource: mapping?.plural ?? type,
    subresource: call.flags.string("subresource"),
    name,
  };
}

async function list(call: Call): Promise<void> {
  const rest = await call.rest();
  const { namespace } = await call.access();
  const { status } = await rest.json({
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    body: { kind: "SelfSubjectRulesReview", apiVersion: "authorization.k8s.io/v1", metadata: {}, spec: { namespace } },
  });
  const rows = call.flags.bool("no-headers") ? [] : [["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]];
  const { resourceRules = [], nonResourceRules = [] } = status;
  for (const rule of compactRules([...resourceRules, ...nonResourceRules])) rows.push(ruleCells(rule));
  call.print(alignTabs(`${rows.map((cells) => cells.join("\t")).join("\n")}\n`, tableTabs));
}

export const authWhoami = defineCommand({
  path: "auth whoami",
  usage: "[options]",
  summary: "Experimental: Check self subject attributes",
  flags: printFlags,
  async run(call) {
    const rest = await call.rest();
    const review = await rest.json({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1", metadata: {} },
    });
    const print = await printerOf(call);
    if (print) {
      call.print(print(review));
      return;
    }
    const { username, uid, groups, extra } = review.status?.userInfo ?? {};
    const rows = [["ATTRIBUTE", "VALUE"]];
    if (username) rows.push(["Username", username]);
    if (uid) rows.push(["UID", uid]);
    if (groups?.length > 0) rows.push(["Groups", `[${groups.join(" ")}]`]);
    for (const key of Object.keys(extra ?? {}).sort()) rows.push([`Extra: ${key}`, `[${extra[key].join(" ")}]`]);
    call.print(alignTabs(`${rows.map((cells) => cells.join("\t")).join("\n")}\n`, tableTabs));
  },
});
