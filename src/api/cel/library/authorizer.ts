import { dns1123Label, dns1123Subdomain } from "../../machinery/names.ts";
import { flat } from "../costs.ts";
import { CelError } from "../errors.ts";
import { type Library, method } from "../overload.ts";
import { type OpaqueValue, opaque, type Value } from "../values.ts";

/** What an expression asks about. */
export interface Check {
  verb: string;
  /** Set for what is no resource. */
  path?: string;
  group?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  fieldSelector?: string;
  labelSelector?: string;
  /** Asks for this service account instead of who sent the request. */
  serviceAccount?: { namespace: string; name: string };
}

/** Answers what an expression asks. The API server gives one that asks its authorizer for the request's user. */
export type Ask = (check: Check) => { allowed: boolean; reason: string; error?: string };

interface Question {
  ask: Ask;
  check: Omit<Check, "verb">;
}

const authorizer = "kubernetes.authorization.Authorizer";
const pathCheck = "kubernetes.authorization.PathCheck";
const groupCheck = "kubernetes.authorization.GroupCheck";
const resourceCheck = "kubernetes.authorization.ResourceCheck";
const decision = "kubernetes.authorization.Decision";

/** The types that the variables `authorizer` and `authorizer.requestResource` have. */
export const authorizerTypes = { authorizer, resourceCheck };

/** The value of the variable `authorizer`. */
export function authorizerValue(ask: Ask): OpaqueValue {
  return opaque(authorizer, { ask, check: {} } satisfies Question);
}

/** The value of `authorizer.requestResource`: the request's own resource is filled in. */
export function resourceCheckValue(ask: Ask, check: Omit<Check, "verb">): OpaqueValue {
  return opaque(resourceCheck, { ask, check } satisfies Question);
}

function question(value: Value | undefined): Question {
  return (value as OpaqueValue).value as Question;
}

/** A function that adds one thing to the question. */
function adding(type: string, add: (text: string) => Omit<Check, "verb">) {
  return ([value, text]: readonly Value[]) => {
    const { ask, check } = question(value);
    return opaque(type, { ask, check: { ...check, ...add(text as string) } } satisfies Question);
  };
}

function filled(text: string, what: string): string {
  if (text.trim() === "") throw new CelError(`${what} must not be empty`);
  return text;
}

/** Asking whether the request's user may do something else. */
export function addAuthorizer(library: Library): void {
  const nominal = flat(1);
  method(
    library,
    "path",
    `${authorizer} (string): ${pathCheck}`,
    adding(pathCheck, (path) => ({ path: filled(path, "path") })),
    nominal,
  );
  method(
    library,
    "group",
    `${authorizer} (string): ${groupCheck}`,
    adding(groupCheck, (group) => ({ group })),
    nominal,
  );
  const resource = adding(resourceCheck, (text) => ({ resource: filled(text, "resource") }));
  method(library, "resource", `${groupCheck} (string): ${resourceCheck}`, resource, nominal);
  for (const part of ["subresource", "namespace", "name", "fieldSelector", "labelSelector"]) {
    const run = adding(resourceCheck, (text) => ({ [part]: text }));
    method(library, part, `${resourceCheck} (string): ${resourceCheck}`, run, nominal);
  }
  method(
    library,
    "serviceAccount",
    `${authorizer} (string, string): ${authorizer}`,
    ([value, namespace, name]) => {
      if (dns1123Subdomain(name as string).length > 0) throw new CelError("Invalid service account name");
      if (dns1123Label(namespace as string).length > 0) throw new CelError("Invalid service account namespace");
      const { ask } = question(value);
      const serviceAccount = { namespace: namespace as string, name: name as string };
      return opaque(authorizer, { ask, check: { serviceAccount } } satisfies Question);
    },
    nominal,
  );
  for (const type of [pathCheck, resourceCheck]) {
    // So dear that one expression can ask twice.
    method(
      library,
      "check",
      `${type} (string): ${decision}`,
      ([value, verb]) => {
        const { ask, check } = question(value);
        return opaque(decision, ask({ ...check, verb: verb as string }));
      },
      flat(350_000),
    );
  }
  const answer = (value: Value | undefined) => (value as OpaqueValue).value as ReturnType<Ask>;
  method(library, "allowed", `${decision} (): bool`, ([value]) => answer(value).allowed, nominal);
  method(library, "reason", `${decision} (): string`, ([value]) => answer(value).reason, nominal);
  method(library, "errored", `${decision} (): bool`, ([value]) => answer(value).error !== undefined, nominal);
  method(library, "error", `${decision} (): string`, ([value]) => answer(value).error ?? "", nominal);
}
