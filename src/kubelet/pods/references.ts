import type { Pod } from "./pod.ts";
import { containersOf } from "./pod.ts";

/** The config maps and secrets that a pod names, as `configmaps/namespace/name`. Pure. */
export function referencesOf(pod: Pod): Set<string> {
  const keys = new Set<string>();
  const add = (kind: "configmaps" | "secrets", name: string | undefined) => {
    if (name) keys.add(`${kind}/${pod.metadata.namespace}/${name}`);
  };
  for (const { name } of pod.spec.imagePullSecrets ?? []) add("secrets", name);
  for (const { container } of containersOf(pod)) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add("configmaps", configMapRef?.name);
      add("secrets", secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      add("configmaps", valueFrom?.configMapKeyRef?.name);
      add("secrets", valueFrom?.secretKeyRef?.name);
    }
  }
  for (const volume of pod.spec.volumes ?? []) {
    add("configmaps", volume.configMap?.name);
    add("secrets", volume.secret?.secretName);
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      add("configmaps", configMap?.name);
      add("secrets", secret?.name);
    }
  }
  return keys;
}
