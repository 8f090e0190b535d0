// `apply --server-side`: one request, and the way over from client-side apply.

import { hasReason } from "../../api/machinery/status.ts";
import type { Call } from "../command.ts";
import { apiVersionOf, pathOf } from "../discovery.ts";
import { CommandError } from "../errors.ts";
import type { FileObject } from "../files.ts";
import { patchTypes } from "../rest.ts";
import { lastAppliedAnnotation, writeQuery } from "../writing.ts";

/** Whoever applies without `--field-manager`; only this manager keeps the annotation of client-side apply. */
const defaultManager = "kubectl";

/** Owns the annotation of client-side apply, so that it outlives the move. */
const annotationManager = "kubectl-last-applied";

/** How often the object may change while its managers are being moved. */
const moveTriesMax = 5;

interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: Fields;
  [more: string]: unknown;
}

/** Fields as FieldsV1 has them: `f:data` → what is below. */
type Fields = { [step: string]: Fields };

/**
 * Sends the object as the wanted configuration. If a client-side apply owns fields of what comes back, they are handed over
 * to this manager and the object is applied once more (KEP-555, "Migrating"). Resolves to the object; throws the refusal.
 */
export async function applyOnServer(call: Call, file: FileObject): Promise<any> {
  const fieldManager = call.flags.string("field-manager") || defaultManager;
  const applied = await sendConfiguration(call, file, file.object, fieldManager).catch((error) => {
    throw hasReason(error, "Conflict") ? new CommandError(conflictText((error as Error).message)) : error;
  });
  try {
    const kept = await keepLastApplied(call, file, applied, fieldManager);
    if (!(await moveManagers(call, file, kept, fieldManager))) return kept;
    return await sendConfiguration(call, file, file.object, fieldManager);
  } catch (error) {
    // What was asked for is done; the next apply tries again.
    call.printError(
      `Warning: server-side apply migration failed, the object was applied nevertheless: ${(error as Error).message}\n`,
    );
    return applied;
  }
}

async function sendConfiguration(call: Call, file: FileObject, body: unknown, fieldManager: string): Promise<any> {
  const rest = await call.rest();
  return rest.json({
    method: "PATCH",
    path: addressOf(call, file),
    query: { ...writeQuery(call), fieldManager, force: call.flags.bool("force-conflicts") },
    body,
    contentType: patchTypes.apply,
  });
}

function addressOf(call: Call, { mapping, namespace, name }: FileObject): string {
  return pathOf(mapping, namespace, name, call.flags.string("subresource") || undefined);
}

/** Gives the annotation an owner of its own; without one it would go with its present owner. */
async function keepLastApplied(call: Call, file: FileObject, applied: any, fieldManager: string): Promise<any> {
  const text: string | undefined = applied.metadata?.annotations?.[lastAppliedAnnotation];
  if (fieldManager !== defaultManager || text === undefined) return applied;
  if (ownersOfLastApplied(applied, "Apply").length > 0) return applied;
  const { mapping, namespace, name } = file;
  const metadata = { name, ...(namespace && { namespace }), annotations: { [lastAppliedAnnotation]: text } };
  const justAnnotation = { apiVersion: apiVersionOf(mapping), kind: mapping.kind, metadata };
  return sendConfiguration(call, file, justAnnotation, annotationManager);
}

/** Hands over what client-side appliers own. Resolves to whether there was anything. */
async function moveManagers(call: Call, file: FileObject, applied: any, fieldManager: string): Promise<boolean> {
  const rest = await call.rest();
  const path = addressOf(call, file);
  let present = applied;
  for (let tries = 1; ; tries++) {
    const managers = new Set(ownersOfLastApplied(present, "Update").map(({ manager }) => manager ?? ""));
    const moved = withMovedManagers(present.metadata.managedFields ?? [], managers, fieldManager);
    if (!moved) return false;
    const body = [
      { op: "replace", path: "/metadata/managedFields", value: moved },
      // Refused as a conflict if the object changed meanwhile.
      { op: "replace", path: "/metadata/resourceVersion", value: present.metadata.resourceVersion },
    ];
    try {
      await rest.json({ method: "PATCH", path, query: writeQuery(call), body, contentType: patchTypes.json });
      return true;
    } catch (error) {
      if (!hasReason(error, "Conflict") || tries === moveTriesMax) throw error;
      present = await rest.json({ path });
    }
  }
}

function ownersOfLastApplied(object: any, operation: "Apply" | "Update"): ManagedFields[] {
  const all: ManagedFields[] = object.metadata?.managedFields ?? [];
  return all.filter(
    (each) =>
      each.operation === operation &&
      !each.subresource &&
      each.fieldsV1?.["f:metadata"]?.["f:annotations"]?.[`f:${lastAppliedAnnotation}`] !== undefined,
  );
}

/** The entries with those of client-side appliers merged into this manager's; undefined if there are none. */
export function withMovedManagers(
  entries: readonly ManagedFields[],
  managers: ReadonlySet<string>,
  fieldManager: string,
): ManagedFields[] | undefined {
  const isOld = (each: ManagedFields) =>
    each.operation === "Update" && !each.subresource && managers.has(each.manager ?? "");
  const isOwn = (each: ManagedFields) =>
    each.operation === "Apply" && !each.subresource && each.manager === fieldManager;
  const old = entries.filter(isOld);
  const first = entries.find(isOwn) ?? old[0];
  if (old.length === 0 || !first) return undefined;
  const fieldsV1 = old.reduce((all, each) => union(all, each.fieldsV1 ?? {}), first.fieldsV1 ?? {});
  const own = { ...first, manager: fieldManager, operation: "Apply", fieldsV1 };
  return entries.flatMap((each) => (each === first ? [own] : isOld(each) ? [] : [each]));
}

function union(a: Fields, b: Fields): Fields {
  const all = { ...a };
  for (const [step, below] of Object.entries(b)) all[step] = union(all[step] ?? {}, below);
  return all;
}

function conflictText(message: string): string {
  return `${message}
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;
}
