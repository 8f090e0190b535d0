import type { ImageAuth } from "../cri/types.ts";
import { fromBase64, textOf } from "../support/bytes.ts";
import { registryOf } from "./names.ts";

/**
 * The credentials in pull secrets (`.dockerconfigjson`, `.dockercfg`) that fit an image, longest match first. Keys may
 * carry a scheme, a path and, in host parts, `*` (Images, "Using imagePullSecrets"). Pure; what cannot be read is passed
 * over.
 */
export function credentialsFor(image: string, secrets: readonly Record<string, any>[]): ImageAuth[] {
  const registry = registryOf(image);
  const path = registry === "docker.io" && !image.startsWith("docker.io/") ? `docker.io/${image}` : image;
  const found: { length: number; auth: ImageAuth }[] = [];
  for (const secret of secrets) {
    for (const [key, entry] of Object.entries(entriesOf(secret))) {
      const wanted = key
        .replace(/^https?:\/\//, "")
        .replace(/^index\.docker\.io(\/v[12]\/?)?$/, "docker.io")
        .replace(/\/(v[12]\/?)?$/, "");
      if (matches(wanted, registry, path)) found.push({ length: wanted.length, auth: authOf(entry, registry) });
    }
  }
  return found.sort((a, b) => b.length - a.length).map(({ auth }) => auth);
}

function entriesOf(secret: Record<string, any>): Record<string, any> {
  const text = (key: string) => {
    const value: string | undefined = secret.data?.[key];
    return value === undefined ? undefined : textOf(fromBase64(value));
  };
  try {
    const config = text(".dockerconfigjson");
    if (config !== undefined) return JSON.parse(config).auths ?? {};
    return JSON.parse(text(".dockercfg") ?? "{}");
  } catch {
    return {};
  }
}

function matches(wanted: string, registry: string, path: string): boolean {
  const slash = wanted.indexOf("/");
  const host = slash < 0 ? wanted : wanted.slice(0, slash);
  const parts = host.split(".");
  const actual = registry.split(".");
  const hostFits = parts.length === actual.length && parts.every((part, i) => globFits(part, actual[i]!));
  if (!hostFits || slash < 0) return hostFits;
  const prefix = `${registry}${wanted.slice(slash)}`;
  return path === prefix || path.startsWith(`${prefix}/`) || path.startsWith(`${prefix}:`);
}

function globFits(pattern: string, text: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`).test(text);
}

function authOf(entry: any, serverAddress: string): ImageAuth {
  let { username, password } = entry as { username?: string; password?: string };
  if (entry.auth) {
    const decoded = textOf(fromBase64(entry.auth));
    const colon = decoded.indexOf(":");
    if (colon > 0) [username, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
  }
  return {
    username: username ?? "",
    password: password ?? "",
    serverAddress,
    identityToken: entry.identitytoken ?? "",
    registryToken: entry.registrytoken ?? "",
  };
}
