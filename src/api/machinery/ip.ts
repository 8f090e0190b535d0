// IP addresses and ranges as Kubernetes reads them: IPv4 with leading zeros is known (and refused by the strict rules).

export interface IpAddress {
  family: 4 | 6;
  value: bigint;
  /** Written as `010.1.1.1`: accepted for old objects only. */
  leadingZeros: boolean;
  /** Written as `::ffff:1.2.3.4`. */
  mapped: boolean;
}

export interface Cidr {
  ip: IpAddress;
  prefix: number;
}

const v4Pattern = /^(\d{1,})\.(\d{1,})\.(\d{1,})\.(\d{1,})$/;

function parseV4(text: string): { value: bigint; leadingZeros: boolean } | undefined {
  const match = v4Pattern.exec(text);
  if (!match) return undefined;
  let value = 0n;
  let leadingZeros = false;
  for (const part of match.slice(1)) {
    const octet = Number(part);
    if (octet > 255) return undefined;
    if (part.length > 1 && part.startsWith("0")) leadingZeros = true;
    value = (value << 8n) | BigInt(octet);
  }
  return { value, leadingZeros };
}

/** The eight 16-bit groups of one side of `::`, or undefined if it isn't a list of groups. */
function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  for (const part of text.split(":")) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  return groups;
}

function parseV6(text: string): IpAddress | undefined {
  let body = text;
  let leadingZeros = false;
  const lastColon = text.lastIndexOf(":");
  if (text.includes(".")) {
    const tail = parseV4(text.slice(lastColon + 1));
    if (!tail) return undefined;
    leadingZeros = tail.leadingZeros;
    body = `${text.slice(0, lastColon + 1)}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}`;
  }
  const sides = body.split("::");
  if (sides.length > 2) return undefined;
  const head = parseGroups(sides[0]!);
  const tail = sides.length === 2 ? parseGroups(sides[1]!) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (sides.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array<number>(missing).fill(0), ...tail]) value = (value << 16n) | BigInt(group);
  const mapped = value >> 32n === 0xffffn;
  return { family: 6, value, leadingZeros, mapped };
}

/** Reads an IPv4 or IPv6 address (no zone). Undefined if it is neither. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.includes(":")) return parseV6(text);
  const v4 = parseV4(text);
  return v4 && { family: 4, value: v4.value, leadingZeros: v4.leadingZeros, mapped: false };
}

/** Reads `address/bits`. Undefined if it isn't one; bits beyond the prefix may be set. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (!ip || !/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = Number(bits);
  if (prefix > (ip.family === 4 ? 32 : 128)) return undefined;
  return { ip, prefix };
}

/** The canonical text: dotted IPv4, RFC 5952 IPv6. */
export function formatIp(family: 4 | 6, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn));
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = groups.map((group) => group.toString(16));
  if (best.start < 0) return text.join(":");
  return `${text.slice(0, best.start).join(":")}::${text.slice(best.start + best.length).join(":")}`;
}

/** The number of bits of a family. */
export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

/** The first address of a range: its address with the host bits cleared. */
export function networkOf({ ip, prefix }: Cidr): bigint {
  const hostBits = BigInt(bitsOf(ip.family) - prefix);
  return (ip.value >> hostBits) << hostBits;
}

/** Whether an address is in a range. */
export function contains(range: Cidr, ip: IpAddress): boolean {
  return range.ip.family === ip.family && networkOf({ ip, prefix: range.prefix }) === networkOf(range);
}
