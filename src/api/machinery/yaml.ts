import { defineScalarTag, dump, load, loadAll, YAML11_SCHEMA } from "js-yaml";

/** Writes a value as YAML the way Kubernetes' tools do: keys in order, lists not indented, strings on one line. */
export function dumpYaml(value: unknown): string {
  return dump(value, { sortKeys: true, lineWidth: -1, noRefs: true, seqNoIndent: true, schema: YAML11_SCHEMA, skipInvalid: true });
}

/** YAML 1.1 without timestamps: `0644` is octal, `yes` is true, a date is text. */
const schema = YAML11_SCHEMA.withTags([
  defineScalarTag("tag:yaml.org,2002:timestamp", { implicit: false, resolve: (text: string) => text, identify: () => false } as never),
]);

/** Parses one YAML document. Throws for broken YAML and duplicate keys. */
export function parseYaml(text: string): unknown {
  return load(text, { schema });
}

/** Parses all documents of a YAML stream; empty ones are null. */
export function parseYamlDocuments(text: string): unknown[] {
  return loadAll(text, { schema });
}
