// What a registry does with an object between a request and the store, without the registry: decoding, hooks in their
// order, completing. Metadata, admission and allocation of addresses are not in it.

import { completer } from "../../src/api/machinery/complete.ts";
import { decoder } from "../../src/api/machinery/decode.ts";
import { definitions } from "../../src/api/machinery/definitions.ts";
import { type FieldError, FieldPath } from "../../src/api/machinery/field.ts";
import type { Resource } from "../../src/api/machinery/resource.ts";
import { builtinResources } from "../../src/api/resources.ts";

export interface Target {
  resource: Resource;
  namespace: string;
  name: string;
  subresource: string;
}

/** What a path of the API means; undefined for paths of other things. */
export function targetOf(path: string): Target | undefined {
  const parts = path.split("?")[0]!.split("/").filter(Boolean).map(decodeURIComponent);
  const isCore = parts[0] === "api";
  if (!isCore && parts[0] !== "apis") return undefined;
  const [group, version] = isCore ? ["", parts[1]] : [parts[1], parts[2]];
  let rest = parts.slice(isCore ? 2 : 3);
  let namespace = "";
  if (rest[0] === "namespaces" && rest.length >= 3 && rest[2] !== "finalize" && rest[2] !== "status") {
    namespace = rest[1]!;
    rest = rest.slice(2);
  }
  const resource = builtinResources.find(
    (each) => each.group === group && each.version === version && each.plural === rest[0],
  );
  if (!resource?.stored) return undefined;
  return { resource, namespace, name: rest[1] ?? "", subresource: rest[2] ?? "" };
}

/** The resource whose hooks run, and its own after them. */
function hooksOf(resource: Resource): Resource[] {
  const stored = resource.storedAs;
  if (!stored) return [resource];
  const { group, version, plural } = stored;
  const main = builtinResources.find(
    (each) => each.group === group && each.version === version && each.plural === plural,
  )!;
  return [main, resource];
}

const facts = {
  now: Date.parse("2026-01-01T00:00:00Z"),
  username: "admin",
  user: { uid: "admin", groups: ["system:masters", "system:authenticated"] },
};

export interface Outcome {
  object: any;
  errors: FieldError[];
}

function finish(resource: Resource, main: Resource, draft: any): any {
  main.canonicalize?.(draft);
  completer(main.schema, definitions)(draft);
  if (!resource.storedAs) return draft;
  const shown = resource.storedAs.fromStored(draft);
  completer(resource.schema, definitions)(shown);
  return shown;
}

function decode(resource: Resource, body: unknown): any {
  const { object } = decoder(resource.schema, definitions)(body);
  object.apiVersion = resource.apiVersion;
  object.kind = resource.kind;
  object.metadata ??= {};
  return resource.storedAs ? resource.storedAs.toStored(object) : object;
}

/** Creates an object as far as its declaration goes. */
export function create({ resource, namespace }: Target, body: unknown, uid: string): Outcome {
  const root = new FieldPath();
  const [main, own] = hooksOf(resource);
  const draft = decode(resource, body);
  draft.metadata = { name: "", ...draft.metadata, uid };
  if (resource.namespaced) draft.metadata.namespace = namespace;
  if (!main!.statusOnCreate) for (const field of main!.statusFields ?? []) delete draft[field];
  main!.defaults?.(draft);
  main!.prepareCreate?.(draft, facts);
  const errors = [
    ...(main!.validate?.(draft, root) ?? []),
    ...(main!.validateCreate?.(draft, root) ?? []),
    ...(own?.validateCreate?.(draft, root) ?? []),
  ];
  return { object: errors.length > 0 ? draft : finish(resource, main!, draft), errors };
}

/** Updates an object, or its status, as far as its declaration goes. `previous` is in the resource's own form. */
export function update({ resource, subresource }: Target, body: unknown, previous: any): Outcome {
  const root = new FieldPath();
  const [main] = hooksOf(resource);
  const old = decode(resource, previous);
  let draft = decode(resource, body);
  draft.metadata = { ...previous.metadata, ...draft.metadata, uid: previous.metadata.uid };
  const owned = main!.statusFields ?? [];
  if (subresource === "status") {
    const status = Object.fromEntries(owned.map((field) => [field, draft[field]]));
    draft = { ...structuredClone(old), metadata: draft.metadata, ...status };
  } else for (const field of owned) draft[field] = structuredClone(old[field]);
  main!.defaults?.(draft);
  main!.defaults?.(old);
  const errors: FieldError[] = [];
  if (subresource === "status") {
    main!.prepareStatusUpdate?.(draft, old, facts);
    errors.push(...(main!.validateStatusUpdate?.(draft, old, root) ?? []));
  } else {
    main!.prepareUpdate?.(draft, old, facts);
    errors.push(...(main!.validate?.(draft, root) ?? []), ...(main!.validateUpdate?.(draft, old, root) ?? []));
  }
  return { object: errors.length > 0 ? draft : finish(resource, main!, draft), errors };
}

const notReady = ["not-ready", "unreachable"].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
}));

/** What admission and the registry add to a new object, for those that updates are tried on. */
export function withServerParts(object: any): any {
  const { kind, spec } = object;
  if (kind === "Pod") {
    spec.serviceAccountName ||= "default";
    spec.serviceAccount = spec.serviceAccountName;
    spec.priority ??= 0;
    spec.preemptionPolicy ??= "PreemptLowerPriority";
    spec.tolerations = [...(spec.tolerations ?? []), ...notReady];
    if (spec.automountServiceAccountToken !== false) {
      const name = "kube-api-access-rndm5";
      const sources = [
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ];
      spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources, defaultMode: 420 } }];
      const mount = { name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" };
      for (const container of spec.containers) container.volumeMounts = [...(container.volumeMounts ?? []), mount];
    }
  }
  if (kind === "Service" && spec.type !== "ExternalName" && !spec.clusterIP) {
    spec.clusterIP = "10.96.0.99";
    spec.clusterIPs = ["10.96.0.99"];
  }
  return object;
}
