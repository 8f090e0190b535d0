import { dumpYaml } from "../api/machinery/yaml.ts";
import type { TlsIdentity } from "../base/http.ts";
import type { Disk } from "../base/world.ts";
import { type Kubeconfig, parseKubeconfig } from "../client/mod.ts";

/** A kubeconfig with one context that reaches the cluster as this identity. */
export function kubeconfigFor(facts: { name: string; server: string; ca: string; identity: TlsIdentity }): Kubeconfig {
  const { name, server, ca, identity } = facts;
  return {
    apiVersion: "v1",
    kind: "Config",
    preferences: {},
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": btoa(ca) } }],
    users: [
      { name, user: { "client-certificate-data": btoa(identity.certificate), "client-key-data": btoa(identity.key) } },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
}

/** The kubeconfig with the other's context added (or put up to date) and made the current one. The rest stays. */
export function mergeKubeconfig(present: Kubeconfig, added: Kubeconfig): Kubeconfig {
  const put = <Item extends { name: string }>(before: Item[] | undefined, items: Item[] | undefined): Item[] => {
    const names = new Set((items ?? []).map((item) => item.name));
    return [...(before ?? []).filter((item) => !names.has(item.name)), ...(items ?? [])];
  };
  return {
    ...added,
    ...present,
    "current-context": added["current-context"],
    clusters: put(present.clusters, added.clusters),
    users: put(present.users, added.users),
    contexts: put(present.contexts, added.contexts),
  };
}

/** The kubeconfig without a context that `mergeKubeconfig` put there. */
export function withoutContext(present: Kubeconfig, name: string): Kubeconfig {
  const without = <Item extends { name: string }>(items: Item[] | undefined) =>
    (items ?? []).filter((item) => item.name !== name);
  const next: Kubeconfig = {
    ...present,
    clusters: without(present.clusters),
    users: without(present.users),
    contexts: without(present.contexts),
  };
  if (next["current-context"] === name) next["current-context"] = next.contexts?.[0]?.name ?? "";
  return next;
}

/** Changes a kubeconfig file in place; one that is missing begins empty. */
export async function editKubeconfig(
  path: string,
  disk: Disk,
  change: (present: Kubeconfig) => Kubeconfig,
): Promise<void> {
  const present = (await disk.stat(path)) ? parseKubeconfig(await disk.readText(path)) : {};
  const slash = path.lastIndexOf("/");
  await disk.makeDirectory(path.slice(0, slash), { mode: 0o700 });
  await disk.replace(path, dumpYaml(change(present)), { mode: 0o600 });
}
