// LZ4's block format (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md), with a dictionary that both sides know.
// Made for many short texts of one kind: a pod's JSON becomes a fifth of it or less, and is read back in microseconds.

/** Compresses and decompresses with one dictionary. */
export interface Lz4 {
  /** The block of these bytes. Longer ones than the input come of what has no repetitions. */
  compress(bytes: Uint8Array): Uint8Array;
  /** What a block was made of, `length` bytes. Throws for what is no such block. */
  decompress(block: Uint8Array, length: number): Uint8Array;
}

/** The longest way back to a repetition. */
const offsetMax = 0xffff;

/** The shortest repetition. */
const matchMin = 4;

/** The last bytes are always literal, and the last repetition begins somewhat before them: rules of the format. */
const lastLiterals = 5;
const lastMatch = 12;

const hashBits = 14;

/** A codec. Not re-entrant: it works in memory of its own. The dictionary's last 64 KiB count. */
export function lz4(dictionary: Uint8Array): Lz4 {
  const words = dictionary.subarray(Math.max(0, dictionary.length - offsetMax));
  /** The dictionary, and behind it what is compressed or decompressed: so that a way back may lead into either. */
  let work = grown(words, 1 << 16);
  const known = new Int32Array(1 << hashBits).fill(-1);
  for (let at = 0; at + matchMin <= words.length; at++) known[hashAt(work, at)] = at;
  const places = new Int32Array(known.length);

  return {
    compress(bytes) {
      const end = words.length + bytes.length;
      if (end > work.length) work = grown(words, end * 2);
      work.set(bytes, words.length);
      places.set(known);
      return compressed(work, words.length, end, places);
    },
    decompress(block, length) {
      const end = words.length + length;
      if (end > work.length) work = grown(words, end * 2);
      if (decompressed(block, work, words.length, end) !== end) throw corrupt();
      return work.slice(words.length, end);
    },
  };
}

function grown(words: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(words.length + length);
  bytes.set(words);
  return bytes;
}

function corrupt(): Error {
  return new Error("lz4: the block is corrupt");
}

function hashAt(bytes: Uint8Array, at: number): number {
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  return Math.imul(word, 0x9e3779b1) >>> (32 - hashBits);
}

/** The block of what lies in `work` from `start` to `end`. `places`: hash of four bytes → where they were last. */
function compressed(work: Uint8Array, start: number, end: number, places: Int32Array): Uint8Array {
  const length = end - start;
  const out = new Uint8Array(length + Math.ceil(length / 255) + 16);
  let to = 0;
  let literalsFrom = start;

  for (let at = start; at < end - lastMatch; ) {
    const hash = hashAt(work, at);
    const before = places[hash]!;
    places[hash] = at;
    const length = before < 0 || at - before > offsetMax ? 0 : sameLength(work, before, at, end - lastLiterals);
    if (length < matchMin) {
      at++;
      continue;
    }
    to = putSequence(out, to, work, literalsFrom, at, at - before, length - matchMin);
    // Where the repetition ends, the next one often begins a little earlier than it was seen to.
    if (at + length - 2 < end - lastMatch) places[hashAt(work, at + length - 2)] = at + length - 2;
    at += length;
    literalsFrom = at;
  }
  to = putSequence(out, to, work, literalsFrom, end, 0, 0);
  return out.slice(0, to);
}

/**
 * Puts the literals that lie in `work` between two places, and a repetition `more` bytes longer than the shortest; without an
 * offset only the literals. Gives where it ends.
 */
function putSequence(
  out: Uint8Array,
  start: number,
  work: Uint8Array,
  from: number,
  until: number,
  offset: number,
  more: number,
): number {
  let to = start;
  const literals = until - from;
  out[to++] = (Math.min(15, literals) << 4) | Math.min(15, more);
  if (literals >= 15) to = putLength(out, to, literals - 15);
  for (let at = from; at < until; at++) out[to++] = work[at]!;
  if (offset === 0) return to;
  out[to++] = offset & 0xff;
  out[to++] = offset >> 8;
  return more >= 15 ? putLength(out, to, more - 15) : to;
}

function sameLength(work: Uint8Array, before: number, at: number, end: number): number {
  let length = 0;
  while (at + length < end && work[before + length] === work[at + length]) length++;
  return length;
}

function putLength(out: Uint8Array, to: number, length: number): number {
  let left = length;
  for (; left >= 255; left -= 255) out[to++] = 255;
  out[to++] = left;
  return to;
}

/** From how many bytes on the runtime copies quicker than a loop. */
const copyFrom = 24;

/** Writes what the block says to `work` from `start` on, never past `end`. Gives where it ended. */
function decompressed(block: Uint8Array, work: Uint8Array, start: number, end: number): number {
  let from = 0;
  let to = start;
  for (;;) {
    if (from >= block.length) throw corrupt();
    const token = block[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      for (let more = 255; more === 255; literals += more) {
        if (from >= block.length) throw corrupt();
        more = block[from++]!;
      }
    }
    if (from + literals > block.length || to + literals > end) throw corrupt();
    for (const stop = to + literals; to < stop; ) work[to++] = block[from++]!;
    if (from === block.length) return to;
    if (from + 2 > block.length) throw corrupt();
    const offset = block[from]! | (block[from + 1]! << 8);
    from += 2;
    let length = token & 15;
    if (length === 15) {
      for (let more = 255; more === 255; length += more) {
        if (from >= block.length) throw corrupt();
        more = block[from++]!;
      }
    }
    const stop = to + length + matchMin;
    if (offset === 0 || offset > to || stop > end) throw corrupt();
    let back = to - offset;
    if (stop - to >= copyFrom && offset >= stop - to) {
      work.copyWithin(to, back, back + stop - to);
      to = stop;
    } else while (to < stop) work[to++] = work[back++]!;
  }
}
