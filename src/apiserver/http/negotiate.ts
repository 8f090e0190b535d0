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
  if (!mayBeAccepted(accept)) {
    const message = `406: Not Acceptable\n\nAvailable representations: ${mediaTypes.join(", ")}`;
    return new StatusError({ code: 406, reason: "NotAcceptable", message, details: {} });
  }
  for (const { type, parameters } of clauses(accept)) {
    const format = formatOf(type);
    if (!format) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return { ...json, format, contentType: `application/${format}` };
    const isForm = as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList";
    if (isForm && g === "meta.k8s.io" && (v === "v1" || v === "v1beta1")) {
      return { format, as, metaVersion: v, contentType: `application/${format}` };
    }
  }
  return notAcceptable(mediaTypes);
}

/** Whether a header names, letter for letter, one of the types or all: the real server routes by that before it reads on. */
function mayBeAccepted(accept: string): boolean {
  const types = accept.split(",").map((clause) => clause.split(";", 1)[0]!.trim());
  return types.some((type) => type === "*/*" || mediaTypes.includes(type));
}

function formatOf(type: string): "json" | "yaml" | undefined {
  if (type === "application/json" || type === "*/*") return "json";
  return type === "application/yaml" ? "yaml" : undefined;
}

interface Clause {
  type: string;
  parameters: Record<string, string>;
  quality: number;
}

/** The clauses of an Accept header, best first. What is worth nothing comes last, and is taken all the same. */
export function clauses(accept: string): Clause[] {
  const sorted: Clause[] = [];
  for (const clause of accept.split(",")) {
    const [type = "", ...rest] = clause.split(";").map((part) => part.trim());
    const parameters = Object.fromEntries(rest.map((part) => part.split("=").map((each) => each.trim())));
    const next = { type, parameters, quality: Number(parameters.q ?? 1) || 0 };
    let place = sorted.length;
    while (place > 0 && isBetter(next, sorted[place - 1]!)) place--;
    sorted.splice(place, 0, next);
  }
  return sorted;
}

/** Whether a clause goes before the one that stands before it: it is worth more, or names a type where that names none. */
function isBetter(clause: Clause, before: Clause): boolean {
  return clause.quality > before.quality || (!clause.type.includes("*") && before.type.includes("*"));
}
