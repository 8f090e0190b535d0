import {
  bitsOf,
  type Cidr,
  contains,
  formatIp,
  type IpAddress,
  networkOf,
  parseCidr,
  parseIp,
} from "../../machinery/ip.ts";
import { scale, walk } from "../costs.ts";
import { CelError } from "../errors.ts";
import { type Costs, define, type Library, method } from "../overload.ts";
import { type OpaqueValue, opaque, sizeOf, type Value } from "../values.ts";

const ipName = "net.IP";
const cidrName = "net.CIDR";

function equals(this: object, other: unknown): boolean {
  return JSON.stringify(this, plain) === JSON.stringify(other, plain);
}

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : typeof value === "function" ? undefined : value;
}

function ipValue(ip: IpAddress): OpaqueValue {
  return opaque(ipName, { ...ip, equals }, bitsOf(ip.family) / 8);
}

function cidrValue(cidr: Cidr): OpaqueValue {
  return opaque(cidrName, { ...cidr, equals }, Math.ceil(cidr.prefix / 8));
}

function readIp(text: string): IpAddress {
  const ip = strictIp(text);
  if (ip) return ip;
  throw new CelError(
    `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
  );
}

/** Addresses with a zone, and IPv4 ones in IPv6's clothes, are refused. */
function strictIp(text: string): IpAddress | undefined {
  if (text.includes("%") || (text.includes(":") && text.includes("."))) return undefined;
  return parseIp(text);
}

function readCidr(text: string): Cidr {
  const cidr = text.includes(":") && text.includes(".") ? undefined : parseCidr(text);
  if (cidr) return cidr;
  throw new CelError(
    `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): no '/'`,
  );
}

/** Addresses and networks. */
export function addNetwork(library: Library): void {
  addAddresses(library);
  addNetworks(library);
}

const ip = (value: Value | undefined) => (value as OpaqueValue).value as IpAddress;
const cidr = (value: Value | undefined) => (value as OpaqueValue).value as Cidr;

function addAddresses(library: Library): void {
  define(library, "ip", `(string): ${ipName}`, ([text]) => ipValue(readIp(text as string)), walk(0));
  define(library, "isIP", "(string): bool", ([text]) => strictIp(text as string) !== undefined, walk(0));
  define(
    library,
    "ip.isCanonical",
    "(string): bool",
    ([text]) => {
      const address = readIp(text as string);
      return formatIp(address.family, address.value) === text;
    },
    walk(0, 2),
  );
  define(library, "string", `(${ipName}): string`, ([value]) => formatIp(ip(value).family, ip(value).value));
  method(library, "family", `${ipName} (): int`, ([value]) => BigInt(ip(value).family));
  const tests: Record<string, (address: IpAddress) => boolean> = {
    isUnspecified: ({ value }) => value === 0n,
    isLoopback: ({ family, value }) => (family === 4 ? value >> 24n === 127n : value === 1n),
    isLinkLocalMulticast: ({ family, value }) => (family === 4 ? value >> 8n === 0xe00000n : value >> 112n === 0xff02n),
    isLinkLocalUnicast: ({ family, value }) => (family === 4 ? value >> 16n === 0xa9fen : value >> 118n === 0x3fan),
    isGlobalUnicast: (address) => isGlobalUnicast(address),
  };
  for (const [name, test] of Object.entries(tests))
    method(library, name, `${ipName} (): bool`, ([value]) => test(ip(value)));
}

function isGlobalUnicast({ family, value }: IpAddress): boolean {
  if (value === 0n) return false;
  if (family === 6) return value !== 1n && value >> 120n !== 0xffn && value >> 118n !== 0x3fan;
  return value !== 0xffffffffn && value >> 24n !== 127n && value >> 28n !== 0xen && value >> 16n !== 0xa9fen;
}

function addNetworks(library: Library): void {
  define(library, "cidr", `(string): ${cidrName}`, ([text]) => cidrValue(readCidr(text as string)), walk(0));
  define(
    library,
    "isCIDR",
    "(string): bool",
    ([text]) => {
      try {
        readCidr(text as string);
        return true;
      } catch {
        return false;
      }
    },
    walk(0),
  );
  const show = ({ ip: address, prefix }: Cidr) => `${formatIp(address.family, address.value)}/${prefix}`;
  define(library, "string", `(${cidrName}): string`, ([value]) => show(cidr(value)));
  method(library, "ip", `${cidrName} (): ${ipName}`, ([value]) => ipValue(cidr(value).ip));
  method(library, "prefixLength", `${cidrName} (): int`, ([value]) => BigInt(cidr(value).prefix));
  method(library, "masked", `${cidrName} (): ${cidrName}`, ([value]) => {
    const { ip: address, prefix } = cidr(value);
    return cidrValue({ ip: { ...address, value: networkOf(cidr(value)) }, prefix });
  });
  const holdsNet = (net: Cidr, other: Cidr) => contains(net, other.ip) && other.prefix >= net.prefix;
  method(
    library,
    "containsIP",
    `${cidrName} (${ipName}): bool`,
    ([net, other]) => contains(cidr(net), ip(other)),
    containment(false, 0),
  );
  method(
    library,
    "containsIP",
    `${cidrName} (string): bool`,
    ([net, text]) => contains(cidr(net), readIp(text as string)),
    containment(true, 0),
  );
  method(
    library,
    "containsCIDR",
    `${cidrName} (${cidrName}): bool`,
    ([net, other]) => holdsNet(cidr(net), cidr(other)),
    containment(false, 1),
  );
  method(
    library,
    "containsCIDR",
    `${cidrName} (string): bool`,
    ([net, text]) => holdsNet(cidr(net), readCidr(text as string)),
    containment(true, 1),
  );
}

/** The bytes of both are walked; a text is read before, and a network is masked as well. */
function containment(text: boolean, masks: 0 | 1): Costs {
  return {
    cost: ([net, other]) => {
      const size = sizeOf(net!);
      const mask = masks ? Math.ceil(size * 0.1) + 1 : 0;
      return Math.ceil(2 * size * 0.1) + mask + (text ? Math.ceil(sizeOf(other!) * 0.1) : 0);
    },
    estimate: ([, other]) => {
      const read = text ? scale(other!.size, 0.1) : { min: 0, max: 0 };
      return { cost: { min: 1 + masks * 2 + read.min, max: 4 + masks * 3 + read.max } };
    },
  };
}
