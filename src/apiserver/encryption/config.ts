import { parseYaml } from "../../api/machinery/yaml.ts";

/** One provider of an EncryptionConfiguration. */
export type Provider =
  | { kind: "identity" }
  | { kind: "aescbc" | "aesgcm" | "secretbox"; keys: readonly { name: string; secret: Uint8Array }[] };

/** Which resources the providers are for: the first writes, all read. */
export interface EncryptionRule {
  /** `secrets`, `deployments.apps`, `*.apps`, `*.` for the core group, `*.*` for all. */
  resources: readonly string[];
  providers: readonly Provider[];
}

const lengths: Record<string, readonly number[]> = { aescbc: [16, 24, 32], aesgcm: [16, 24, 32], secretbox: [32] };

/**
 * Reads an EncryptionConfiguration of apiserver.config.k8s.io/v1, as YAML or JSON. Throws for what it may not be, and for
 * key management services, which are not supported yet.
 */
export function parseEncryptionConfig(text: string): EncryptionRule[] {
  const { value, duplicates } = parseYaml(text);
  if (duplicates.length > 0) throw invalid(`${duplicates[0]} is there twice`);
  const config = objectAt(value, "", ["kind", "apiVersion", "resources"]);
  if (config.kind !== "EncryptionConfiguration" || config.apiVersion !== "apiserver.config.k8s.io/v1")
    throw invalid(`wanted kind EncryptionConfiguration of apiserver.config.k8s.io/v1, got ${config.kind}`);
  const rules = listAt(config.resources, "resources").map(ruleOf);
  const seen = new Set<string>();
  for (const name of rules.flatMap(({ resources }) => resources)) {
    if (seen.has(name)) throw invalid(`resources: ${JSON.stringify(name)} is there twice`);
    seen.add(name);
  }
  return rules;
}

function invalid(why: string): Error {
  return new Error(`encryption configuration: ${why}`);
}

function objectAt(value: unknown, path: string, fields: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(`${path || "the file"}: wanted an object`);
  const unknown = Object.keys(value).find((field) => !fields.includes(field));
  if (unknown !== undefined) throw invalid(`unknown field ${JSON.stringify(path ? `${path}.${unknown}` : unknown)}`);
  return value as Record<string, unknown>;
}

function listAt(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw invalid(`${path}: Required value`);
  return value;
}

function ruleOf(value: unknown, index: number): EncryptionRule {
  const path = `resources[${index}]`;
  const given = objectAt(value, path, ["resources", "providers"]);
  const resources = listAt(given.resources, `${path}.resources`).map((name) => {
    if (typeof name !== "string" || name === "") throw invalid(`${path}.resources: wanted names of resources`);
    const star = name.indexOf("*");
    if (star >= 0 && !/^\*\.[^*]*$|^\*\.\*$/.test(name))
      throw invalid(`${path}.resources: ${JSON.stringify(name)}: use '*.<group>' for all of a group, or '*.*' for all`);
    return name.toLowerCase();
  });
  const providers = listAt(given.providers, `${path}.providers`).map((each, at) =>
    providerOf(each, `${path}.providers[${at}]`),
  );
  return { resources, providers };
}

function providerOf(value: unknown, path: string): Provider {
  const given = objectAt(value, path, ["identity", "aescbc", "aesgcm", "secretbox", "kms"]);
  const kinds = Object.keys(given);
  if (kinds.length === 0) throw invalid(`${path}: provider does not contain any of the expected providers`);
  if (kinds.length > 1) throw invalid(`${path}: more than one provider specified in a single element`);
  const kind = kinds[0]! as Provider["kind"] | "kms";
  if (kind === "kms") throw new Error(`not supported yet: ${path}.kms`);
  if (kind === "identity") {
    if (given.identity !== null) objectAt(given.identity, `${path}.identity`, []);
    return { kind };
  }
  const { keys } = objectAt(given[kind], `${path}.${kind}`, ["keys"]);
  const read = listAt(keys, `${path}.${kind}.keys`).map((key, at) => keyOf(kind, key, `${path}.${kind}.keys[${at}]`));
  const names = new Set(read.map(({ name }) => name));
  if (names.size < read.length) throw invalid(`${path}.${kind}.keys: two keys of one name`);
  return { kind, keys: read };
}

function keyOf(kind: string, value: unknown, path: string): { name: string; secret: Uint8Array } {
  const { name, secret } = objectAt(value, path, ["name", "secret"]);
  if (typeof name !== "string" || name === "") throw invalid(`${path}.name: Required value`);
  if (name.includes(":")) throw invalid(`${path}.name: Invalid value: a name has no ':' in it`);
  if (typeof secret !== "string" || secret === "") throw invalid(`${path}.secret: Required value`);
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(secret), (letter) => letter.charCodeAt(0));
  } catch {
    throw invalid(`${path}.secret: Invalid value: secret must be base64 encoded`);
  }
  const wanted = lengths[kind]!;
  if (!wanted.includes(bytes.length)) {
    const which = `got ${bytes.length}, expected one of [${wanted.join(" ")}]`;
    throw invalid(`${path}.secret: Invalid value: secret is not of the expected length, ${which}`);
  }
  return { name, secret: bytes };
}

/** The first rule that a resource (`secrets`, `deployments.apps`) falls under. Pure. */
export function ruleFor(rules: readonly EncryptionRule[], resource: string): EncryptionRule | undefined {
  const dot = resource.indexOf(".");
  const group = dot < 0 ? "" : resource.slice(dot + 1);
  const covers = (name: string) => name === resource || name === "*.*" || name === `*.${group}`;
  return rules.find(({ resources }) => resources.some(covers));
}
