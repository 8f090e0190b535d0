import type { Client, ResourceRef } from "../../client/mod.ts";

const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/** A resource as the server tells of it. */
export interface Discovered {
  ref: ResourceRef;
  verbs: readonly string[];
}

/** Every resource in its preferred version, by aggregated discovery (KEP-3352). Rejects if the server does not answer it. */
export async function discover(client: Client, signal: AbortSignal): Promise<Discovered[]> {
  const lists = await Promise.all(["/api", "/apis"].map((url) => read(client, url, signal)));
  return lists.flatMap(({ items }) => items.flatMap(resourcesOf));
}

async function read(client: Client, url: string, signal: AbortSignal): Promise<{ items: any[] }> {
  const { status, body } = await client.raw({ method: "GET", url, headers: { accept }, signal });
  if (status !== 200 || body === undefined) throw new Error(`discovery of ${url}: status ${status}, wanted 200`);
  if ("object" in body) return body.object as { items: any[] };
  if (body instanceof Uint8Array) return JSON.parse(new TextDecoder().decode(body));
  let text = "";
  const decoder = new TextDecoder();
  if ("stream" in body) for await (const chunk of body.stream) text += decoder.decode(chunk, { stream: true });
  return JSON.parse(text);
}

/** A group's resources, each from the first version that has it. */
function resourcesOf(group: any): Discovered[] {
  const found = new Map<string, Discovered>();
  for (const { version, resources } of group.versions ?? [])
    for (const { resource: plural, scope, verbs, responseKind } of resources ?? []) {
      if (found.has(plural)) continue;
      const namespaced = scope === "Namespaced";
      const ref = { group: group.metadata?.name ?? "", version, plural, namespaced, kind: responseKind?.kind ?? "" };
      found.set(plural, { ref, verbs });
    }
  return [...found.values()];
}
