import { type FieldError, FieldPath, invalid } from "../machinery/field.ts";
import { configMapKey } from "../machinery/names.ts";
import type { KubeObject } from "../machinery/object.ts";
import { defineResource } from "../machinery/resource.ts";
import { addInvalid } from "../parts/checks.ts";
import { ageColumn, text } from "../parts/columns.ts";
import { bytesOfBase64, bytesOfText, checkImmutableData, dataBytesMax, tooManyBytes } from "../parts/data.ts";

type ConfigMap = KubeObject & {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
  immutable?: boolean;
};

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const key in data) {
    const at = () => new FieldPath("data").key(key);
    addInvalid(errors, at, key, configMapKey(key));
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(at(), key, "duplicate of key present in binaryData"));
    bytes += bytesOfText(data[key]!);
  }
  for (const key in binaryData) {
    addInvalid(errors, () => new FieldPath("binaryData").key(key), key, configMapKey(key));
    bytes += bytesOfBase64(binaryData[key]!);
  }
  if (bytes > dataBytesMax) errors.push(tooManyBytes("[]"));
  return errors;
}

export const configMaps = defineResource<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  shortNames: ["cm"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.ConfigMap",
  validateCreate: validate,
  // What may not change is said before what is wrong anyway.
  validateUpdate: (next, previous) => [
    ...checkImmutableData(next, previous, ["data", "binaryData"]),
    ...validate(next),
  ],
  columns: [
    text("Data", ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length),
    ageColumn,
  ],
});
