/** A Kubernetes Status object: what clients see of a failure (API conventions, Response Status Kind). */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, unknown>;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** An operating error with its Status: thrown by the server's rooms, and by clients when a server answers so. */
export class StatusError extends Error {
  readonly status: Status;
  constructor(status: Omit<Status, "kind" | "apiVersion" | "metadata" | "status"> & { code: number }) {
    super(status.message);
    this.name = "StatusError";
    this.status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", ...status };
  }
  get code(): number {
    return this.status.code ?? 500;
  }
  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** True for a StatusError with this reason ("NotFound", "AlreadyExists", "Conflict", "Gone", …). */
export function hasReason(error: unknown, reason: string): error is StatusError {
  return error instanceof StatusError && error.status.reason === reason;
}

/** What a message calls a resource: `deployments.apps`, `pods`. */
export interface ResourceName {
  group: string;
  /** Plural. */
  plural: string;
}

function qualified({ group, plural }: ResourceName): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function details({ group, plural }: ResourceName, name?: string, more: Partial<StatusDetails> = {}): StatusDetails {
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), kind: plural, ...more };
}

export function notFound(resource: ResourceName, name: string): StatusError {
  const message = `${qualified(resource)} ${JSON.stringify(name)} not found`;
  return new StatusError({ code: 404, reason: "NotFound", message, details: details(resource, name) });
}

export function alreadyExists(resource: ResourceName, name: string): StatusError {
  const message = `${qualified(resource)} ${JSON.stringify(name)} already exists`;
  return new StatusError({ code: 409, reason: "AlreadyExists", message, details: details(resource, name) });
}

export function conflict(resource: ResourceName, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} ${JSON.stringify(name)}: ${why}`;
  return new StatusError({ code: 409, reason: "Conflict", message, details: details(resource, name) });
}

/** The `why` of a conflict of resource versions. */
export const modifiedMessage =
  "the object has been modified; please apply your changes to the latest version and try again";

export function forbidden(resource: ResourceName, name: string, why: string): StatusError {
  const subject = name ? `${qualified(resource)} ${JSON.stringify(name)}` : qualified(resource);
  const message = `${subject} is forbidden: ${why}`;
  return new StatusError({ code: 403, reason: "Forbidden", message, details: details(resource, name) });
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: "BadRequest", message });
}

export function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: "Unauthorized", message: "Unauthorized" });
}

export function methodNotSupported(resource: ResourceName, verb: string): StatusError {
  const message = `${verb} is not supported on resources of kind "${qualified(resource)}"`;
  return new StatusError({ code: 405, reason: "MethodNotAllowed", message, details: details(resource) });
}

/** A path that takes other methods only. */
export function methodRefused(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError({ code: 405, reason: "MethodNotAllowed", message, details: {} });
}

/** The server knows no such path or resource at all. */
export function pathNotFound(): StatusError {
  const message = "the server could not find the requested resource";
  return new StatusError({ code: 404, reason: "NotFound", message, details: {} });
}

export function expired(message: string): StatusError {
  return new StatusError({ code: 410, reason: "Expired", message });
}

export function internal(message: string): StatusError {
  const details = { causes: [{ message }] };
  return new StatusError({
    code: 500,
    reason: "InternalError",
    message: `Internal error occurred: ${message}`,
    details,
  });
}

export function tooManyRequests(message: string, retryAfterSeconds?: number): StatusError {
  const details = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new StatusError({ code: 429, reason: "TooManyRequests", message, details });
}

export function notAcceptable(mediaTypes: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${mediaTypes.join(", ")}`;
  return new StatusError({ code: 406, reason: "NotAcceptable", message });
}

export function unsupportedMediaType(mediaTypes: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${mediaTypes.join(", ")}`;
  return new StatusError({ code: 415, reason: "UnsupportedMediaType", message });
}

/** The kind that an `Invalid` status names: `Deployment.apps`, `Pod`. */
export function kindName(group: string, kind: string): string {
  return group === "" ? kind : `${kind}.${group}`;
}

/** A resourceVersion of a list that is no number. */
export function invalidResourceVersion(text: string): StatusError {
  const quoted = JSON.stringify(text);
  return badRequest(`resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`);
}
