import { finalizerErrors } from "../../api/core/namespace.ts";
import { apiVersionOf, type KubeObject } from "../../api/machinery/object.ts";
import { methodNotSupported, StatusError } from "../../api/machinery/status.ts";
import type { HttpAnswer } from "../../base/http.ts";
import type { TokenKeys } from "../auth/token_keys.ts";
import { cached } from "../cache/cache.ts";
import { admit, review } from "../registry/draft.ts";
import { throwIfInvalid } from "../registry/prepare.ts";
import { getObject } from "../registry/read.ts";
import type { AdmissionRequest } from "../registry/scope.ts";
import { updateObject } from "../registry/update.ts";
import { checkName } from "../registry/write.ts";
import type { connector } from "../subresources/connect.ts";
import { partOf, updatePart } from "../subresources/parts.ts";
import { bindPod, evictPod } from "../subresources/pods.ts";
import { applyScale, scaleColumns, toScale } from "../subresources/scale.ts";
import { tokenAnswer } from "../subresources/token.ts";
import { itemAnswer, objectAnswer } from "./answer.ts";
import { applyObject, configurationApplier } from "./apply.ts";
import { decodeBodyAs, decodeObject } from "./body.ts";
import { documentPatcher, isApply } from "./patch.ts";
import type { Call } from "./resources.ts";
import { toTable } from "./table.ts";

/** What subresources need beyond the registry. */
export interface SubresourceHandlers {
  connect: ReturnType<typeof connector>;
  tokens?: TokenKeys;
  /** The audience of tokens that ask for none. */
  audiences: readonly string[];
  /** Kinds that are only asked: reviews and bindings. */
  virtual(call: Call): Promise<HttpAnswer>;
}

/** Answers a request for anything below an object but its status. */
export async function subresourceAnswer(call: Call): Promise<HttpAnswer> {
  const { scope, handlers, name, route, request } = call;
  const { connect } = handlers;
  switch (`${scope.resource.id}/${call.subresource!.name}`) {
    case "pods/log":
      return connect.logs(scope, name!, route, request);
    case "pods/exec":
      await admitPart(call, "CONNECT", connectOptions(call));
      return connect.exec(scope, name!, route, request);
    case "pods/attach":
      await admitPart(call, "CONNECT", connectOptions(call));
      return connect.attach(scope, name!, route, request);
    case "pods/portforward":
      await admitPart(call, "CONNECT", connectOptions(call));
      return connect.portForward(scope, name!, route, request);
    case "pods/proxy":
      await admitPart(call, "CONNECT", connectOptions(call));
      return connect.proxyPod(scope, name!, route, request);
    case "services/proxy":
      await admitPart(call, "CONNECT", connectOptions(call));
      return connect.proxyService(scope, name!, route, request);
    case "nodes/proxy":
      await admitPart(call, "CONNECT", connectOptions(call));
      return connect.proxyNode(name!, route, request);
    case "pods/binding": {
      const binding = await decodeBodyAs<KubeObject>(request, "v1", "Binding");
      await admitPart(call, "CREATE", binding);
      return objectAnswer(201, await bindPod(call.registry, scope, name!, binding), call.form);
    }
    case "pods/eviction": {
      const eviction = await decodeBodyAs<KubeObject>(request, "policy/v1", "Eviction");
      await admitPart(call, "CREATE", eviction);
      return objectAnswer(201, await evictPod(call.registry, scope, name!, eviction), call.form);
    }
    case "serviceaccounts/token":
      return tokenAnswer(call);
    default:
      return call.subresource!.name === "scale" ? scaleAnswer(call) : partAnswer(call);
  }
}

/** Asks admission about what is below an object and not stored as a part of it. It may change the draft. */
async function admitPart(call: Call, operation: AdmissionRequest["operation"], draft: KubeObject): Promise<void> {
  const { registry, scope, name, subresource } = call;
  const admission: AdmissionRequest = { operation, scope, name, subresource: subresource!.name, draft };
  await admit(registry, admission);
  await review(registry, admission);
}

