export { type DnsOptions, startDns } from "./dns.ts";
