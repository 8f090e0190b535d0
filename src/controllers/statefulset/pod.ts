import { type KubeObject, keyOf } from "../../api/machinery/object.ts";
import type { Action, View } from "../../client/mod.ts";
import { type Pod, podFromTemplate } from "../parts/pods.ts";
import { revisionLabel } from "../parts/revisions.ts";

const claims = "persistentvolumeclaims";

/** `web-3` → 3; undefined for a name that is not of this set. */
export function ordinalOf(set: KubeObject, { metadata }: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const rest = metadata.name.slice(prefix.length);
  return metadata.name.startsWith(prefix) && /^\d+$/.test(rest) ? Number(rest) : undefined;
}

/** Makes the pod of one ordinal after a revision's template, and before it the claims that it lacks. */
export function createPodAt(set: KubeObject, ordinal: number, revision: KubeObject, view: View): Action[] {
  const name = `${set.metadata.name}-${ordinal}`;
  const { $patch: _, ...template } = revision.data.spec.template;
  const object: any = podFromTemplate(set, template, { name });
  object.metadata.labels = {
    ...object.metadata.labels,
    "statefulset.kubernetes.io/pod-name": name,
    "apps.kubernetes.io/pod-index": String(ordinal),
    [revisionLabel]: revision.metadata.name,
  };
  const templates: any[] = set.spec.volumeClaimTemplates ?? [];
  const claimed = templates.map(({ metadata }) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: `${metadata.name}-${name}` },
  }));
  const others = (object.spec.volumes ?? []).filter((each: any) => !claimed.some((own) => own.name === each.name));
  const { serviceName } = set.spec;
  object.spec = {
    ...object.spec,
    hostname: name,
    ...(serviceName ? { subdomain: serviceName } : {}),
    ...(claimed.length > 0 ? { volumes: [...claimed, ...others] } : {}),
  };
  const missing = templates.flatMap((each) => createClaim(set, each, name, view));
  const text = `Pod ${name} in StatefulSet ${set.metadata.name}`;
  const pod: Action = {
    do: "create",
    resource: "pods",
    object,
    done: { about: set, type: "Normal", reason: "SuccessfulCreate", message: `create ${text} successful` },
    failed: {
      about: set,
      type: "Warning",
      reason: "FailedCreate",
      message: (error) => `create ${text} failed error: ${error}`,
    },
  };
  return [...missing, pod];
}

function createClaim(set: KubeObject, template: any, pod: string, view: View): Action[] {
  const { namespace } = set.metadata;
  const metadata = {
    name: `${template.metadata.name}-${pod}`,
    namespace,
    labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
    ...(template.metadata.annotations ? { annotations: template.metadata.annotations } : {}),
  };
  if (view.get(claims, keyOf({ metadata }))) return [];
  const object = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata, spec: template.spec };
  const message = `create Claim ${metadata.name} Pod ${pod} in StatefulSet ${set.metadata.name} success`;
  return [
    {
      do: "create",
      resource: claims,
      object,
      done: { about: set, type: "Normal", reason: "SuccessfulCreate", message },
    },
  ];
}

/** Deletes a pod of the set. */
export function deletePod(set: KubeObject, object: Pod): Action {
  const message = `delete Pod ${object.metadata.name} in StatefulSet ${set.metadata.name} successful`;
  return {
    do: "delete",
    resource: "pods",
    object,
    done: { about: set, type: "Normal", reason: "SuccessfulDelete", message },
  };
}
