// OpenAPI documents of extension servers, as they give them.

import type { Aggregator } from "./aggregator.ts";

const v3 = "/openapi/v3/";

/** Version 2 documents of all servers that answer, with the paths that each may speak of. */
export async function remoteOpenApiV2(
  aggregator: Aggregator | undefined,
): Promise<{ document: any; prefixes: string[] }[]> {
  const found = await Promise.all(
    (aggregator?.versions() ?? []).map(async ({ service, available }) => {
      if (!available) return [];
      try {
        const document = await aggregator!.ask(service, "/openapi/v2");
        return [{ document, prefixes: [`/apis/${service.spec.group}/${service.spec.version}`] }];
      } catch {
        // A server without OpenAPI serves all the same.
        return [];
      }
    }),
  );
  return found.flat();
}

/** The entries of version 3's index for extension servers' groups. */
export async function remoteOpenApiV3(
  aggregator: Aggregator | undefined,
): Promise<Record<string, { serverRelativeURL: string }>> {
  const entries: Record<string, { serverRelativeURL: string }> = {};
  await Promise.all(
    (aggregator?.versions() ?? []).map(async ({ service, available }) => {
      if (!available) return;
      const name = `apis/${service.spec.group}/${service.spec.version}`;
      try {
        const index = await aggregator!.ask(service, "/openapi/v3");
        const address = index?.paths?.[name]?.serverRelativeURL;
        // Only what the server says of its own group counts, and only an address of that document.
        if (typeof address === "string" && address.split("?")[0] === v3 + name)
          entries[name] = { serverRelativeURL: address };
      } catch {
        // As above.
      }
    }),
  );
  return entries;
}

/** An extension server's version 3 document; undefined if the path is ours. Throws if the server doesn't give it. */
export async function remoteDocument(aggregator: Aggregator | undefined, path: string): Promise<object | undefined> {
  const match = /^\/openapi\/v3\/apis\/([^/]+)\/([^/]+)$/.exec(path);
  const found =
    match &&
    aggregator?.versions().find(({ service: { spec } }) => spec.group === match[1] && spec.version === match[2]);
  return found ? await aggregator!.ask(found.service, path) : undefined;
}
