import { elementText } from "./fields.ts";
import { ElementError, elementOf, entryType, type FieldType, typeOfValue } from "./type.ts";

type JsonObject = Record<string, unknown>;

/** What is wrong with a configuration that was sent to be applied, each as `.path: what`. */
export function typeErrors(type: FieldType, value: unknown): string[] {
  const errors: string[] = [];
  check(type, value, "", errors);
  return errors;
}

function check(given: FieldType, value: unknown, path: string, errors: string[]): void {
  if (value === null || value === undefined) return;
  const type = typeOfValue(given, value);
  const report = (what: string): void => void errors.push(`${path}: ${what}`);
  if (type.kind === "scalar") {
    const wrong = scalarError(type.of, value);
    if (wrong) report(wrong);
  } else if (type.kind === "list") {
    if (Array.isArray(value)) checkItems(type, value, path, errors);
    else report(`expected list, got &{${goValue(value)}}`);
  } else if (type.kind === "map") {
    if (typeof value === "object" && !Array.isArray(value)) checkEntries(type, value as JsonObject, path, errors);
    else report(`expected map, got &{${goValue(value)}}`);
  }
}

function checkItems(
  type: Extract<FieldType, { kind: "list" }>,
  list: readonly unknown[],
  path: string,
  errors: string[],
): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    if (type.atomic) {
      check(type.items(), item, `${path}[${index}]`, errors);
      continue;
    }
    try {
      const element = elementOf(type, item);
      if (seen.has(element)) errors.push(`${path}: duplicate entries for key ${elementText(element)}`);
      seen.add(element);
      check(type.items(), item, path + elementText(element), errors);
    } catch (error) {
      if (!(error instanceof ElementError)) throw error;
      errors.push(`${path}: element ${index}: ${error.message}`);
    }
  }
}

function checkEntries(
  type: Extract<FieldType, { kind: "map" }>,
  map: JsonObject,
  path: string,
  errors: string[],
): void {
  for (const [key, value] of Object.entries(map)) {
    const entry = entryType(type, key);
    if (entry) check(entry, value, `${path}.${key}`, errors);
    else errors.push(`${path}.${key}: field not declared in schema`);
  }
}

function scalarError(of: "string" | "numeric" | "boolean" | "untyped", value: unknown): string | undefined {
  const actual = typeof value;
  switch (of) {
    case "numeric":
      return actual === "number" ? undefined : `expected numeric (int or float), got ${goTypeOf(value)}`;
    case "string":
      return actual === "string"
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case "boolean":
      return actual === "boolean" ? undefined : `expected boolean, got &{${goValue(value)}}`;
    default:
      return actual === "object" ? `expected any scalar, got &{${goValue(value)}}` : undefined;
  }
}

/** The type's name as Go prints it. */
function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}

/** As Go's `%v` prints it. */
function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(" ")}]`;
  if (value === null) return "<nil>";
  if (typeof value !== "object") return String(value);
  const map = value as JsonObject;
  return `map[${Object.keys(map)
    .toSorted()
    .map((key) => `${key}:${goValue(map[key])}`)
    .join(" ")}]`;
}

/** As Go's `%#v` prints it. */
function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (value === null) return "interface {}(nil)";
  if (typeof value !== "object") return JSON.stringify(value);
  const map = value as JsonObject;
  return `map[string]interface {}{${Object.keys(map)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${goSyntax(map[key])}`)
    .join(", ")}}`;
}
