// The rules for names and small texts, each giving Kubernetes' own messages; an empty list means that the value is fine.
// Source of the rules: API conventions and "Object Names and IDs"; of the wording: a recorded v1.36 server.

import { networkOf, parseCidr, parseIp } from "./ip.ts";

const labelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const label1035Format = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValueFormat = `(${qualifiedFormat})?`;
const wildcardFormat = `\\*\\.${subdomainFormat}`;
const configKeyFormat = "[-._a-zA-Z0-9]+";
const headerFormat = "[-A-Za-z0-9]+";
const percentFormat = "[0-9]+%";

const whole = (format: string): RegExp => new RegExp(`^(?:${format})$`);
const labelPattern = whole(labelFormat);
const subdomainPattern = whole(subdomainFormat);
const label1035Pattern = whole(label1035Format);
const qualifiedPattern = whole(qualifiedFormat);
const labelValuePattern = whole(labelValueFormat);
const wildcardPattern = whole(wildcardFormat);
const configKeyPattern = whole(configKeyFormat);
const headerPattern = whole(headerFormat);
const percentPattern = whole(percentFormat);

export const labelLengthMax = 63;
export const subdomainLengthMax = 253;

/** Kubernetes' sentence for a text that does not match: what was wanted, examples, the pattern. */
function mismatch(wanted: string, format: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return `${wanted} (e.g. ${list}regex used for validation is '${format}')`;
}

const encoder = new TextEncoder();

/** UTF-8 bytes of a text: Kubernetes' lengths are always in bytes, whatever the message says. */
function bytesOf(text: string): number {
  return text.length <= 20 ? text.length : encoder.encode(text).length;
}

const tooManyCharacters = (limit: number): string => `must be no more than ${limit} characters`;
const tooManyBytes = (limit: number): string => `must be no more than ${limit} bytes`;

const labelMessage = mismatch(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  labelFormat,
  "my-name",
  "123-abc",
);
const subdomainMessage = mismatch(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomainFormat,
  "example.com",
);
const label1035Message = mismatch(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  label1035Format,
  "my-name",
  "abc-123",
);
const wildcardMessage = mismatch(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  wildcardFormat,
  "*.example.com",
);
const qualifiedMessage = mismatch(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualifiedFormat,
  "MyName",
  "my.name",
  "123-abc",
);
const labelValueMessage = mismatch(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  labelValueFormat,
  "MyValue",
  "my_value",
  "12345",
);
const configKeyMessage = mismatch(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  configKeyFormat,
  "key.name",
  "KEY_NAME",
  "key-name",
);
const headerMessage = mismatch(
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  headerFormat,
  "X-Header-Name",
);
const percentMessage = mismatch(
  "a valid percent string must be a numeric string followed by an ending '%'",
  percentFormat,
  "1%",
  "93%",
);

/** An RFC 1123 label, up to 63 bytes. Messages, none if valid. */
export function dns1123Label(value: string): string[] {
  const messages: string[] = [];
  if (bytesOf(value) > labelLengthMax) messages.push(tooManyCharacters(labelLengthMax));
  if (!labelPattern.test(value)) messages.push(subdomainPattern.test(value) ? "must not contain dots" : labelMessage);
  return messages;
}

/** An RFC 1123 subdomain, up to 253 bytes: most names. Messages, none if valid. */
export function dns1123Subdomain(value: string): string[] {
  const messages: string[] = [];
  if (bytesOf(value) > subdomainLengthMax) messages.push(tooManyCharacters(subdomainLengthMax));
  if (!subdomainPattern.test(value)) messages.push(subdomainMessage);
  return messages;
}

/** An RFC 1035 label, up to 63 bytes: a label that starts with a letter. Messages, none if valid. */
export function dns1035Label(value: string): string[] {
  const messages: string[] = [];
  if (bytesOf(value) > labelLengthMax) messages.push(tooManyCharacters(labelLengthMax));
  if (!label1035Pattern.test(value)) messages.push(label1035Message);
  return messages;
}

/** `*.` and a subdomain, as ingress hosts may be. Messages, none if valid. */
export function wildcardDns1123Subdomain(value: string): string[] {
  const messages: string[] = [];
  if (bytesOf(value) > subdomainLengthMax) messages.push(tooManyCharacters(subdomainLengthMax));
  if (!wildcardPattern.test(value)) messages.push(wildcardMessage);
  return messages;
}

/** A label's or annotation's key: `name` or `example.com/name`. Messages, none if valid. */
export function qualifiedName(value: string): string[] {
  const parts = value.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name ${qualifiedMessage} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const messages: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    if (parts[0] === "") messages.push("prefix part must be non-empty");
    else messages.push(...dns1123Subdomain(parts[0]!).map((message) => `prefix part ${message}`));
  }
  if (name === "") messages.push("name part must be non-empty");
  else if (bytesOf(name) > labelLengthMax) messages.push(`name part ${tooManyBytes(labelLengthMax)}`);
  if (!qualifiedPattern.test(name)) messages.push(`name part ${qualifiedMessage}`);
  return messages;
}

