// Changing kubeconfig files: each entry where it stands, new ones in the file that counts.

import { dumpYaml, parseYaml } from "../api/machinery/yaml.ts";
import type { Call } from "./command.ts";
import { configPaths } from "./kubeconfig.ts";

/** A kubeconfig as its file has it. */
export interface ConfigFile {
  path: string;
  value: any;
}

/** The files that count, those that exist read, and which gets what is new. */
export async function readConfigFiles({
  flags,
  self,
  machine,
}: Call): Promise<{ files: ConfigFile[]; target: ConfigFile }> {
  const { paths } = configPaths(flags, self);
  const files: ConfigFile[] = [];
  for (const path of paths) {
    const text = await machine.disk.readText(path).catch(() => undefined);
    if (text !== undefined) files.push({ path, value: parseYaml(text).value ?? {} });
  }
  return { files, target: files[0] ?? { path: paths[0]!, value: {} } };
}

/** Writes a kubeconfig, for its owner's eyes only. */
export async function writeConfigFile({ machine }: Call, { path, value }: ConfigFile): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  await machine.disk.makeDirectory(directory);
  const whole = {
    apiVersion: "v1",
    kind: "Config",
    clusters: null,
    contexts: null,
    "current-context": "",
    users: null,
    ...value,
  };
  await machine.disk.replace(path, dumpYaml(whole), { mode: 0o600 });
}

export type Section = "clusters" | "contexts" | "users";

/** What a section's entries hold. */
export const fieldOfSection: Record<Section, string> = { clusters: "cluster", contexts: "context", users: "user" };

/** The file that has an entry; undefined if none does. */
export function fileWith(files: readonly ConfigFile[], section: Section, name: string): ConfigFile | undefined {
  return files.find(({ value }) => (value[section] ?? []).some((entry: any) => entry.name === name));
}

/** Puts an entry into its file, or into the one for new entries. Gives whether it was there before. */
export async function putEntry(
  call: Call,
  section: Section,
  name: string,
  change: (now: any) => any,
): Promise<boolean> {
  const { files, target } = await readConfigFiles(call);
  const known = fileWith(files, section, name);
  const file = known ?? target;
  const entries: any[] = file.value[section] ?? [];
  const field = fieldOfSection[section];
  const at = entries.findIndex((entry) => entry.name === name);
  const entry = { name, [field]: change(at < 0 ? {} : (entries[at][field] ?? {})) };
  file.value[section] = (at < 0 ? [...entries, entry] : entries.with(at, entry)).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  await writeConfigFile(call, file);
  return known !== undefined;
}
