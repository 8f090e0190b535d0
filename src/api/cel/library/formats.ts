import { dns1035Label, dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from "../../machinery/names.ts";
import { CelError } from "../errors.ts";
import { type Costs, define, type Library, method } from "../overload.ts";
import { parseTimestamp } from "../time.ts";
import { listValue, none, type OpaqueValue, opaque, sizeOf, some, type Value } from "../values.ts";

interface Format {
  check(text: string): string[];
}

const pattern = (regex: RegExp, why: string) => (text: string) => (regex.test(text) ? [] : [why]);

/** A prefix may end where a name may not: with a dash. */
const prefix = (check: (text: string) => string[]) => (text: string) => check(text.replace(/-$/, "a"));

const formats: Record<string, Format["check"]> = {
  dns1123Label,
  dns1123Subdomain,
  dns1035Label,
  qualifiedName,
  dns1123LabelPrefix: prefix(dns1123Label),
  dns1123SubdomainPrefix: prefix(dns1123Subdomain),
  dns1035LabelPrefix: prefix(dns1035Label),
  labelValue,
  uri: checkUri,
  uuid: pattern(
    /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
    "does not match the UUID format",
  ),
  byte: pattern(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "invalid base64"),
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) && isTime(`${text}T00:00:00Z`) ? [] : ["invalid date"]),
  datetime: (text) => (isTime(text) ? [] : ["invalid datetime"]),
};

function isTime(text: string): boolean {
  try {
    parseTimestamp(text);
    return true;
  } catch (error) {
    if (error instanceof CelError) return false;
    throw error;
  }
}

function checkUri(text: string): string[] {
  if (text === "") return [`parse "": empty url`];
  return text.startsWith("/") || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(text)
    ? []
    : [`parse ${JSON.stringify(text)}: invalid URI for request`];
}

const name = "kubernetes.NamedFormat";

/** `format.dns1123Label().validate(x)`: none if it is well, else what is wrong. */
export function addFormats(library: Library): void {
  const value = (key: string): OpaqueValue => opaque(name, { check: formats[key]! } satisfies Format);
  for (const key of Object.keys(formats)) define(library, `format.${key}`, `(): ${name}`, () => value(key));
  define(library, "format.named", `(string): optional<${name}>`, ([key]) => {
    return Object.hasOwn(formats, key as string) ? some(value(key as string)) : none;
  });
  method(
    library,
    "validate",
    `${name} (string): optional<list<string>>`,
    ([format, text]) => {
      const errors = ((format as OpaqueValue).value as Format).check(text as string);
      return errors.length === 0 ? none : some(listValue(errors));
    },
    walked,
  );
}

/** As dear as a regular expression of 60 letters. */
const walked: Costs = {
  cost: ([, text]: readonly Value[]) => Math.ceil((1 + sizeOf(text!)) * 0.1) * 15,
  estimate: ([, text]) => ({ cost: { min: 15, max: Math.ceil((1 + text!.size.max) * 0.1) * 15 } }),
};
