// Bundles the program into `dist/`, split so that each command loads only what it needs. Skipped when nothing changed.

import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./sources.ts";

const out = join(root, "dist");

/** The newest change below a folder, in milliseconds. */
function newest(folder: string): number {
  let latest = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}

const stamp = join(out, "stamp");
const sourcesMs = Math.max(newest(join(root, "src")), statSync(join(root, "package-lock.json")).mtimeMs);
if (!existsSync(stamp) || statSync(stamp).mtimeMs < sourcesMs || process.argv.includes("--force")) {
  rmSync(out, { recursive: true, force: true });
  await build({
    entryPoints: [join(root, "src/main.ts")],
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: false,
    // Has a binary of its own beside its code.
    external: ["lmdb"],
    // Some packages of the CommonJS kind ask for `require`.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  writeFileSync(join(out, "package.json"), '{ "type": "module" }\n');
  writeFileSync(stamp, "");
}
