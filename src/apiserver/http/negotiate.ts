import { protobufMediaType } from "../../api/machinery/protobuf/envelope.ts";
import { notAcceptable, StatusError } from "../../api/machinery/status.ts";

export type AnswerFormat = "json" | "yaml" | "protobuf";

/** How an answer is to be written. */
export interface Negotiated {
  format: AnswerFormat;
  as: "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  /** `v1` or `v1beta1` of meta.k8s.io, for tables and partial objects. */
  metaVersion: string;
  contentType: string;
}

const formats = new Map<string, AnswerFormat>([
  ["application/json", "json"],
  ["application/yaml", "yaml"],
  [protobufMediaType, "protobuf"],
]);
const mediaTypes = [...formats.keys()];
const json: Negotiated = { format: "json", as: "object", metaVersion: "v1", contentType: "application/json" };
const memo = new Map<string, Negotiated | StatusError>();

/** How many Accept headers are remembered. */
const memoMax = 200;

/** A format's media type. */
export function mediaTypeOf(format: AnswerFormat): string {
  return format === "protobuf" ? protobufMediaType : `application/${format}`;
}

/** What an object may be written as beside JSON and YAML. Its metadata always have a message. */
export interface Possible {
  messages: boolean;
  tables: boolean;
}

const everything: Possible = { messages: true, tables: true };

/** Chooses the answer's form by the Accept header. Throws a 406 if there is none that we can write. */
export function negotiate(accept: string | undefined, possible = everything): Negotiated {
  if (!accept || accept === "application/json" || accept === "*/*") return json;
  const name = `${possible.messages} ${possible.tables} ${accept}`;
  let known = memo.get(name);
  if (!known) {
    known = choose(accept, possible);
    if (memo.size < memoMax) memo.set(name, known);
  }
  if (known instanceof StatusError) throw known;
  return known;
}

/** `negotiate` for a watch: YAML has no streams. */
export function negotiateStream(accept: string | undefined, possible = everything): Negotiated {
  const form = negotiate(accept, possible);
  if (form.format !== "yaml") return form;
  throw notAcceptable(mediaTypes.filter((type) => formats.get(type) !== "yaml").map((type) => `${type};stream=watch`));
}

/** The format of failures and discovery: the first that is asked for with no other form than the object's own, or JSON. */
export function plainFormat(accept: string | undefined): AnswerFormat {
  if (!accept || !mayBeAccepted(accept)) return "json";
  for (const { type, parameters } of clauses(accept)) {
    const format = formatOf(type);
    if (format && parameters.as === undefined) return format;
  }
  return "json";
}

function choose(accept: string, possible: Possible): Negotiated | StatusError {
  if (!mayBeAccepted(accept)) {
    const message = `406: Not Acceptable\n\nAvailable representations: ${mediaTypes.join(", ")}`;
    return new StatusError({ code: 406, reason: "NotAcceptable", message, details: {} });
  }
  for (const { type, parameters } of clauses(accept)) {
    const format = formatOf(type);
    if (!format) continue;
    const contentType = mediaTypeOf(format);
    const { as, g, v } = parameters;
    if (as === undefined) {
      if (format === "protobuf" && !possible.messages) continue;
      return { ...json, format, contentType };
    }
    // Cells are of any type: protobuf has no message for them.
    const isForm =
      as === "PartialObjectMetadata" ||
      as === "PartialObjectMetadataList" ||
      (as === "Table" && possible.tables && format !== "protobuf");
    if (isForm && g === "meta.k8s.io" && (v === "v1" || v === "v1beta1"))
      return { format, as, metaVersion: v, contentType };
  }
  return notAcceptable(mediaTypes);
}

/** Whether a header names, letter for letter, one of the types or all: the real server routes by that before it reads on. */
function mayBeAccepted(accept: string): boolean {
  const types = accept.split(",").map((clause) => clause.split(";", 1)[0]!.trim());
  return types.some((type) => type === "*/*" || mediaTypes.includes(type));
}

function formatOf(type: string): AnswerFormat | undefined {
  return type === "*/*" ? "json" : formats.get(type);
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
