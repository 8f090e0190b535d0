import { StatusError } from "../../api/machinery/status.ts";
import { type Call, defineCommand } from "../command.ts";
import { pathOf } from "../discovery.ts";
import { CommandError, throwAll } from "../errors.ts";
import { type FileObject, readFileObjects } from "../files.ts";
import { dryRunFlag, fileFlags, printFlags } from "../flag_sets.ts";
import { type Rule, ruleText, uncovered } from "../rbac_rules.ts";
import { dryRunOf, eachGathered, printDone } from "../writing.ts";

type Operation = "create" | "update" | "recreate";

/** What an object needs, and the words for it. */
export interface Reconciliation {
  /** Undefined if it is right as it is. */
  operation: Operation | undefined;
  object: any;
  missing: string[];
  extra: string[];
}

/** Roles and bindings that say so are not to be brought in line. */
const autoUpdateAnnotation = "rbac.authorization.kubernetes.io/autoupdate";

export const authReconcile = defineCommand({
  path: "auth reconcile",
  usage: "-f FILENAME [options]",
  summary: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
  flags: {
    ...fileFlags,
    ...printFlags,
    "dry-run": dryRunFlag,
    "remove-extra-permissions": { type: "bool", help: "If true, removes extra permissions added to roles" },
    "remove-extra-subjects": { type: "bool", help: "If true, removes extra subjects added to rolebindings" },
  },
  async run(call) {
    const { flags } = call;
    if (flags.list("filename").length === 0) throw new CommandError("must specify one of -f and -k");
    if (dryRunOf(call) === "server")
      throw new CommandError("--dry-run=server for command reconcile is not supported yet");
    const files = await readFileObjects(call);
    // Other kinds may stand in the same files.
    const ours = files.filter(({ mapping }) => mapping.group === "rbac.authorization.k8s.io");
    throwAll(await eachGathered(ours, (file) => reconcileFile(call, file)));
  },
});

async function reconcileFile(call: Call, file: FileObject): Promise<void> {
  const rest = await call.rest();
  const { mapping, namespace, name, object } = file;
  const path = pathOf(mapping, namespace, name);
  const existing = await rest.json({ path }).catch((error) => {
    if (error instanceof StatusError && error.reason === "NotFound") return undefined;
    throw error;
  });
  const isRole = mapping.kind.endsWith("Role");
  const removes = call.flags.bool(isRole ? "remove-extra-permissions" : "remove-extra-subjects");
  const plan = isRole ? planRole(object, existing, removes) : planBinding(object, existing, removes);
  const isProtected = existing?.metadata.annotations?.[autoUpdateAnnotation] === "false";
  let shown = plan.object;
  if (plan.operation && dryRunOf(call) === "none" && !isProtected) {
    if (plan.operation === "create") await ensureNamespace(call, namespace);
    if (plan.operation === "recreate") {
      const preconditions = { uid: existing.metadata.uid };
      await rest.json({ method: "DELETE", path, body: { kind: "DeleteOptions", apiVersion: "v1", preconditions } });
    }
    const asked =
      plan.operation === "update" ? { method: "PUT", path } : { method: "POST", path: pathOf(mapping, namespace) };
    shown = await rest.json({ ...asked, body: plan.object });
  }
  await printDone(call, mapping, shown, "reconciled");
  if (!call.flags.string("output")) printPlan(call, plan, isRole ? "rules" : "subjects", isProtected);
}

/** A role may be written before its namespace. Who may not make one is told by the role's own refusal. */
async function ensureNamespace(call: Call, namespace: string | undefined): Promise<void> {
  if (namespace === undefined) return;
  const rest = await call.rest();
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  try {
    await rest.json({ path: `/api/v1/namespaces/${namespace}` });
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== "NotFound") return;
    await rest.json({ method: "POST", path: "/api/v1/namespaces", body }).catch((refusal) => {
      if (!(refusal instanceof StatusError)) throw refusal;
    });
  }
}

