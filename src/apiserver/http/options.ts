// What requests say besides their objects: the options of writes and deletions (meta/v1), and what may be wrong with them.

import { type FieldError, FieldPath, invalid, notSupported, throwInvalid } from "../../api/machinery/field.ts";
import type { Scope } from "../registry/scope.ts";
import type { Route } from "./route.ts";

const kinds: Record<string, string> = { create: "CreateOptions", update: "UpdateOptions", patch: "PatchOptions" };
const managerBytesMax = 128;
const validations = ["Ignore", "Strict", "Warn"] as const;

/** The options in a write's query. Throws a 422 for what they cannot be; other requests have none. */
export function writeOptions({ query, verb }: Route): Pick<Scope, "dryRun" | "fieldManager" | "fieldValidation"> {
  const kind = kinds[verb];
  const fieldManager = query.get("fieldManager") || undefined;
  if (kind === undefined) return { dryRun: false, fieldManager };
  const dryRun = query.getAll("dryRun");
  const validation = query.get("fieldValidation") ?? "";
  const fieldValidation = validations.find((each) => each === validation);
  const errors = [...managerErrors(fieldManager ?? ""), ...dryRunErrors(dryRun)];
  if (validation !== "" && !fieldValidation)
    errors.push(notSupported(new FieldPath("fieldValidation"), validation, ["", ...validations]));
  throwInvalid("meta.k8s.io", kind, "", errors);
  return { dryRun: dryRun.length > 0, fieldManager, fieldValidation };
}

function* managerErrors(name: string): Generator<FieldError> {
  if (name.length > managerBytesMax) {
    const body = `Too long: may not be more than ${managerBytesMax} bytes`;
    yield { type: "FieldValueTooLong", field: "fieldManager", body };
  }
  if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(name))
    yield invalid(new FieldPath("fieldManager"), name, "should only contain printable characters");
}

function* dryRunErrors(values: readonly string[]): Generator<FieldError> {
  if (values.some((value) => value !== "All")) yield notSupported(new FieldPath("dryRun"), values, ["All"]);
}

/** Throws a 422 if a deletion's options cannot be. */
export function checkDeleteOptions({ propagationPolicy, orphanDependents, dryRun }: Record<string, any>): void {
  const path = new FieldPath("propagationPolicy");
  const errors: FieldError[] = [];
  const [policy, orphan] = [propagationPolicy ?? undefined, orphanDependents ?? undefined];
  if (policy !== undefined && orphan !== undefined)
    errors.push(invalid(path, policy, "orphanDependents and deletionPropagation cannot be both set"));
  const policies = ["Foreground", "Background", "Orphan"];
  if (policy !== undefined && !policies.includes(policy)) errors.push(notSupported(path, policy, [...policies, "nil"]));
  errors.push(...dryRunErrors(dryRun ?? []));
  throwInvalid("meta.k8s.io", "DeleteOptions", "", errors);
}
