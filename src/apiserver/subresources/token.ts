import { decoder } from "../../api/machinery/decode.ts";
import { definitions } from "../../api/machinery/definitions.ts";
import { FieldPath, invalid, throwInvalid } from "../../api/machinery/field.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { defineResource } from "../../api/machinery/resource.ts";
import { badRequest, conflict, notFound, StatusError } from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import type { HttpAnswer } from "../../base/http.ts";
import { type TokenBinding, tokenClaims } from "../auth/service_account.ts";
import { objectAnswer } from "../http/answer.ts";
import { readValue } from "../http/body.ts";
import { type Call, parentOf } from "../http/resources.ts";
import { admit, review } from "../registry/draft.ts";
import { cacheOf } from "../registry/scope.ts";
import { trackUpdate } from "../registry/tracking.ts";

const group = "authentication.k8s.io";
const apiVersion = `${group}/v1`;
const kind = "TokenRequest";

/** Bounds on a token's life, in seconds. */
const secondsMin = 600;
const secondsMax = 2 ** 32;
const secondsDefault = 3600;

/** The kind of the body, for who tracks its fields. It is no resource of its own. */
const tokenRequests = defineResource({
  group,
  version: "v1",
  kind,
  plural: "tokenrequests",
  scope: "Namespaced",
  verbs: ["create"],
  stored: false,
  schema: `io.k8s.api.authentication.v1.${kind}`,
});

interface Reference {
  kind?: string;
  apiVersion?: string;
  name?: string;
  uid?: string;
}

/** Answers a TokenRequest for a service account: a signed token, bound to what it asks to be bound to. */
export async function tokenAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, handlers, form, scope, now, name } = call;
  const { tokens } = handlers;
  if (!tokens) throw new StatusError({ code: 404, reason: "NotFound", message: withoutKey, details: {} });
  const account = parentOf(call);
  const body = await readRequest(call);
  const admission = { operation: "CREATE" as const, scope, name, subresource: "token", draft: body };
  await admit(registry, admission);
  const spec = body.spec as { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: Reference };
  spec.expirationSeconds ??= secondsDefault;
  const seconds = spec.expirationSeconds;
  trackUpdate(registry, { ...scope, resource: tokenRequests }, undefined, body, "token");
  checkRequest(body, account, seconds);
  await review(registry, admission);
  const audiences = spec.audiences?.length ? spec.audiences : [...handlers.audiences];
  const binding = bindingOf(call, account, spec.boundObjectRef);
  const facts = { issuer: tokens.issuer, random: registry.random };
  const token = await tokens.sign(tokenClaims(account, audiences, now, seconds, binding, facts));
  const { namespace, uid } = account.metadata;
  const answer = {
    kind,
    apiVersion,
    metadata: { ...body.metadata, name: name!, namespace, uid, creationTimestamp: formatTime(now) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: formatTime(now + seconds * 1000) },
  };
  return objectAnswer(201, answer, form);
}

const withoutKey = "this server was started without a key to sign service account tokens";

async function readRequest({ request }: Call): Promise<KubeObject> {
  const { value } = await readValue(request, kind, apiVersion);
  const given = (value ?? {}) as Partial<KubeObject>;
  const [theirKind, theirVersion] = [given.kind ?? kind, given.apiVersion ?? apiVersion];
  const version = theirVersion.split("/").at(-1)!;
  const cannot = (kindName: string, why: string) =>
    badRequest(`${kindName} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
  if (theirKind !== kind || theirVersion !== apiVersion)
    throw cannot(theirKind, `converting (${version}.${theirKind}) to (authentication.${kind}): unknown conversion`);
  try {
    const { object } = decoder(`io.k8s.api.authentication.v1.${kind}`, definitions)(given);
    return { ...object, kind, apiVersion, metadata: object.metadata ?? {}, spec: object.spec ?? {} } as KubeObject;
  } catch (error) {
    throw cannot(kind, (error as Error).message);
  }
}

function checkRequest(body: KubeObject, account: KubeObject, seconds: number): void {
  for (const field of ["name", "namespace"] as const) {
    const given = body.metadata[field];
    if (given && given !== account.metadata[field]) {
      const which = field === "name" ? "service account name" : "request namespace";
      const path = new FieldPath("metadata").child(field);
      throwInvalid(group, kind, body.metadata.name ?? "", [
        invalid(path, given, `must match the ${which} if specified`),
      ]);
    }
  }
  const path = new FieldPath("spec").child("expirationSeconds");
  const why =
    seconds < secondsMin
      ? "may not specify a duration less than 10 minutes"
      : "may not specify a duration larger than 2^32 seconds";
  if (seconds < secondsMin || seconds > secondsMax) throwInvalid(group, kind, "", [invalid(path, seconds, why)]);
}

/** What the token will be bound to. Throws for what is not there, is another, or can hold no token. */
function bindingOf(call: Call, account: KubeObject, ref: Reference | undefined): TokenBinding {
  if (!ref) return {};
  const { registry, scope } = call;
  const ids: Record<string, string> = { Pod: "pods", Secret: "secrets", Node: "nodes" };
  const id = ref.apiVersion === undefined || ref.apiVersion === "v1" ? ids[ref.kind ?? ""] : undefined;
  if (id === undefined) {
    const [version, theirGroup = ""] = (ref.apiVersion ?? "").split("/").reverse();
    throw badRequest(`cannot bind token to object of type ${theirGroup}/${version}, Kind=${ref.kind ?? ""}`);
  }
  const resource = registry.resources.byId(id)!;
  const key = resource.namespaced ? `${scope.namespace}/${ref.name}` : `${ref.name}`;
  const object = cacheOf(registry, resource).get(key)?.object;
  if (!object) throw notFound(resource, ref.name ?? "");
  const { uid } = object.metadata;
  if (id === "pods" && account.metadata.name !== object.spec.serviceAccountName) {
    const quoted = JSON.stringify(account.metadata.name);
    throw badRequest(
      `cannot bind token for serviceaccount ${quoted} to pod running with different serviceaccount name.`,
    );
  }
  if (ref.uid && ref.uid !== uid) {
    const why = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: "", plural: ref.kind! }, ref.name ?? "", why);
  }
  const own = { name: object.metadata.name, uid };
  if (id === "secrets") return { secret: own };
  if (id === "nodes") return { node: own };
  const { nodeName } = object.spec;
  if (!nodeName) return { pod: own };
  const node = cacheOf(registry, registry.resources.byId("nodes")!).get(nodeName)?.object;
  return { pod: own, node: { name: nodeName, ...(node ? { uid: node.metadata.uid } : {}) } };
}
