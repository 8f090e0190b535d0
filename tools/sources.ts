import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The repository's root. */
export const root = join(import.meta.dirname, "..");

export interface Source {
  /** From the root: `src/store/mvcc.ts`. */
  path: string;
  text: string;
}

/** All TypeScript files below these folders, without what is generated. */
export function sources(...folders: string[]): Source[] {
  const found: Source[] = [];
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const path = relative(root, join(entry.parentPath, entry.name));
      if (path.includes("/generated/")) continue;
      found.push({ path, text: readFileSync(join(root, path), "utf8") });
    }
  }
  return found;
}

/** The modules that a file imports, static and dynamic, types included. */
export function importsOf(text: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']\s*[,)]|(?:^|\n)import\s*["']([^"']+)["']/g;
  return Array.from(text.matchAll(pattern), (match) => (match[1] ?? match[2] ?? match[3])!);
}