function printPlan(call: Call, { operation, missing, extra }: Reconciliation, things: string, isProtected: boolean) {
  if (isProtected) call.printError("\tunmodified (protected)\n");
  if (!operation) return;
  call.printError(`\treconciliation required ${operation}\n`);
  const tell = (title: string, list: readonly string[]) => {
    if (list.length > 0) call.printError(`\t${title}:\n${list.map((each) => `\t\t${each}\n`).join("")}`);
  };
  tell(`missing ${things} added`, missing);
  tell(`extra ${things} removed`, extra);
}

/** What makes a role allow at least what the file says; with `removes`, no more than that. Pure. */
export function planRole(expected: any, existing: any, removes: boolean): Reconciliation {
  const rules: Rule[] = expected.rules ?? [];
  if (!existing) return { operation: "create", object: expected, missing: rules.map(ruleText), extra: [] };
  const { metadata, changed } = withMerged(expected, existing);
  const object = { ...existing, metadata };
  let operation: Operation | undefined = changed ? "update" : undefined;
  // An aggregated role's rules are a controller's business.
  const missing = expected.aggregationRule ? [] : uncovered(existing.rules ?? [], rules);
  const extra = expected.aggregationRule || !removes ? [] : uncovered(rules, existing.rules ?? []);
  if (missing.length > 0 || extra.length > 0) {
    operation = "update";
    object.rules = removes ? rules : [...(existing.rules ?? []), ...missing];
  }
  const wanted: object[] = expected.aggregationRule?.clusterRoleSelectors ?? [];
  const known: object[] = existing.aggregationRule?.clusterRoleSelectors ?? [];
  const missingSelectors = without(wanted, known);
  if (missingSelectors.length > 0 || (removes && without(known, wanted).length > 0)) {
    operation = "update";
    object.aggregationRule = { clusterRoleSelectors: removes ? wanted : [...known, ...missingSelectors] };
  }
  return { operation, object, missing: missing.map(ruleText), extra: extra.map(ruleText) };
}

/** What makes a binding bind at least the file's subjects. Another role needs another binding. Pure. */
export function planBinding(expected: any, existing: any, removes: boolean): Reconciliation {
  const wanted: object[] = expected.subjects ?? [];
  if (!existing) return { operation: "create", object: expected, missing: wanted.map(subjectText), extra: [] };
  if (without([expected.roleRef], [existing.roleRef]).length > 0)
    return { operation: "recreate", object: expected, missing: [], extra: [] };
  const { metadata, changed } = withMerged(expected, existing);
  const known: object[] = existing.subjects ?? [];
  const missing = without(wanted, known);
  const extra = removes ? without(known, wanted) : [];
  const differs = missing.length > 0 || extra.length > 0;
  const subjects = removes ? wanted : [...known, ...missing];
  return {
    operation: differs || changed ? "update" : undefined,
    object: { ...existing, metadata, ...(differs && { subjects }) },
    missing: missing.map(subjectText),
    extra: extra.map(subjectText),
  };
}

/** Labels and annotations of both; what is there already stays. */
function withMerged(expected: any, existing: any): { metadata: any; changed: boolean } {
  const metadata = { ...existing.metadata };
  let changed = false;
  for (const field of ["annotations", "labels"] as const) {
    const known = existing.metadata[field] ?? {};
    const merged = { ...expected.metadata?.[field], ...known };
    if (Object.keys(merged).length === Object.keys(known).length) continue;
    changed = true;
    metadata[field] = merged;
  }
  return { metadata, changed };
}

function without(list: readonly object[], others: readonly object[]): object[] {
  const key = (item: any) =>
    JSON.stringify(
      Object.keys(item)
        .sort()
        .map((name) => [name, item[name]]),
    );
  const known = new Set(others.map(key));
  return list.filter((item) => !known.has(key(item)));
}

function subjectText({ kind = "", apiGroup = "", name = "", namespace = "" }: any): string {
  return `{Kind:${kind} APIGroup:${apiGroup} Name:${name} Namespace:${namespace}}`;
}
