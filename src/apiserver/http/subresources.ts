import type { KubeObject } from "../../api/machinery/object.ts";
import { methodNotSupported, notFound, StatusError } from "../../api/machinery/status.ts";
import { formatTime } from "../../api/machinery/time.ts";
import type { HttpAnswer } from "../../base/http.ts";
import { type TokenBinding, type TokenKeys, tokenClaims } from "../auth/service_account.ts";
import { getObject } from "../registry/read.ts";
import { cacheOf } from "../registry/scope.ts";
import { updateObject } from "../registry/write.ts";
import type { connector } from "../subresources/connect.ts";
import { addEphemeralContainers, bindPod, evictPod } from "../subresources/pods.ts";
import { applyScale, toScale } from "../subresources/scale.ts";
import { itemAnswer, objectAnswer } from "./answer.ts";
import { decodeBodyAs, decodeObject } from "./body.ts";
import { patchDocument } from "./patch.ts";
import { type Call, parentOf } from "./resources.ts";

/** What subresources need beyond the registry. */
export interface SubresourceHandlers {
  connect: ReturnType<typeof connector>;
  tokens?: TokenKeys;
  /** The audience of tokens that ask for none. */
  audiences: readonly string[];
  /** Kinds that are only asked: reviews and bindings. */
  virtual(call: Call): Promise<HttpAnswer>;
}

/** Bounds on a token's life, in seconds (TokenRequest). */
const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;

/** Answers a request for anything below an object but its status. */
export async function subresourceAnswer(call: Call): Promise<HttpAnswer> {
  const { scope, handlers, name, route, request } = call;
  const { connect } = handlers;
  switch (`${scope.resource.id}/${call.subresource!.name}`) {
    case "pods/log":
      return connect.logs(scope, name!, route, request);
    case "pods/exec":
      return connect.exec(scope, name!, route, request);
    case "pods/attach":
      return connect.attach(scope, name!, route, request);
    case "pods/portforward":
      return connect.portForward(scope, name!, route, request);
    case "pods/proxy":
      return connect.proxyPod(scope, name!, route, request);
    case "services/proxy":
      return connect.proxyService(scope, name!, route, request);
    case "nodes/proxy":
      return connect.proxyNode(name!, route, request);
    case "pods/binding":
      return objectAnswer(
        201,
        await bindPod(call.registry, scope, name!, await decodeBodyAs(request, "v1", "Binding")),
        call.form,
      );
    case "pods/eviction":
      return objectAnswer(
        201,
        await evictPod(call.registry, scope, name!, await decodeBodyAs(request, "policy/v1", "Eviction")),
        call.form,
      );
    case "serviceaccounts/token":
      return tokenAnswer(call);
    default:
      return call.subresource!.name === "scale" ? scaleAnswer(call) : partAnswer(call);
  }
}

async function scaleAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, scope, route, form, name, request } = call;
  const { resource } = scope;
  if (!resource.scale) throw methodNotSupported(resource, "scale");
  if (route.verb === "get")
    return objectAnswer(200, toScale(resource, (await getObject(registry, scope, name!)).object), form);
  const body = route.verb === "update" ? await decodeBodyAs<KubeObject>(request, "autoscaling/v1", "Scale") : undefined;
  const item = await updateObject(registry, scope, name!, async (current) => {
    const scale = body ?? (await patchDocument(call, toScale(resource, current), "io.k8s.api.autoscaling.v1.Scale"));
    return applyScale(resource, current, scale);
  });
  return objectAnswer(200, toScale(resource, item.object), form);
}

