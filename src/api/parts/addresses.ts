// Addresses that no endpoint may have: they mean something else on every machine.

import { parseCidr, parseIp } from "../machinery/ip.ts";

/** Messages for an address that is special, none for others and for what is no address. */
export function specialAddress(text: string): string[] {
  const ip = parseIp(text);
  if (!ip) return [];
  const isV4 = !text.includes(":");
  const [first, second] = text.split(".").map(Number);
  const lower = text.toLowerCase();
  if (/^[0.]+$/.test(text) || /^[0:]+$/.test(text)) return [`may not be unspecified (${text})`];
  if (isV4 ? first === 127 : lower === "::1") return ["may not be in the loopback range (127.0.0.0/8, ::1/128)"];
  if (isV4 ? first === 169 && second === 254 : /^fe[89ab]/.test(lower)) {
    return ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"];
  }
  if (isV4 ? text.startsWith("224.0.0.") : /^ff.2:/.test(lower)) {
    return ["may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"];
  }
  return [];
}

/** Whether a range is a part of another one, and not all of it. Ranges that cannot be read are not. */
export function isWithin(inner: string, outer: string): boolean {
  const [small, large] = [parseCidr(inner), parseCidr(outer)];
  if (!small || !large || small.ip.family !== large.ip.family || small.prefix <= large.prefix) return false;
  const bits = BigInt((small.ip.family === 4 ? 32 : 128) - large.prefix);
  return small.ip.value >> bits === large.ip.value >> bits;
}
