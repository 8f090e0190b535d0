import { type FieldError, FieldPath, invalid, notSupported, throwInvalid } from "../../api/machinery/field.ts";

const streams = ["All", "Stderr", "Stdout"];

/** Checks what of a pod's log is asked for (core/v1 PodLogOptions). Throws the 422. */
export function checkLogOptions(name: string, query: URLSearchParams): void {
  const errors: FieldError[] = [];
  const numberOf = (option: string): number | undefined => (query.get(option) ? Number(query.get(option)) : undefined);
  const forbid = (why: string) => errors.push({ type: "FieldValueForbidden", field: "", body: `Forbidden: ${why}` });
  const tailLines = numberOf("tailLines");
  if (tailLines !== undefined && tailLines < 0)
    errors.push(invalid(new FieldPath("tailLines"), tailLines, "must be greater than or equal to 0"));
  const limitBytes = numberOf("limitBytes");
  if (limitBytes !== undefined && limitBytes < 1)
    errors.push(invalid(new FieldPath("limitBytes"), limitBytes, "must be greater than 0"));
  const sinceSeconds = numberOf("sinceSeconds");
  if (sinceSeconds !== undefined && query.get("sinceTime"))
    forbid("at most one of `sinceTime` or `sinceSeconds` may be specified");
  else if (sinceSeconds !== undefined && sinceSeconds < 1)
    errors.push(invalid(new FieldPath("sinceSeconds"), sinceSeconds, "must be greater than 0"));
  const stream = query.get("stream") || "All";
  if (!streams.includes(stream)) errors.push(notSupported(new FieldPath("stream"), stream, streams));
  else if (stream !== "All" && tailLines !== undefined)
    forbid("`tailLines` and specific `stream` are mutually exclusive for now");
  throwInvalid("", "PodLogOptions", name, errors);
}
