// How kubectl words failures, and the exit codes that go with them.

import { type Status, StatusError } from "../api/machinery/status.ts";

/** A failure that is printed as it is, after `error: `. */
export class CommandError extends Error {
  readonly code: number;
  constructor(message: string, code = 1) {
    super(message);
    this.name = "CommandError";
    this.code = code;
  }
}

/** A failure that is printed as it is, without `error: `. */
export class BareError extends CommandError {}

/** Ends a command with this code and without a word; all was said. */
export class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

/** Several failures; each is said. */
export class Failures extends Error {
  readonly errors: readonly unknown[];
  constructor(errors: readonly unknown[]) {
    super("several failures");
    this.errors = errors;
  }
}

/** The same failure with a phrase before the server's message: `error when creating "pod.yaml": …`. */
export function prefixed(prefix: string, error: unknown): unknown {
  if (error instanceof StatusError) {
    const { status } = error;
    return new StatusError({ ...status, code: error.code, message: `${prefix}: ${status.message ?? ""}` });
  }
  if (error instanceof CommandError) return new CommandError(`${prefix}: ${error.message}`, error.code);
  return error;
}

/** Throws what was gathered: nothing, the one failure, or all. */
export function throwAll(errors: readonly unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new Failures(errors);
}

/** The lines that kubectl prints for a failure, and its exit code. */
export function explainError(error: unknown, server: string): { text: string; code: number } {
  if (error instanceof Exit) return { text: "", code: error.code };
  if (error instanceof Failures) {
    const all = error.errors.map((each) => explainError(each, server));
    return { text: [...new Set(all.map(({ text }) => text))].join(""), code: all[0]?.code ?? 1 };
  }
  if (error instanceof StatusError) return { text: withNewline(statusText(error.status)), code: 1 };
  if (error instanceof BareError) return { text: withNewline(error.message), code: error.code };
  if (error instanceof CommandError) return { text: withNewline(plain(error.message)), code: error.code };
  return { text: withNewline(connectionText(error as Error, server)), code: 1 };
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function plain(message: string): string {
  return message.startsWith("error: ") ? message : `error: ${message}`;
}

function statusText(status: Status): string {
  const message = status.message ?? "";
  if (status.reason === "Invalid") return invalidText(status);
  if (status.reason === "Unauthorized") return `error: You must be logged in to the server (${message})`;
  return status.reason ? `Error from server (${status.reason}): ${message}` : `Error from server: ${message}`;
}

function invalidText({ details, message }: Status): string {
  if (!details) return `The request is invalid: ${message ?? ""}`;
  const named = details.kind || details.name;
  const start = named
    ? `The ${details.kind ?? ""} ${JSON.stringify(details.name ?? "")} is invalid`
    : "The request is invalid";
  const causes = [...new Set((details.causes ?? []).map((cause) => `${cause.field ?? ""}: ${cause.message}`))];
  if (causes.length === 0) return `${start}${message ? `: ${message}` : ""}`;
  if (causes.length === 1) return `${start}: ${causes[0]}`;
  return `${start}: \n${causes.map((cause) => `* ${cause}\n`).join("")}`;
}

const tlsReasons: Record<string, string> = {
  SELF_SIGNED_CERT_IN_CHAIN: "x509: certificate signed by unknown authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "x509: certificate signed by unknown authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "x509: certificate signed by unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "x509: certificate signed by unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "x509: certificate signed by unknown authority",
  CERT_HAS_EXPIRED: "x509: certificate has expired or is not yet valid",
  ERR_TLS_CERT_ALTNAME_INVALID: "x509: certificate is not valid for the name of the server",
};

function connectionText(error: Error & { code?: string; hostname?: string; errors?: Error[] }, server: string): string {
  const code = error.code ?? (error.errors?.[0] as { code?: string } | undefined)?.code;
  const host = server.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  if (code === "ECONNREFUSED")
    return `The connection to the server ${host} was refused - did you specify the right host or port?`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `Unable to connect to the server: dial tcp: lookup ${error.hostname ?? host}: no such host`;
  if (code && tlsReasons[code])
    return `Unable to connect to the server: tls: failed to verify certificate: ${tlsReasons[code]}`;
  if (code === "ETIMEDOUT" || code === "EHOSTUNREACH" || code === "ENETUNREACH" || code === "ECONNRESET")
    return `Unable to connect to the server: ${error.message}`;
  return plain(error.message);
}
