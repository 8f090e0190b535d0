// Builds the stand-in images into a registry's directory: `node images/build.ts DIRECTORY`.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { catalog, type Recipe } from "./catalog.ts";

/** Files of images have one time, so that the same contents have the same digest. */
const filesTime = "@1700000000";

const manifestType = "application/vnd.oci.image.manifest.v1+json";

function run(program: string, args: readonly string[], cwd?: string): Buffer {
  return execFileSync(program, args, {
    cwd,
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

/** Downloads the packages that are not there yet. Gives name → file. */
function download(packages: ReadonlySet<string>, directory: string): Map<string, string> {
  mkdirSync(directory, { recursive: true });
  const fileOf = (name: string): string => join(directory, `${name}.deb`);
  const missing = [...packages].filter((name) => !existsSync(fileOf(name)));
  if (missing.length > 0) {
    const fresh = mkdtempSync(join(directory, "new-"));
    // The user that apt steps down to must be able to write here.
    chmodSync(fresh, 0o777);
    run("apt-get", ["download", "-q", ...missing], fresh);
    for (const file of run("ls", [fresh]).toString().trim().split("\n")) {
      const name = file.slice(0, file.indexOf("_"));
      renameSync(join(fresh, file), fileOf(name));
    }
    rmSync(fresh, { recursive: true });
  }
  return new Map([...packages].map((name) => [name, fileOf(name)]));
}

/** Lays the image's root file system out in a new directory. */
function layOut(recipe: Recipe, debs: Map<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "image-"));
  chmodSync(root, 0o755);
  for (const folder of ["bin", "lib", "lib64", "sbin"]) {
    mkdirSync(join(root, "usr", folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(root, folder));
  }
  for (const folder of ["dev", "etc", "proc", "sys", "tmp", "run", "var"])
    mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
  // Not `dpkg-deb -x`: it would put a directory in place of the link that `bin` is.
  const unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"';
  for (const name of recipe.packages) run("sh", ["-ec", unpack, "sh", debs.get(name)!, root]);
  for (const [path, content] of Object.entries(recipe.files ?? {})) putFile(root, path, content);
  return root;
}

function putFile(root: string, path: string, content: NonNullable<Recipe["files"]>[string]): void {
  const target = join(root, path);
  if (path.endsWith("/.applets")) {
    // A link for everything that busybox can do.
    const names = run("chroot", [root, "/usr/bin/busybox", "--list"]).toString().trim().split("\n");
    for (const name of names) if (name !== "busybox") putFile(root, `bin/${name}`, { link: "/usr/bin/busybox" });
    return;
  }
  mkdirSync(dirname(target), { recursive: true });
  if (typeof content === "string") {
    if (!path.endsWith("/.keep")) writeFileSync(target, content, { mode: 0o644 });
  } else if ("link" in content) {
    if (lstatSync(target, { throwIfNoEntry: false })) rmSync(target);
    symlinkSync(content.link, target);
  } else writeFileSync(target, run("sh", ["-c", content.run]), { mode: 0o755 });
}

function putBlob(directory: string, bytes: Uint8Array): { digest: string; size: number } {
  const hex = createHash("sha256").update(bytes).digest("hex");
  const file = join(directory, "blobs", "sha256", hex);
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) writeFileSync(file, bytes);
  return { digest: `sha256:${hex}`, size: bytes.length };
}

/** Builds one image and gives its manifest's digest. */
function buildImage(recipe: Recipe, debs: Map<string, string>, directory: string): string {
  const root = layOut(recipe, debs);
  const excludes = (recipe.without ?? []).map((pattern) => `--exclude=${pattern}`);
  const tar = run(
    "tar",
    ["--sort=name", `--mtime=${filesTime}`, "--owner=0", "--group=0", "--numeric-owner", ...excludes, "-c", "."],
    root,
  );
  rmSync(root, { recursive: true, force: true });
  const layer = putBlob(directory, gzipSync(tar, { level: 6 }));
  const diffId = `sha256:${createHash("sha256").update(tar).digest("hex")}`;
  const config = putBlob(
    directory,
    Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        created: "2023-11-14T22:13:20Z",
        config: recipe.config,
        rootfs: { type: "layers", diff_ids: [diffId] },
        history: [{ created_by: "typernetes images" }],
      }),
    ),
  );
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...layer }],
  };
  return putBlob(directory, Buffer.from(JSON.stringify(manifest))).digest;
}

/** Builds the wanted images, or all that the catalogue has, into the registry's directory, unless it is there from the same recipes. */
export function buildImages(directory: string, cache: string, wanted: readonly Recipe[] = catalog): void {
  const recipes = createHash("sha256")
    .update(JSON.stringify(wanted))
    .update(readFileSync(import.meta.filename))
    .digest("hex");
  const stamp = join(directory, "stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === recipes) return;
  const debs = download(new Set(wanted.flatMap((recipe) => recipe.packages)), join(cache, "debs"));
  const index: Record<string, string> = {};
  for (const recipe of wanted) {
    const digest = buildImage(recipe, debs, directory);
    for (const name of recipe.names) index[name] = digest;
    console.log(`built ${recipe.names.join(", ")}`);
  }
  writeFileSync(join(directory, "index.json"), JSON.stringify(index, null, 2));
  writeFileSync(stamp, recipes);
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..");
  buildImages(process.argv[2] ?? join(root, ".cache", "images"), join(root, ".cache"));
}