/** A label's value. Messages, none if valid. */
export function labelValue(value: string): string[] {
  const messages: string[] = [];
  if (bytesOf(value) > labelLengthMax) messages.push(tooManyBytes(labelLengthMax));
  if (!labelValuePattern.test(value)) messages.push(labelValueMessage);
  return messages;
}

/** Names that would mean something else as a file name. */
function directoryPrefix(value: string): string[] {
  if (value === ".") return ["must not be '.'"];
  if (value === "..") return ["must not be '..'"];
  if (value.startsWith("..")) return ["must not start with '..'"];
  return [];
}

/** An environment variable's name: printable ASCII but `=` (KEP-4369). Messages, none if valid. */
export function envVarName(value: string): string[] {
  if (value === "") return ["environment variable name must be non-empty"];
  if (/^[ -<>-~]+$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key in a ConfigMap's or Secret's data. Messages, none if valid. */
export function configMapKey(value: string): string[] {
  const messages: string[] = [];
  if (bytesOf(value) > subdomainLengthMax) messages.push(tooManyCharacters(subdomainLengthMax));
  if (!configKeyPattern.test(value)) messages.push(configKeyMessage);
  messages.push(...directoryPrefix(value));
  return messages;
}

/** An IANA service name (RFC 6335), up to 15 bytes, as port names are. Messages, none if valid. */
export function portName(value: string): string[] {
  const messages: string[] = [];
  if (bytesOf(value) > 15) messages.push(tooManyCharacters(15));
  if (!/^[-a-z0-9]+$/.test(value))
    messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) messages.push("must contain at least one letter (a-z)");
  if (value.includes("--")) messages.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) messages.push("must not begin or end with a hyphen");
  return messages;
}

/** 1 to 65535. Messages, none if valid. */
export function portNumber(value: number): string[] {
  return inRange(value, 1, 65535);
}

/** `low` to `high`, both allowed. Messages, none if valid. */
export function inRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [`must be between ${low} and ${high}, inclusive`];
}

/** A user's id in Unix: 0 to 2147483647. Messages, none if valid. */
export function userId(value: number): string[] {
  return inRange(value, 0, 2147483647);
}

/** An address in a new object: canonical enough to mean the same everywhere. Messages, none if valid. */
export function ipAddress(value: string): string[] {
  const ip = parseIp(value);
  if (!ip) return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  if (ip.leadingZeros) return ["must not have leading 0s"];
  return ip.mapped ? ["must not be an IPv4-mapped IPv6 address"] : [];
}

/** A range in a new object. Messages, none if valid. */
export function cidr(value: string): string[] {
  const range = parseCidr(value);
  if (!range) return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"];
  const bits = value.slice(value.indexOf("/") + 1);
  if (range.ip.leadingZeros || (bits.length > 1 && bits.startsWith("0"))) {
    return ["must not have leading 0s in IP or prefix length"];
  }
  if (range.ip.mapped) return ["must not have an IPv4-mapped IPv6 address"];
  return networkOf(range) === range.ip.value ? [] : ["must not have bits set beyond the prefix length"];
}

/** An HTTP header's name. Messages, none if valid. */
export function httpHeaderName(value: string): string[] {
  return headerPattern.test(value) ? [] : [headerMessage];
}

/** `12%`. Messages, none if valid. */
export function percent(value: string): string[] {
  return percentPattern.test(value) ? [] : [percentMessage];
}

/** A name that is one segment of a path, all that some kinds ask (roles, for instance). Messages, none if valid. */
export function pathSegment(value: string): string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"]
    .filter((character) => value.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** A path without `..` in it and not absolute. Messages, none if valid. */
export function localPath(value: string): string[] {
  const messages = value.startsWith("/") ? ["must be a relative path"] : [];
  return value.split("/").includes("..") ? [...messages, "must not contain '..'"] : messages;
}

/** A domain of at least three segments. Messages, none if valid. */
export function fullyQualifiedName(value: string): string[] {
  const messages = dns1123Subdomain(value);
  if (messages.length > 0) return messages;
  return value.split(".").length < 3 ? ["should be a domain with at least three segments separated by dots"] : [];
}

/** `acme.io/foo`. Messages, none if valid. */
export function domainPrefixedPath(value: string): string[] {
  const slash = value.indexOf("/");
  if (slash <= 0 || slash === value.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  return dns1123Subdomain(value.slice(0, slash)).map((message) => `prefix segment ${message}`);
}