/** The options of a connection as the object that admission sees: `PodExecOptions` and the like. */
function connectOptions({ subresource, route }: Call): KubeObject {
  const { kind = "PodProxyOptions", group = "", version = "v1" } = subresource!;
  const options: Record<string, unknown> = { apiVersion: apiVersionOf(group, version), kind };
  for (const [key, value] of route.query) {
    if (key === "command") options[key] = route.query.getAll(key);
    else if (key === "container" || key === "path") options[key] = value;
    else if (key === "ports") options[key] = route.query.getAll(key).map(Number);
    else options[key] = value === "true" || value === "1";
  }
  return options as unknown as KubeObject;
}

async function scaleAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, scope, route, name, request } = call;
  const { resource } = scope;
  if (!resource.scale) throw methodNotSupported(resource, "scale");
  if (route.verb === "get") return scaleForm(call, toScale(resource, (await getObject(registry, scope, name!)).object));
  if (route.verb === "patch" && isApply(call)) {
    const { item } = await applyObject(call);
    return scaleForm(call, toScale(resource, item.object));
  }
  const body = route.verb === "update" ? await decodeBodyAs<KubeObject>(request, "autoscaling/v1", "Scale") : undefined;
  if (body) checkName(body, name!);
  const patch = body ? () => body : await documentPatcher(call, "io.k8s.api.autoscaling.v1.Scale");
  const transform = (current: KubeObject) => applyScale(resource, current, patch(toScale(resource, current)));
  const item = await updateObject(registry, scope, name!, transform, { part: "scale" });
  return scaleForm(call, toScale(resource, item.object));
}

/** A Scale as it was asked for: as a table too. */
function scaleForm({ form, now }: Call, scale: KubeObject): HttpAnswer {
  if (form.as !== "Table") return objectAnswer(200, scale, form);
  const meta = { resourceVersion: scale.metadata.resourceVersion };
  const item = cached(scale.metadata.name, scale, Number(scale.metadata.resourceVersion));
  return objectAnswer(200, toTable({ columns: scaleColumns }, [item], meta, form.metaVersion, "Metadata", now), form);
}

/** Parts of the object that are written apart from the rest. */
async function partAnswer(call: Call): Promise<HttpAnswer> {
  const { registry, scope, route, form, name, request, subresource, now } = call;
  const part = subresource!.name;
  if (route.verb === "get")
    return itemAnswer(200, await getObject(registry, scope, name!), form, scope.resource, "Metadata", now);
  if (partOf(scope.resource, part)) {
    const tracked = route.verb === "patch" && isApply(call);
    const changed = await updatePart(registry, scope, name!, part, await wantedPart(call), { tracked });
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
  checkName(body, name!);
  throwIfInvalid(scope.resource, name, finalizerErrors(body));
  const item = await updateObject(registry, scope, name!, (current) => finalized(current, body), {
    subresource: "internal",
    internal: true,
    part,
  });
  return itemAnswer(200, item, form, scope.resource, "Metadata", now);
}

/** What a request wants an object to be that it writes a part of. */
async function wantedPart(call: Call): Promise<(live: KubeObject) => KubeObject> {
  if (call.route.verb === "update") {
    const body = await decodeObject(call, call.request);
    return () => body;
  }
  return isApply(call) ? configurationApplier(call) : documentPatcher(call, call.scope.resource.schema);
}

/** A namespace with the finalizers and the metadata that somebody wants it to have. */
function finalized(current: KubeObject, { metadata, spec }: KubeObject): KubeObject {
  const { finalizers, ...rest } = current.spec ?? {};
  return {
    ...current,
    spec: { ...rest, ...(spec?.finalizers?.length ? { finalizers: spec.finalizers } : {}) },
    metadata: {
      ...metadata,
      resourceVersion: metadata.resourceVersion ?? "",
      labels: { ...metadata.labels, "kubernetes.io/metadata.name": current.metadata.name },
    },
  };
}

/** Issues a token for a service account (authentication.k8s.io TokenRequest). */
