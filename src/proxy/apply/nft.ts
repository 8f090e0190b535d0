import type { Disk, Exec } from "../../base/world.ts";

/** Where nft runs and keeps its command files. */
export interface NftPlace {
  exec: Exec;
  disk: Disk;
  /** `/run/netns/NAME`; the machine's own namespace if absent. */
  networkNamespace?: string;
  /** A directory of ours, for the files that nft reads. */
  directory: string;
}

/** Carries out nft commands as one transaction. Throws with nft's own words; then nothing was changed. */
export async function runNft(commands: string, { exec, disk, networkNamespace, directory }: NftPlace): Promise<void> {
  // From some kinds of pipe nft cannot read: a file always works.
  const file = `${directory}/services.nft`;
  await disk.write(file, commands);
  const { code, stderr } = networkNamespace
    ? await exec.run("nsenter", [`--net=${networkNamespace}`, "nft", "-f", file])
    : await exec.run("nft", ["-f", file]);
  if (code !== 0) throw new Error(`nft: ${stderr.trim().split("\n").slice(0, 3).join(" ")}`);
}
