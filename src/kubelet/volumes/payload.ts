import type { KubeObject } from "../../api/machinery/object.ts";
import { podField, resourceField } from "../config/fields.ts";
import type { DownwardItem, FileMapSource, Pod, Volume } from "../pods/pod.ts";
import { fromBase64 } from "../support/bytes.ts";

/** A file of a volume that the kubelet writes itself. */
export interface PayloadFile {
  content: Uint8Array;
  mode: number;
  /** The owner, if it is not root. */
  uid?: number;
}

export type Payload = Map<string, PayloadFile>;

/** Where the contents of such volumes come from. */
export interface PayloadSources {
  configMap(name: string): Promise<KubeObject | undefined>;
  secret(name: string): Promise<KubeObject | undefined>;
  /** A token for the pod's service account, from a cache that renews it in time. */
  token(request: { audience?: string; expirationSeconds: number }): Promise<string>;
  allocatable: Record<string, string>;
}

const modeDefault = 0o644;
const tokenSecondsDefault = 3600;

/** True for the volume types whose files the kubelet writes. */
export function hasPayload(volume: Volume): boolean {
  return Boolean(volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);
}

/** The files of a configMap, secret, downwardAPI or projected volume. Rejects with what FailedMount then says. */
export async function volumePayload(pod: Pod, volume: Volume, sources: PayloadSources): Promise<Payload> {
  const payload: Payload = new Map();
  if (volume.configMap) {
    const { configMap } = volume;
    const object = await sources.configMap(configMap.name ?? "");
    addObject(payload, object, configMap, "configmap", configMap.name ?? "", configMap.defaultMode ?? modeDefault);
  } else if (volume.secret) {
    const { secret } = volume;
    const name = secret.secretName ?? "";
    addObject(payload, await sources.secret(name), secret, "secret", name, secret.defaultMode ?? modeDefault);
  } else if (volume.downwardAPI) {
    addDownward(payload, pod, volume.downwardAPI.items, volume.downwardAPI.defaultMode ?? modeDefault, sources);
  } else if (volume.projected) {
    await addProjected(payload, pod, volume.projected, sources);
  }
  return payload;
}

async function addProjected(
  payload: Payload,
  pod: Pod,
  projected: NonNullable<Volume["projected"]>,
  sources: PayloadSources,
): Promise<void> {
  const mode = projected.defaultMode ?? modeDefault;
  for (const source of projected.sources ?? []) {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source;
    if (configMap) {
      const name = configMap.name ?? "";
      addObject(payload, await sources.configMap(name), configMap, "configmap", name, mode);
    } else if (secret) {
      const name = secret.name ?? "";
      addObject(payload, await sources.secret(name), secret, "secret", name, mode);
    } else if (downwardAPI) addDownward(payload, pod, downwardAPI.items, mode, sources);
    else if (serviceAccountToken) {
      const { audience, expirationSeconds, path } = serviceAccountToken;
      const token = await sources.token({ audience, expirationSeconds: expirationSeconds ?? tokenSecondsDefault });
      payload.set(path, { content: new TextEncoder().encode(token), ...tokenAccess(pod, mode) });
    } else throw new Error(`not supported yet: projected volume source ${Object.keys(source).join(", ")}`);
  }
}

/** A token is for its user alone: for the group of the volumes, or for the one user that all containers run as. */
function tokenAccess({ spec }: Pod, mode: number): { mode: number; uid?: number } {
  if (spec.securityContext?.fsGroup !== undefined) return { mode: 0o600 };
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  const users = new Set(containers.map((one) => one.securityContext?.runAsUser ?? spec.securityContext?.runAsUser));
  const [only] = users;
  return users.size === 1 && only !== undefined ? { mode: 0o600, uid: only } : { mode };
}

function addObject(
  payload: Payload,
  object: KubeObject | undefined,
  { items, optional }: FileMapSource,
  kind: "configmap" | "secret",
  name: string,
  mode: number,
): void {
  if (!object && !optional) throw new Error(`${kind} ${JSON.stringify(name)} not found`);
  const contents = object ? contentsOf(object) : new Map<string, Uint8Array>();
  if (!items || items.length === 0) {
    for (const [key, content] of contents) payload.set(key, { content, mode });
    return;
  }
  for (const item of items) {
    const content = contents.get(item.key);
    if (content) payload.set(cleanPath(item.path), { content, mode: item.mode ?? mode });
    else if (!optional)
      throw new Error(`references non-existent ${kind === "secret" ? "secret" : "config"} key: ${item.key}`);
  }
}

function contentsOf(object: KubeObject): Map<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries<string>(object.data ?? {}))
    contents.set(key, object.kind === "Secret" ? fromBase64(value) : new TextEncoder().encode(value));
  for (const [key, value] of Object.entries<string>(object.binaryData ?? {})) contents.set(key, fromBase64(value));
  return contents;
}

function addDownward(
  payload: Payload,
  pod: Pod,
  items: DownwardItem[] | undefined,
  mode: number,
  { allocatable }: PayloadSources,
): void {
  for (const { path, mode: own, fieldRef, resourceFieldRef } of items ?? []) {
    let text = "";
    if (fieldRef) text = podField(pod, fieldRef.fieldPath);
    else if (resourceFieldRef) {
      const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
        ({ name }) => name === resourceFieldRef.containerName,
      );
      if (!container) throw new Error(`container ${resourceFieldRef.containerName} not found`);
      text = resourceField(container, resourceFieldRef.resource, resourceFieldRef.divisor, allocatable);
    }
    payload.set(cleanPath(path), { content: new TextEncoder().encode(text), mode: own ?? mode });
  }
}

/** A relative path without empty parts; throws on one that would leave the volume (validation forbids them). */
function cleanPath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.includes("..")) throw new Error(`invalid path ${JSON.stringify(path)}`);
  return parts.join("/");
}
