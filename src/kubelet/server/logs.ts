import { joined } from "../../base/bytes.ts";
import type { Clock, Disk } from "../../base/world.ts";

export interface LogOptions {
  follow: boolean;
  timestamps: boolean;
  /** Lines from the end; undefined for all. */
  tailLines?: number;
  /** Only what was written since, in milliseconds since the epoch. */
  sinceMs?: number;
  limitBytes?: number;
  stream?: "stdout" | "stderr";
}

interface LogLine {
  /** RFC 3339 with nanoseconds, as the runtime wrote it. */
  time: string;
  stream: string;
  /** False for a part of a longer line. */
  full: boolean;
  text: Uint8Array;
}

const lineFeed = 10;
const space = 32;
const chunkBytes = 64 * 1024;
/** How often a followed file is looked at even if nothing said that it changed, in milliseconds. */
const lookAgainMs = 1000;

/** Reads a line as the runtime writes them (CRI logging): time, stream, F or P, text. Undefined if it is none. Pure. */
function parseLogLine(line: Uint8Array): LogLine | undefined {
  const first = line.indexOf(space);
  const second = line.indexOf(space, first + 1);
  const third = line.indexOf(space, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const word = (from: number, to: number) => new TextDecoder().decode(line.subarray(from, to));
  const tags = word(second + 1, third).split(":");
  return {
    time: word(0, first),
    stream: word(first + 1, second),
    full: tags[0] !== "P",
    text: line.subarray(third + 1),
  };
}

/** Where the last `count` full lines of a log begin, in bytes. */
async function tailStart(disk: Disk, path: string, count: number): Promise<number> {
  const size = (await disk.stat(path))?.size ?? 0;
  if (count <= 0) return size;
  let wanted = count;
  let end = size;
  // The line feed at the very end closes the last line, it does not begin another.
  let skipLast = true;
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes);
    const chunk = await disk.readAt(path, start, end - start);
    for (let i = chunk.length - 1; i >= 0; i--) {
      if (chunk[i] !== lineFeed) continue;
      if (skipLast && start + i === size - 1) skipLast = false;
      else if (--wanted === 0) return start + i + 1;
    }
    end = start;
  }
  return 0;
}

/**
 * A container's log as users see it. Follows on if asked to, also over a rotation, until `running` says that the
 * container has ended and everything was read.
 */
export async function* containerLog(
  path: string,
  options: LogOptions,
  world: { disk: Disk; clock: Clock; signal: AbortSignal; running(): boolean },
): AsyncGenerator<Uint8Array> {
  const { disk } = world;
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let offset = options.tailLines === undefined ? 0 : await tailStart(disk, path, options.tailLines);
  let inode = (await disk.stat(path))?.inode;
  let held = new Uint8Array();
  while (!world.signal.aborted && left > 0) {
    const alive = world.running();
    const chunk = await disk.readAt(path, offset, chunkBytes).catch(() => new Uint8Array());
    offset += chunk.length;
    held = joined([held, chunk]);
    const { text, rest } = shown(held, options);
    held = rest;
    if (text.length > 0) {
      yield text.length > left ? text.subarray(0, left) : text;
      left -= text.length;
    }
    if (chunk.length > 0) continue;
    if (!options.follow) return;
    const now = await disk.stat(path);
    if (now && (now.inode !== inode || now.size < offset)) {
      inode = now.inode;
      offset = 0;
      held = new Uint8Array();
    } else if (!alive) return;
    else await changed(path, world);
  }
}

/** The text of all whole lines, and what is left of the last one. */
function shown(bytes: Uint8Array, options: LogOptions): { text: Uint8Array; rest: Uint8Array<ArrayBuffer> } {
  const parts: Uint8Array[] = [];
  let begin = 0;
  for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, begin)) {
    const line = parseLogLine(bytes.subarray(begin, end));
    begin = end + 1;
    if (!line || (options.stream && line.stream !== options.stream)) continue;
    if (options.sinceMs !== undefined && Date.parse(line.time) < options.sinceMs) continue;
    if (options.timestamps) parts.push(new TextEncoder().encode(`${line.time} `));
    parts.push(line.text);
    if (line.full) parts.push(Uint8Array.of(lineFeed));
  }
  return { text: joined(parts), rest: bytes.slice(begin) };
}

/** Resolves after the file changed, or soon. */
async function changed(path: string, { disk, clock, signal }: { disk: Disk; clock: Clock; signal: AbortSignal }) {
  const woken = new AbortController();
  const wake = () => woken.abort();
  try {
    using _ = disk.watch(path, wake);
    await clock.sleep(lookAgainMs, AbortSignal.any([signal, woken.signal]));
  } catch {
    // Woken, or the reader went away, or the file is just being replaced: the caller looks.
    if (!woken.signal.aborted && !signal.aborted) await clock.sleep(lookAgainMs, signal).catch(() => {});
  }
}
