import type { Disk } from "../../base/world.ts";
import type { Pod } from "../pods/pod.ts";
import { containersOf } from "../pods/pod.ts";
import type { ContainerState } from "../pods/state.ts";
import { textOf } from "../support/bytes.ts";
import { lastWordsPath } from "./mounts.ts";

/** Limits of a termination message (Determine the Reason for Pod Failure). */
const messageBytesMax = 4096;
const logBytesMax = 2048;
const logLinesMax = 80;

/** An ended container's message: what it wrote for the purpose or, if it may be and it failed, the end of its log. */
export async function lastWords(
  pod: Pod,
  container: ContainerState,
  { podDir, logDirectory, disk }: { podDir: string; logDirectory: string; disk: Disk },
): Promise<string> {
  const spec = containersOf(pod).find(({ container: { name } }) => name === container.name)?.container;
  const path = lastWordsPath(podDir, container.name, container.attempt);
  const written = textOf(await disk.readAt(path, 0, messageBytesMax).catch(() => new Uint8Array()));
  if (written || spec?.terminationMessagePolicy !== "FallbackToLogsOnError" || container.exitCode === 0) return written;
  const log = `${logDirectory}/${container.name}/${container.attempt}.log`;
  const size = (await disk.stat(log))?.size ?? 0;
  // Each line has up to 50 bytes before its text.
  const room = logBytesMax + 50 * (logLinesMax + 1);
  const start = Math.max(0, size - room);
  const raw = textOf(await disk.readAt(log, start, room).catch(() => new Uint8Array()));
  const lines = raw.split("\n").slice(start > 0 ? 1 : 0);
  return logText(lines.filter(Boolean).slice(-logLinesMax)).slice(-logBytesMax);
}

/** The text of lines as the runtime writes them: time, stream, F or P, text. Pure. */
function logText(lines: readonly string[]): string {
  return lines
    .map((line) => {
      const [, , tag, ...text] = line.split(" ");
      return text.join(" ") + (tag === "P" ? "" : "\n");
    })
    .join("");
}
