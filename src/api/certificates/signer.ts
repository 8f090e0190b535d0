// How those are named who sign certificates and vouch for roots.

import { type FieldError, type FieldPath, invalid, required, tooLong } from "../machinery/field.ts";
import { dns1123Label, dns1123Subdomain } from "../machinery/names.ts";

const signerNameMax = 571;

/** What is wrong with a signer's name. `example.com/signer-name`: a domain of two parts at least, and a path of parts that are written like one. */
export function signerErrors(name: string, path: FieldPath): FieldError[] {
  if (name === "") return [required(path)];
  const slash = name.indexOf("/");
  const [domain, rest] = [name.slice(0, slash), name.slice(slash + 1)];
  if (slash < 0 || rest.includes("/")) {
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const errors: FieldError[] = [];
  const labels = domain.split(".");
  errors.push(...firstWrongPart(domain, labels, dns1123Label, path));
  if (labels.length < 2) {
    errors.push(invalid(path, domain, "should be a domain with at least two segments separated by dots"));
  }
  errors.push(...firstWrongPart(rest, rest.split("."), dns1123Subdomain, path));
  if (name.length > signerNameMax) errors.push(tooLong(path, signerNameMax));
  return errors;
}

/** What is wrong with the first part that is wrong: of the next ones it would be the same. */
function firstWrongPart(
  whole: string,
  parts: readonly string[],
  rule: (part: string) => string[],
  path: FieldPath,
): FieldError[] {
  const part = parts.find((each) => rule(each).length > 0);
  if (part === undefined) return [];
  return rule(part).map((why) => invalid(path, whole, `validating label ${JSON.stringify(part)}: ${why}`));
}
