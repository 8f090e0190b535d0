import { notAcceptable, StatusError } from "../../api/machinery/status.ts";

/** How an answer is to be written. */
export interface Negotiated {
  format: "json" | "yaml";
  as: "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  /** `v1` or `v1beta1` of meta.k8s.io, for tables and partial objects. */
  metaVersion: string;
  contentType: string;
}

const mediaTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const json: Negotiated = { format: "json", as: "object", metaVersion: "v1", contentType: "application/json" };
const memo = new Map<string, Negotiated | StatusError>();

/** How many Accept headers are remembered. */
const memoMax = 200;

/** Chooses the answer's form by the Accept header. Throws a 406 if there is none that we can write. */
export function negotiate(accept: string | undefined): Negotiated {
  if (!accept || accept === "application/json" || accept === "*/*") return json;
  let known = memo.get(accept);
  if (!known) {
    known = choose(accept);
    if (memo.size < memoMax) memo.set(accept, known);
  }
  if (known instanceof StatusError) throw known;
  return known;
}

function choose(accept: string): Negotiated | StatusError {
  let onlyUnknownForms = false;
  for (const { type, parameters } of clauses(accept)) {
    const format = formatOf(type);
    if (!format) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return { ...json, format, contentType: `application/${format}` };
    const isForm = as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList";
    if (isForm && g === "meta.k8s.io" && (v === "v1" || v === "v1beta1")) {
      return { format, as, metaVersion: v, contentType: `application/${format}` };
    }
    onlyUnknownForms = true;
  }
  if (onlyUnknownForms) return notAcceptable(mediaTypes);
  const message = `406: Not Acceptable\n\nAvailable representations: ${mediaTypes.join(", ")}`;
  return new StatusError({ code: 406, reason: "NotAcceptable", message, details: {} });
}

function formatOf(type: string): "json" | "yaml" | undefined {
  if (type === "application/json" || type === "*/*") return "json";
  return type === "application/yaml" ? "yaml" : undefined;
}

/** The clauses of an Accept header, best first. */
export function clauses(accept: string): { type: string; parameters: Record<string, string>; quality: number }[] {
  return accept
    .split(",")
    .map((clause) => {
      const [type = "", ...rest] = clause.split(";").map((part) => part.trim());
      const parameters = Object.fromEntries(rest.map((part) => part.split("=").map((each) => each.trim())));
      return { type: type.toLowerCase(), parameters, quality: Number(parameters.q ?? 1) };
    })
    .filter((clause) => clause.quality > 0)
    .sort((a, b) => b.quality - a.quality);
}
