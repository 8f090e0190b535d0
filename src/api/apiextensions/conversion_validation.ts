import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from "../machinery/field.ts";
import { dns1035Label } from "../machinery/names.ts";
import type { Definition, DefinitionConversion, DefinitionSpec, WebhookClientConfig } from "./types.ts";

const reviewVersions = ["v1", "v1beta1"];

/** Errors in how a definition wants its objects converted. */
export function* conversionErrors(
  { conversion, preserveUnknownFields }: DefinitionSpec,
  previous: Definition | undefined,
  path: FieldPath,
): Generator<FieldError> {
  if (!conversion) return;
  const { strategy, webhook } = conversion;
  const at = path.child("strategy");
  if (strategy !== "None" && preserveUnknownFields)
    yield invalid(at, strategy, "must be None if spec.preserveUnknownFields is true");
  if (!strategy) yield required(at);
  else if (strategy !== "None" && strategy !== "Webhook") yield notSupported(at, strategy, ["None", "Webhook"]);
  if (strategy === "Webhook") {
    yield* clientErrors(webhook?.clientConfig, previous, path.child("webhookClientConfig"));
    yield* reviewVersionErrors(
      webhook?.conversionReviewVersions ?? [],
      previous?.spec.conversion,
      path.child("conversionReviewVersions"),
    );
    return;
  }
  const why = "should not be set when strategy is not set to Webhook";
  if (webhook?.clientConfig) yield forbiddenField(path.child("webhookClientConfig"), why);
  if (webhook?.conversionReviewVersions?.length) yield forbiddenField(path.child("conversionReviewVersions"), why);
}

function* clientErrors(
  config: WebhookClientConfig | undefined,
  previous: Definition | undefined,
  path: FieldPath,
): Generator<FieldError> {
  if (!config) {
    yield required(path, "required when strategy is set to Webhook");
    return;
  }
  const { url, service, caBundle } = config;
  if ((url === undefined) === (service === undefined))
    yield required(path, "exactly one of url or service is required");
  else if (url !== undefined) yield* urlErrors(url, path.child("url"));
  else yield* serviceErrors(service!, path.child("service"));
  if (caBundle && !toleratesBundle(previous) && !isBundle(caBundle))
    yield invalid(path.child("caBundle"), caBundle, badBundle);
}

const badBundle = "unable to load root certificates: unable to parse bytes as PEM block";

/** Before a definition is established, or while its bundle is bad anyway, the bundle may be anything. */
function toleratesBundle(previous: Definition | undefined): boolean {
  const established = previous?.status?.conditions?.some(
    ({ type, status }) => type === "Established" && status === "True",
  );
  if (!established) return true;
  const before = previous!.spec.conversion?.webhook?.clientConfig?.caBundle;
  return before !== undefined && before !== "" && !isBundle(before);
}

/** Whether base64 text holds certificates in PEM. */
function isBundle(base64: string): boolean {
  try {
    return /-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/.test(atob(base64));
  } catch {
    return false;
  }
}

/** Errors in a webhook's URL (admissionregistration, "WebhookClientConfig"). */
function* urlErrors(text: string, path: FieldPath): Generator<FieldError> {
  const form = "; desired format: https://host[/path]";
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text);
  if (!match) {
    const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text)?.[1] ?? "";
    if (scheme !== "https") yield invalid(path, scheme, `'https' is the only allowed URL scheme${form}`);
    yield invalid(path, "", `host must be specified${form}`);
    return;
  }
  const [, scheme, authority = "", , query, fragment] = match;
  if (scheme !== "https") yield invalid(path, scheme, `'https' is the only allowed URL scheme${form}`);
  const at = authority.lastIndexOf("@");
  if (authority.slice(at + 1) === "") yield invalid(path, "", `host must be specified${form}`);
  if (at >= 0) yield invalid(path, authority.slice(0, at), "user information is not permitted in the URL");
  if (fragment && fragment.length > 1) yield invalid(path, fragment.slice(1), "fragments are not permitted in the URL");
  if (query && query.length > 1) yield invalid(path, query.slice(1), "query parameters are not permitted in the URL");
}

function* serviceErrors(service: NonNullable<WebhookClientConfig["service"]>, path: FieldPath): Generator<FieldError> {
  const { name, namespace, path: urlPath, port } = service;
  if (!name) yield required(path.child("name"), "service name is required");
  if (!namespace) yield required(path.child("namespace"), "service namespace is required");
  if (port !== undefined && (port < 1 || port > 65535))
    yield invalid(path.child("port"), port, "port is not valid: must be between 1 and 65535, inclusive");
  if (urlPath === undefined || urlPath === "/" || urlPath === "") return;
  const at = path.child("path");
  if (!urlPath.startsWith("/")) {
    yield invalid(at, urlPath, "must start with a '/'");
    return;
  }
  const steps = urlPath.slice(1).replace(/\/$/, "").split("/");
  if (steps.some((step) => step === "")) yield invalid(at, urlPath, `segment[${steps.indexOf("")}] may not be empty`);
}

function* reviewVersionErrors(
  versions: readonly string[],
  previous: DefinitionConversion | undefined,
  path: FieldPath,
): Generator<FieldError> {
  if (versions.length === 0) {
    yield required(path);
    return;
  }
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) yield invalid(path.index(index), version, "duplicate version");
    else for (const why of dns1035Label(version)) yield invalid(path.index(index), version, why);
    seen.add(version);
  }
  const before = previous?.webhook?.conversionReviewVersions ?? [];
  const tolerated = before.length > 0 && !before.some((version) => reviewVersions.includes(version));
  if (!tolerated && !versions.some((version) => reviewVersions.includes(version)))
    yield invalid(path, versions, `must include at least one of ${reviewVersions.join(", ")}`);
}
