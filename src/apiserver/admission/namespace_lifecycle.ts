import { notFound, StatusError } from "../../api/machinery/status.ts";
import { type AdmissionPlugin, cacheOf, type Registry } from "../registry/scope.ts";

/** Namespaces that are always there. */
const immortal = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is created in a namespace that does not exist or is on its way out. */
export function namespaceLifecycle(registry: () => Registry): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    mutate({ operation, scope, name }) {
      const { resource, namespace } = scope;
      if (operation !== "CREATE" || !resource.namespaced || namespace === undefined) return;
      const namespaces = registry().resources.byId("namespaces")!;
      const found = cacheOf(registry(), namespaces).get(namespace);
      if (!found) throw notFound({ group: "", plural: "namespaces" }, namespace);
      if (found.object.status?.phase !== "Terminating") return;
      const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
      const cause = {
        reason: "NamespaceTerminating",
        message: `namespace ${namespace} is being terminated`,
        field: "metadata.namespace",
      };
      const label = resource.group ? `${resource.plural}.${resource.group}` : resource.plural;
      throw new StatusError({
        code: 403,
        reason: "Forbidden",
        message: `${label} ${JSON.stringify(name ?? "")} is forbidden: ${why}`,
        details: {
          ...(name ? { name } : {}),
          ...(resource.group ? { group: resource.group } : {}),
          kind: resource.plural,
          causes: [cause],
        },
      });
    },
    validate({ operation, scope, name }) {
      if (operation !== "DELETE" || scope.resource.id !== "namespaces" || !immortal.has(name ?? "")) return;
      throw new StatusError({
        code: 403,
        reason: "Forbidden",
        message: `namespaces ${JSON.stringify(name)} is forbidden: this namespace may not be deleted`,
        details: { name, kind: "namespaces" },
      });
    },
  };
}
