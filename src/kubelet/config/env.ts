import type { KubeObject } from "../../api/machinery/object.ts";
import type { Container, EnvVar, KeyRef, Pod } from "../pods/pod.ts";
import { fromBase64, textOf } from "../support/bytes.ts";
import { expandVariables } from "./expand.ts";
import { podField, resourceField } from "./fields.ts";
import { serviceVariables } from "./services.ts";

/** Where a container's variables come from besides its spec. */
export interface EnvSources {
  /** Undefined if there is none. */
  configMap(name: string): Promise<KubeObject | undefined>;
  secret(name: string): Promise<KubeObject | undefined>;
  /** Every service that the cache knows, of all namespaces. */
  services(): readonly KubeObject[];
  allocatable: Record<string, string>;
}

/**
 * A container's environment, in order, every name once. Rejects with the message of CreateContainerConfigError when
 * something that must be there is not.
 */
export async function containerEnv(pod: Pod, container: Container, sources: EnvSources): Promise<Map<string, string>> {
  const env = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    const ref = from.configMapRef ?? from.secretRef;
    const name = ref?.name ?? "";
    const object = await (from.configMapRef ? sources.configMap(name) : sources.secret(name));
    if (!object && !ref?.optional) throw notFound(from.configMapRef ? "configmap" : "secret", name);
    for (const [key, value] of Object.entries(object ? textsOf(object) : {}))
      env.set(`${from.prefix ?? ""}${key}`, value);
  }
  const services = serviceVariables(
    sources.services(),
    pod.metadata.namespace ?? "",
    pod.spec.enableServiceLinks ?? true,
  );
  for (const variable of container.env ?? []) {
    const value = await variableValue(pod, container, variable, sources, (name) => env.get(name) ?? services.get(name));
    // A later variable of the same name takes the earlier one's place.
    if (value !== undefined) env.set(variable.name, value);
  }
  for (const [name, value] of services) if (!env.has(name)) env.set(name, value);
  return env;
}

async function variableValue(
  pod: Pod,
  container: Container,
  { value, valueFrom }: EnvVar,
  sources: EnvSources,
  lookUp: (name: string) => string | undefined,
): Promise<string | undefined> {
  if (!valueFrom) return expandVariables(value ?? "", lookUp);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) return podField(pod, fieldRef.fieldPath);
  if (resourceFieldRef) {
    const { containerName, resource, divisor } = resourceFieldRef;
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
    const of = containerName ? all.find(({ name }) => name === containerName) : container;
    if (!of) throw new Error(`container ${containerName} not found`);
    return resourceField(of, resource, divisor, sources.allocatable);
  }
  const namespace = pod.metadata.namespace ?? "";
  if (configMapKeyRef) return keyOf(configMapKeyRef, "ConfigMap", namespace, sources.configMap);
  if (secretKeyRef) return keyOf(secretKeyRef, "Secret", namespace, sources.secret);
  throw new Error("not supported yet: environment variables from files");
}

async function keyOf(
  ref: KeyRef,
  kind: "ConfigMap" | "Secret",
  namespace: string,
  get: (name: string) => Promise<KubeObject | undefined>,
): Promise<string | undefined> {
  const name = ref.name ?? "";
  const object = await get(name);
  if (!object) {
    if (ref.optional) return undefined;
    throw notFound(kind.toLowerCase(), name);
  }
  const value = textsOf(object)[ref.key];
  if (value !== undefined || ref.optional) return value;
  throw new Error(`couldn't find key ${ref.key} in ${kind} ${namespace}/${name}`);
}

function notFound(kind: string, name: string): Error {
  return new Error(`${kind} ${JSON.stringify(name)} not found`);
}

/** A config map's or secret's entries as text. */
function textsOf(object: KubeObject): Record<string, string> {
  if (object.kind !== "Secret") return object.data ?? {};
  const entries = Object.entries((object.data ?? {}) as Record<string, string>);
  return Object.fromEntries(entries.map(([key, value]) => [key, textOf(fromBase64(value))]));
}
