// OCI images made by hand from programs of the machine, for tests with real containers.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

export interface ImageFile {
  path: string;
  content?: Uint8Array | string;
  mode?: number;
  link?: string;
  directory?: true;
}

export interface TestImage {
  name: string;
  files: ImageFile[];
  config?: { Entrypoint?: string[]; Cmd?: string[]; Env?: string[]; User?: string; WorkingDir?: string };
}

async function tar(files: ImageFile[]): Promise<Buffer> {
  const archive = pack();
  const parts: Buffer[] = [];
  const done = (async () => {
    for await (const part of archive) parts.push(part as Buffer);
  })();
  for (const file of files) {
    const header = { name: file.path, mode: file.mode ?? (file.directory ? 0o755 : 0o644), mtime: new Date(0) };
    if (file.directory) archive.entry({ ...header, type: "directory" });
    else if (file.link) archive.entry({ ...header, type: "symlink", linkname: file.link });
    else archive.entry(header, Buffer.from(file.content ?? ""));
  }
  archive.finalize();
  await done;
  return Buffer.concat(parts);
}

const digestOf = (content: Uint8Array) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

export interface BuiltImage {
  name: string;
  manifest: { digest: string; content: Buffer };
  blobs: Map<string, Buffer>;
}

export async function buildImage(image: TestImage): Promise<BuiltImage> {
  const layer = await tar(image.files);
  const zipped = gzipSync(layer, { level: 1 });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: image.config ?? {},
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
      history: [{}],
    }),
  );
  const descriptor = (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: descriptor("application/vnd.oci.image.config.v1+json", config),
      layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", zipped)],
    }),
  );
  const blobs = new Map([manifest, config, zipped].map((content) => [digestOf(content), content]));
  return { name: image.name, manifest: { digest: digestOf(manifest), content: manifest }, blobs };
}

/** Writes an OCI layout as a tar file that `ctr images import` reads. */
export async function writeLayout(path: string, images: BuiltImage[]): Promise<void> {
  const index = {
    schemaVersion: 2,
    manifests: images.map(({ name, manifest }) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: manifest.digest,
      size: manifest.content.length,
      annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name },
    })),
  };
  const files: ImageFile[] = [
    { path: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: "index.json", content: JSON.stringify(index) },
    { path: "blobs/", directory: true },
    { path: "blobs/sha256/", directory: true },
  ];
  for (const { blobs } of images)
    for (const [digest, content] of blobs) files.push({ path: `blobs/sha256/${digest.slice(7)}`, content });
  await writeFile(path, await tar(files));
}

const busyboxTools =
  "sh cat echo sleep ls id env mkdir touch rm true false test hostname nc httpd wget date stat mount grep head tail wc kill ps df dd seq sed cp mv chmod ip ping printf trap awk yes tr readlink sync".split(
    " ",
  );

export const pauseImage: TestImage = {
  name: "registry.k8s.io/pause:3.10",
  files: [{ path: "pause", content: readFileSync("/usr/bin/catatonit"), mode: 0o755 }],
  config: { Entrypoint: ["/pause", "-P"] },
};

export const busyboxImage: TestImage = {
  name: "docker.io/library/busybox:latest",
  files: [
    { path: "bin/", directory: true },
    { path: "bin/busybox", content: readFileSync("/bin/busybox"), mode: 0o755 },
    ...busyboxTools.map((tool) => ({ path: `bin/${tool}`, link: "/bin/busybox" })),
    { path: "tmp/", directory: true as const, mode: 0o1777 },
    { path: "etc/", directory: true as const },
    { path: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\nweb:x:1234:1234::/:/bin/sh\n" },
    { path: "etc/group", content: "root:x:0:\nweb:x:1234:\n" },
  ],
  config: { Cmd: ["sh"], Env: ["PATH=/bin"] },
};