/** Parts of the object that are written apart from the rest. */
async function partAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, scope, route, form, name, request, subresource, now } = call;
  const part = subresource!.name;
  if (route.verb === "get")
    return itemAnswer(200, await getObject(registry, scope, name!), form, scope.resource, "Metadata", now);
  if (scope.resource.id === "pods" && part === "ephemeralcontainers") {
    const body = route.verb === "update" ? await decodeObject(call, request) : undefined;
    const changed = await addEphemeralContainers(
      registry,
      scope,
      name!,
      (pod) => body ?? patchDocument(call, pod, scope.resource.schema),
    );
    return itemAnswer(200, changed, form, scope.resource, "Metadata", now);
  }
  const isFinalize = scope.resource.id === "namespaces" && part === "finalize";
  if (!isFinalize) {
    throw new StatusError({
      code: 501,
      reason: "NotImplemented",
      message: `not supported yet: ${scope.resource.plural}/${part}`,
    });
  }
  const body = await decodeObject(call, request);
  const item = await updateObject(
    registry,
    scope,
    name!,
    (current) => ({
      ...current,
      spec: { ...current.spec, finalizers: body.spec?.finalizers ?? [] },
      metadata: { ...current.metadata, resourceVersion: body.metadata.resourceVersion ?? "" },
    }),
    { subresource: "internal", internal: true },
  );
  return itemAnswer(200, item, form, scope.resource, "Metadata", now);
}

/** Issues a token for a service account (authentication.k8s.io TokenRequest). */
async function tokenAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, handlers, form, request, scope, now } = call;
  const { tokens } = handlers;
  if (!tokens)
    throw new StatusError({
      code: 404,
      reason: "NotFound",
      message: "this server was started without a key to sign service account tokens",
      details: {},
    });
  const account = parentOf(call);
  const body = await decodeBodyAs<KubeObject>(request, "authentication.k8s.io/v1", "TokenRequest");
  const audiences: string[] = body.spec?.audiences?.length ? body.spec.audiences : [...handlers.audiences];
  const asked: number = body.spec?.expirationSeconds ?? 3600;
  if (asked < tokenSecondsMin || asked > tokenSecondsMax) {
    const why =
      asked < tokenSecondsMin
        ? "may not specify a duration less than 10 minutes"
        : "may not specify a duration larger than 2^32 seconds";
    const field = `Invalid value: ${asked}: ${why}`;
    const message = `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: ${field}`;
    const causes = [{ reason: "FieldValueInvalid", message: field, field: "spec.expirationSeconds" }];
    throw new StatusError({
      code: 422,
      reason: "Invalid",
      message,
      details: { group: "authentication.k8s.io", kind: "TokenRequest", causes },
    });
  }
  const binding = bindingOf(call, body.spec?.boundObjectRef, account.metadata.namespace!);
  const claims = tokenClaims(account, audiences, now, asked, binding, {
    issuer: tokens.issuer,
    random: registry.random,
  });
  const token = await tokens.sign(claims);
  const answer = {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name: account.metadata.name, namespace: scope.namespace, creationTimestamp: formatTime(now) },
    spec: { audiences, expirationSeconds: asked, boundObjectRef: body.spec?.boundObjectRef ?? null },
    status: { token, expirationTimestamp: formatTime(now + asked * 1000) },
  };
  return objectAnswer(201, answer, form);
}

function bindingOf(call: Call, ref: any, namespace: string): TokenBinding {
  if (!ref) return {};
  const ids: Record<string, string> = { Pod: "pods", Secret: "secrets", Node: "nodes" };
  const resource = call.registry.resources.byId(ids[ref.kind] ?? "");
  if (!resource)
    throw new StatusError({
      code: 400,
      reason: "BadRequest",
      message: `cannot bind token for serviceaccount to a type of ${ref.kind}`,
    });
  const object = cacheOf(call.registry, resource).get(
    resource.namespaced ? `${namespace}/${ref.name}` : ref.name,
  )?.object;
  if (!object) throw notFound(resource, ref.name);
  if (ref.uid && ref.uid !== object.metadata.uid) {
    throw new StatusError({
      code: 409,
      reason: "Conflict",
      message: `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    });
  }
  const own = { name: ref.name as string, uid: object.metadata.uid };
  if (ref.kind === "Secret") return { secret: own };
  if (ref.kind === "Node") return { node: own };
  const { nodeName } = object.spec;
  const node = nodeName && cacheOf(call.registry, call.registry.resources.byId("nodes")!).get(nodeName)?.object;
  return { pod: own, ...(nodeName ? { node: { name: nodeName, ...(node ? { uid: node.metadata.uid } : {}) } } : {}) };
}
