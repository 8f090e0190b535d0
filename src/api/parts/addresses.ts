// Addresses that no endpoint may have, since they mean something else on every machine, and texts of addresses that only
// old objects should hold.

import type { FieldPath } from "../machinery/field.ts";
import { bitsOf, formatIp, networkOf, parseCidr, parseIp } from "../machinery/ip.ts";

/** Messages for an address that is special, none for others and for what is no address. */
export function specialAddress(text: string): string[] {
  const ip = parseIp(text);
  if (!ip) return [];
  const { value } = ip;
  if (ip.family === 4 || ip.mapped) return specialV4(Number(value & 0xffffffffn), text);
  if (value === 0n) return [`may not be unspecified (${text})`];
  if (value === 1n) return [inLoopback];
  if (value >> 118n === 0xfe80n >> 6n) return [inLinkLocal];
  return (value >> 112n) % 16n === 2n && value >> 120n === 0xffn ? [inLinkLocalMulticast] : [];
}

/** Messages for what traffic is sent to: an address, and none that is special. */
export function endpointAddress(text: string): string[] {
  return parseIp(text) ? specialAddress(text) : ["must be a valid IP address"];
}

const inLoopback = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
const inLinkLocal = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
const inLinkLocalMulticast = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";

function specialV4(value: number, text: string): string[] {
  if (value === 0) return [`may not be unspecified (${text})`];
  if (value >>> 24 === 127) return [inLoopback];
  if (value >>> 16 === (169 << 8) + 254) return [inLinkLocal];
  return value >>> 8 === 224 << 16 ? [inLinkLocalMulticast] : [];
}

/** Whether a range is a part of another one, and not all of it. Ranges that cannot be read are not. */
export function isWithin(inner: string, outer: string): boolean {
  const [small, large] = [parseCidr(inner), parseCidr(outer)];
  if (!small || !large || small.ip.family !== large.ip.family || small.prefix <= large.prefix) return false;
  const bits = BigInt((small.ip.family === 4 ? 32 : 128) - large.prefix);
  return small.ip.value >> bits === large.ip.value >> bits;
}

const future = "will be considered invalid in a future Kubernetes release";

/** Warnings for an address that old objects may hold and new ones had better not. */
export function* addressWarnings(text: string | undefined, path: FieldPath): Iterable<string> {
  const ip = parseIp(text ?? "");
  if (!ip) return;
  const canonical = formatIp(ip.mapped ? 4 : ip.family, ip.mapped ? ip.value & 0xffffffffn : ip.value);
  if (ip.leadingZeros || ip.mapped) {
    yield `${path}: non-standard IP address ${JSON.stringify(text)} ${future}: use ${JSON.stringify(canonical)}`;
  } else if (ip.family === 6 && canonical !== text) {
    const wanted = `should be in RFC 5952 canonical format (${JSON.stringify(canonical)})`;
    yield `${path}: IPv6 address ${JSON.stringify(text)} ${wanted}`;
  }
}

/** Warnings for a range that old objects may hold and new ones had better not. */
export function* rangeWarnings(text: string, path: FieldPath): Iterable<string> {
  const range = parseCidr(text);
  if (!range) return;
  const { ip, prefix } = range;
  const family = ip.mapped ? 4 : ip.family;
  const network = networkOf(range);
  const shownIp = (value: bigint) => formatIp(family, ip.mapped ? value & 0xffffffffn : value);
  const canonical = JSON.stringify(`${shownIp(network)}/${ip.mapped ? prefix - 96 : prefix}`);
  const given = JSON.stringify(text);
  if (network !== ip.value) {
    const single = JSON.stringify(`${shownIp(ip.value)}/${bitsOf(family)}`);
    yield `${path}: CIDR value ${given} is ambiguous in this context (should be ${canonical} or ${single}?)`;
  }
  const bits = text.slice(text.indexOf("/") + 1);
  if (ip.leadingZeros || ip.mapped || (bits.length > 1 && bits.startsWith("0"))) {
    yield `${path}: non-standard CIDR value ${given} ${future}: use ${canonical}`;
  } else if (family === 6 && `${shownIp(ip.value)}/${prefix}` !== text) {
    yield `${path}: IPv6 CIDR value ${given} should be in RFC 5952 canonical format (${canonical})`;
  }
}
