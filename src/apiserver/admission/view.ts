import { type Ask, authorizerValue, type Check, resourceCheckValue } from "../../api/cel/library/authorizer.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import type { Resource } from "../../api/machinery/resource.ts";
import type { UserInfo } from "../../base/http.ts";
import { inWordsOf, type Kind, namespaceOf, type Subject } from "./subject.ts";

/** A request in the words of one resource: what expressions and webhooks are shown. */
export interface View {
  /** In whose words. */
  resource: Resource;
  /** The AdmissionRequest without its objects (admission.k8s.io/v1). */
  request: Record<string, unknown>;
  object: KubeObject | null;
  oldObject: KubeObject | null;
}

/** The request and its objects in the words of a resource. */
export async function viewOf(subject: Subject, resource: Resource): Promise<View> {
  const { request } = subject;
  const show = async (object: KubeObject | undefined) => (object ? inWordsOf(subject, object, resource) : null);
  const [object, oldObject] = await Promise.all([show(request.draft), show(request.previous)]);
  return { resource, request: requestOf(subject, resource), object, oldObject };
}

function gvr({ group, version, plural }: Resource): Record<string, string> {
  return { group, version, resource: plural };
}

function requestOf(subject: Subject, resource: Resource): Record<string, unknown> {
  const { request, name, namespace, operation, subresource } = subject;
  const { scope } = request;
  const ownKind = subject.kind.kind === subject.resource.kind;
  const kind: Kind = ownKind ? { group: resource.group, version: resource.version, kind: resource.kind } : subject.kind;
  return {
    kind,
    resource: gvr(resource),
    ...(subresource ? { subResource: subresource } : {}),
    requestKind: subject.kind,
    requestResource: gvr(subject.resource),
    ...(subresource ? { requestSubResource: subresource } : {}),
    ...(name && !request.collection ? { name } : {}),
    ...(namespace ? { namespace } : {}),
    operation,
    userInfo: userInfo(scope.user),
    dryRun: scope.dryRun,
    options: request.options ?? optionsOf(subject),
  };
}

/** Who asks, as authentication.k8s.io has it. */
function userInfo({ username, uid, groups, extra }: UserInfo): Record<string, unknown> {
  return {
    ...(username ? { username } : {}),
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
  };
}

const optionKinds: Partial<Record<Subject["operation"], string>> = {
  CREATE: "CreateOptions",
  UPDATE: "UpdateOptions",
  DELETE: "DeleteOptions",
};

/** The request's options as far as its scope tells them. */
function optionsOf({ operation, request: { scope } }: Subject): Record<string, unknown> | null {
  const kind = optionKinds[operation];
  if (!kind) return null;
  return {
    kind,
    apiVersion: "meta.k8s.io/v1",
    ...(scope.dryRun ? { dryRun: ["All"] } : {}),
    ...(scope.fieldManager && operation !== "DELETE" ? { fieldManager: scope.fieldManager } : {}),
    ...(scope.fieldValidation && operation !== "DELETE" ? { fieldValidation: scope.fieldValidation } : {}),
  };
}

/** Variables of the expressions of policies and match conditions, all but `params` and `variables`. */
export function expressionVariables(subject: Subject, view: View): Record<string, unknown> {
  const ask = asker(subject);
  const { resource, subresource, namespace, name } = subject;
  const own: Omit<Check, "verb"> = { group: resource.group, resource: resource.plural, subresource, namespace, name };
  return {
    object: view.object,
    oldObject: view.oldObject,
    request: view.request,
    namespaceObject: namespaceOf(subject) ?? null,
    authorizer: () => authorizerValue(ask),
    "authorizer.requestResource": () => resourceCheckValue(ask, own),
  };
}

/** Asks the server's authorizer on behalf of the request's user, or of the service account that the expression names. */
function asker({ registry, request }: Subject): Ask {
  return ({ verb, path, serviceAccount, group = "", resource = "", ...rest }) => {
    const user = serviceAccount ? accountUser(serviceAccount) : request.scope.user;
    const what = path === undefined ? { resource: { ...rest, group, version: "*", plural: resource } } : { path };
    const { decision, reason } = registry.authorizer({ user, verb, ...what });
    return { allowed: decision === "allow", reason };
  };
}

function accountUser({ namespace, name }: { namespace: string; name: string }): UserInfo {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
  return { username: `system:serviceaccount:${namespace}:${name}`, groups };
}
