import { AUTHORITATIVE_ANSWER, decode, encode, type Packet, RECURSION_AVAILABLE, streamEncode } from "dns-packet";
import type { DnsAnswer, DnsRecord } from "../plan/answer.ts";

/** The largest answer that fits a datagram without EDNS, in bytes (RFC 1035, section 4.2.1). */
const datagramBytesMax = 512;

/** Flag bits of the header that `dns-packet` does not name. */
const truncatedFlag = 1 << 9;
const refusedCode = 5;
const serverFailureCode = 2;
const noSuchNameCode = 3;

/** A question as it came. Undefined for what is no question. */
export function readQuestion(bytes: Uint8Array): (Packet & { name: string; questionType: string }) | undefined {
  try {
    // The library reads with a Buffer's methods, and bytes that came in a stream are none.
    const packet = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const [question] = packet.questions ?? [];
    if (packet.type !== "query" || !question) return undefined;
    return { ...packet, name: question.name.toLowerCase().replace(/\.$/, ""), questionType: question.type };
  } catch {
    return undefined;
  }
}

/** Writes our answer. Over UDP one that is too long is cut and marked, so that the client asks again over TCP. */
export function writeAnswer(
  query: Packet,
  answer: Extract<DnsAnswer, { kind: "answer" }>,
  domain: string,
  overTcp: boolean,
): Uint8Array {
  const packet = {
    type: "response",
    id: query.id,
    flags:
      AUTHORITATIVE_ANSWER |
      RECURSION_AVAILABLE |
      ((query.flags ?? 0) & 0x100) |
      (answer.nxdomain ? noSuchNameCode : 0),
    questions: query.questions,
    answers: answer.answers,
    additionals: answer.additionals,
    authorities: answer.answers.length === 0 ? [authority(domain)] : [],
  } as unknown as Packet;
  if (overTcp) return streamEncode(packet);
  const bytes = encode(packet);
  if (bytes.length <= sizeMax(query)) return bytes;
  return encode({ ...packet, flags: packet.flags! | truncatedFlag, answers: [], additionals: [] });
}

/** The largest datagram that the client takes: its EDNS size. */
export function sizeMax(query: Packet): number {
  const edns = query.additionals?.find((each) => each.type === "OPT") as { udpPayloadSize?: number } | undefined;
  return Math.max(datagramBytesMax, Math.min(edns?.udpPayloadSize ?? 0, 4096));
}

/** Writes an answer that says no: nobody here may, or can, find out. */
export function writeRefusal(query: Packet, why: "refused" | "failed", overTcp: boolean): Uint8Array {
  const code = why === "refused" ? refusedCode : serverFailureCode;
  const packet = {
    type: "response",
    id: query.id,
    flags: RECURSION_AVAILABLE | code,
    questions: query.questions,
  } as Packet;
  return overTcp ? streamEncode(packet) : encode(packet);
}

/** Says until when "there is none" may be believed. */
function authority(domain: string): DnsRecord {
  const data = {
    mname: `ns.dns.${domain}`,
    rname: `hostmaster.${domain}`,
    serial: 1,
    refresh: 7200,
    retry: 1800,
    expire: 86400,
    minimum: 5,
  };
  return { name: domain, type: "SOA", ttl: 5, data };
}
