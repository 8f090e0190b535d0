import { pairProblem } from "../certificates/pair.ts";
import { jsonKind } from "../machinery/decode_errors.ts";
import { type FieldError, FieldPath, invalid, required } from "../machinery/field.ts";
import { parseJson } from "../machinery/json.ts";
import { configMapKey } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid, checkImmutable } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { base64OfText, bytesOfBase64, checkImmutableData, dataBytesMax, tooManyBytes } from "../parts/data.ts";

type Secret = KubeObject & {
  type?: string;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  immutable?: boolean;
};

const accountAnnotation = "kubernetes.io/service-account.name";

/** Keys that a secret of a type must have, some not empty; of a list of alternatives one is enough. */
const neededKeys: Record<string, { keys: string[]; json?: boolean; oneOf?: boolean; full?: boolean }> = {
  "kubernetes.io/dockercfg": { keys: [".dockercfg"], json: true },
  "kubernetes.io/dockerconfigjson": { keys: [".dockerconfigjson"], json: true },
  "kubernetes.io/basic-auth": { keys: ["username", "password"], oneOf: true },
  "kubernetes.io/ssh-auth": { keys: ["ssh-privatekey"], full: true },
  "kubernetes.io/tls": { keys: ["tls.crt", "tls.key"] },
};

/** `stringData` is only a way to write: it overwrites `data` and is never read back. */
function defaults(secret: Secret): void {
  secret.type ||= "Opaque";
  if (!secret.stringData) return;
  secret.data ??= {};
  for (const [key, value] of Object.entries(secret.stringData)) secret.data[key] = base64OfText(value);
  delete secret.stringData;
}

const dataPath = new FieldPath("data");

/** What is wrong with an object written as JSON, in Go's words. */
function jsonProblem(base64: string): string | undefined {
  try {
    const value = parseJson(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
    if (value === null || (typeof value === "object" && !Array.isArray(value))) return undefined;
    return `json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function checkKeysOfType(errors: FieldError[], type: string, data: Record<string, string>): void {
  const needed = neededKeys[type];
  if (!needed || (needed.oneOf && needed.keys.some((key) => Object.hasOwn(data, key)))) return;
  for (const key of needed.keys) {
    if (!Object.hasOwn(data, key) || (needed.full && !data[key])) {
      errors.push(required(dataPath.key(key)));
      continue;
    }
    const problem = needed.json ? jsonProblem(data[key]!) : undefined;
    if (problem !== undefined) errors.push(invalid(dataPath.key(key), "<secret contents redacted>", problem));
  }
}

function validate({ metadata, type = "", data = {} }: Secret): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key in data) {
    addInvalid(errors, () => dataPath.key(key), key, configMapKey(key));
    bytes += bytesOfBase64(data[key]!);
  }
  if (bytes > dataBytesMax) errors.push(tooManyBytes("data"));
  if (type === "kubernetes.io/service-account-token" && !metadata.annotations?.[accountAnnotation]) {
    errors.push(required(new FieldPath("metadata").child("annotations").key(accountAnnotation)));
  }
  checkKeysOfType(errors, type, data);
  return errors;
}

/** What may not change is said before what is wrong anyway. */
function validateUpdate(next: Secret, previous: Secret): FieldError[] {
  const errors: FieldError[] = [];
  checkImmutable(errors, next.type, previous.type, () => new FieldPath("type"));
  return [...errors, ...checkImmutableData(next, previous, ["data"]), ...validate(next)];
}

function* warnings({ type, data }: Secret): Iterable<string> {
  if (type !== "kubernetes.io/tls") return;
  const problem = pairProblem(atob(data?.["tls.crt"] ?? ""), atob(data?.["tls.key"] ?? ""));
  if (problem) yield problem;
}

export const secrets = defineResource<Secret>({
  group: "",
  version: "v1",
  kind: "Secret",
  plural: "secrets",
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Secret",
  defaults,
  validateCreate: validate,
  validateUpdate,
  warnings,
  columns: [
    text("Type", ({ type }) => type ?? ""),
    text("Data", ({ data }) => Object.keys(data ?? {}).length),
    ageColumn,
  ],
  selectableFields: { type: ({ type }) => type ?? "" },
});
