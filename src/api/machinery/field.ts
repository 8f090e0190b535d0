import { kindName, type StatusCause, StatusError } from "./status.ts";

/**
 * A place in an object, for messages: `spec.containers[0].name`, `data[some key]`. Checks make many and print few, so
 * one is a link to its parent, and the text is put together when somebody reads it.
 */
export class FieldPath {
  readonly #parent: FieldPath | undefined;
  readonly #segment: string;
  constructor(text = "", parent?: FieldPath) {
    this.#segment = text;
    this.#parent = parent;
  }
  child(...names: string[]): FieldPath {
    const name = names.length === 1 ? names[0]! : names.join(".");
    return new FieldPath(name, this);
  }
  index(index: number): FieldPath {
    return new FieldPath(`[${index}]`, this);
  }
  key(key: string): FieldPath {
    return new FieldPath(`[${key}]`, this);
  }
  #text(): string {
    const before = this.#parent === undefined ? "" : this.#parent.#text();
    const dot = before === "" || this.#segment.startsWith("[") ? "" : ".";
    return `${before}${dot}${this.#segment}`;
  }
  toString(): string {
    return this.#text() || "<nil>";
  }
}

/** One thing wrong with an object. The `type` is the cause's reason in a Status. */
export interface FieldError {
  type:
    | "FieldValueInvalid"
    | "FieldValueRequired"
    | "FieldValueDuplicate"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueTooLong"
    | "FieldValueTooMany"
    | "FieldValueNotFound"
    | "FieldValueTypeInvalid"
    | "InternalError";
  field: string;
  /** The message without the field. */
  body: string;
}

/** How a value stands in a message: strings quoted, other scalars bare, objects and lists as JSON. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return "null";
  return JSON.stringify(value);
}

export function invalid(path: FieldPath, value: unknown, why: string): FieldError {
  const body = `Invalid value: ${showValue(value)}${why ? `: ${why}` : ""}`;
  return { type: "FieldValueInvalid", field: `${path}`, body };
}

export function required(path: FieldPath, why = ""): FieldError {
  return { type: "FieldValueRequired", field: `${path}`, body: why ? `Required value: ${why}` : "Required value" };
}

export function duplicate(path: FieldPath, value: unknown): FieldError {
  return { type: "FieldValueDuplicate", field: `${path}`, body: `Duplicate value: ${showValue(value)}` };
}

export function notSupported(path: FieldPath, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((each) => JSON.stringify(each)).join(", ");
  const tail = list === "" ? "" : `: supported values: ${list}`;
  return { type: "FieldValueNotSupported", field: `${path}`, body: `Unsupported value: ${showValue(value)}${tail}` };
}

export function forbiddenField(path: FieldPath, why: string): FieldError {
  return { type: "FieldValueForbidden", field: `${path}`, body: why ? `Forbidden: ${why}` : "Forbidden" };
}

export function tooLong(path: FieldPath, limitBytes: number): FieldError {
  return { type: "FieldValueTooLong", field: `${path}`, body: `Too long: may not be more than ${limitBytes} bytes` };
}

export function tooMany(path: FieldPath, actual: number, max: number): FieldError {
  return { type: "FieldValueTooMany", field: `${path}`, body: `Too many: ${actual}: must have at most ${max} items` };
}

export function fieldNotFound(path: FieldPath, value: unknown): FieldError {
  return { type: "FieldValueNotFound", field: `${path}`, body: `Not found: ${showValue(value)}` };
}

/** The 422 for these errors, one line for one error and a bracketed list for several, as the real server words it. */
export function invalidObject(group: string, kind: string, name: string, errors: readonly FieldError[]): StatusError {
  const causes: StatusCause[] = errors.map((error) => ({
    reason: error.type,
    message: error.body,
    field: error.field,
  }));
  const lines = [...new Set(errors.map((error) => `${error.field}: ${error.body}`))];
  const list = lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`;
  const message = `${kindName(group, kind)} ${JSON.stringify(name)} is invalid: ${list}`;
  const details = { ...(name ? { name } : {}), ...(group ? { group } : {}), ...(kind ? { kind } : {}), causes };
  return new StatusError({ code: 422, reason: "Invalid", message, details });
}

/** Throws the 422 for these errors, if there are any. */
export function throwInvalid(group: string, kind: string, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(group, kind, name, errors);
}
