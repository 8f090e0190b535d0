import assert from "node:assert/strict";
import { test } from "node:test";
import * as names from "./names.ts";

/** Checks one rule over values; each message is given by its beginning. */
function check(rule: (value: string) => string[], table: Record<string, string[]>): void {
  test(rule.name, () => {
    for (const [value, wanted] of Object.entries(table)) {
      const messages = rule(value);
      assert.equal(messages.length, wanted.length, `${rule.name} ${JSON.stringify(value)}: ${messages}`);
      for (const [index, start] of wanted.entries()) assert.ok(messages[index]!.startsWith(start), messages[index]);
    }
  });
}

const long = "a".repeat(64);

check(names.dns1123Label, {
  a: [],
  "a-1": [],
  "a.b": ["must not contain dots"],
  A: ["a lowercase RFC 1123 label must"],
  "a\n": ["a lowercase RFC 1123 label must"],
  [long]: ["must be no more than 63 characters"],
});
check(names.dns1123Subdomain, {
  "a.b": [],
  [long]: [],
  "-a": ["a lowercase RFC 1123 subdomain must"],
  ["a".repeat(254)]: ["must be no more than 253 characters"],
});
check(names.dns1035Label, { "a-1": [], "1a": ["a DNS-1035 label must"] });
check(names.qualifiedName, {
  a: [],
  "example.com/My_Name.1": [],
  "/x": ["prefix part must be non-empty"],
  "": ["name part must be non-empty", "name part must consist of alphanumeric"],
  "a/b/c": ["a qualified name must consist"],
  "A/b": ["prefix part a lowercase RFC 1123 subdomain"],
  [long]: ["name part must be no more than 63 bytes"],
});
check(names.labelValue, {
  "": [],
  a_b: [],
  "-a": ["a valid label must be an empty string or"],
  [long]: ["must be no more than 63 bytes"],
});
check(names.envVarName, {
  A: [],
  "1a b": [],
  "": ["environment variable name must be non-empty"],
  "a=b": ["a valid environment variable name must consist only of printable"],
});
check(names.configMapKey, {
  "a.b": [],
  "a b": ["a valid config key must"],
  ".": ["must not be '.'"],
  "..a": ["must not start with '..'"],
});
check(names.portName, {
  http: [],
  "80": ["must contain at least one letter (a-z)"],
  "a--b": ["must not contain consecutive hyphens"],
  A: ["must contain only alpha", "must contain at least one letter"],
  "a-": ["must not begin or end with a hyphen"],
});
check(names.ipAddress, {
  "10.9.8.7": [],
  "::1": [],
  "2001:db8::ffff": [],
  "1:2:3:4:5:6:7:8": [],
  "1:2:3:4:5:6:7::8": ["must be a valid IP address"],
  "010.1.1.1": ["must not have leading 0s"],
  "256.1.1.1": ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"],
  "::ffff:1.2.3.4": ["must not be an IPv4-mapped IPv6 address"],
});
check(names.cidr, {
  "10.0.0.0/8": [],
  "10.0.0.1/8": ["must not have bits set beyond the prefix length"],
  "fd00::/8": [],
  "10.0.0.0/33": ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"],
});
check(names.pathSegment, {
  "system:node": [],
  "a/b%": ["may not contain '/'", "may not contain '%'"],
  "..": ["may not be '..'"],
});

test("the whole message", () => {
  assert.deepEqual(names.labelValue("a b"), [
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ]);
  assert.deepEqual(names.portNumber(0), ["must be between 1 and 65535, inclusive"]);
});
