// The text of `kubectl describe`: lines with tabs and levels, aligned at the end.

import { humanDuration } from "../../api/machinery/duration.ts";
import { alignTabs, describeTabs } from "../printers/tabwriter.ts";

/** What describers are given besides the object. */
export interface DescribeContext {
  now: number;
  /** The time zone's offset is the machine's; times are written as RFC 1123 has them. */
  formatTime(time: string | undefined): string;
  /** Reads a path of the API; undefined if it isn't there. */
  read(path: string): Promise<any>;
  /** The events about an object, newest last. */
  events(object: any): Promise<any[] | undefined>;
}

export interface Lines {
  /** One line: two spaces for each level before it. */
  line(level: number, text: string): void;
  /** Text as it is, without an end of line. */
  raw(text: string): void;
  text(): string;
}

/** Collects lines. */
export function openLines(): Lines {
  let all = "";
  return {
    line(level, text) {
      all += `${"  ".repeat(level)}${text}\n`;
    },
    raw(text) {
      all += text;
    },
    text: () => alignTabs(all, describeTabs),
  };
}

/** `<none>` for nothing. */
export function orNone(text: string | undefined): string {
  return text ? text : "<none>";
}

/** Labels, one a line below each other. */
export function labelLines(out: Lines, title: string, labels: Record<string, string> | undefined, indent = "\t"): void {
  const keys = Object.keys(labels ?? {}).sort();
  if (keys.length === 0) out.raw(`${title}:${indent}<none>\n`);
  for (const [at, key] of keys.entries()) out.raw(`${at === 0 ? `${title}:` : ""}${indent}${key}=${labels![key]}\n`);
}

const annotationLengthMax = 140;
const hiddenAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/** Annotations; long ones below their key, cut at 140 letters. */
export function annotationLines(out: Lines, title: string, annotations: Record<string, string> | undefined): void {
  const keys = Object.keys(annotations ?? {})
    .filter((key) => key !== hiddenAnnotation)
    .sort();
  if (keys.length === 0) out.raw(`${title}:\t<none>\n`);
  for (const [at, key] of keys.entries()) {
    out.raw(at === 0 ? `${title}:\t` : "\t");
    const value = annotations![key]!.replace(/\n$/, "");
    if (value.length + key.length + 2 > annotationLengthMax || value.includes("\n")) {
      out.raw(`${key}:\n`);
      for (const line of value.split("\n")) out.raw(`\t  ${shorten(line, annotationLengthMax - 2)}\n`);
    } else out.raw(`${key}: ${value}\n`);
  }
}

function shorten(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}...` : text;
}

/** An age; `<unknown>` without a time. */
export function age(time: string | undefined | null, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : "<unknown>";
}

/** The events table, or that there is none. */
export function eventLines(out: Lines, events: readonly any[] | undefined, now: number): void {
  if (events === undefined) return;
  if (events.length === 0) {
    out.raw("Events:\t<none>\n");
    return;
  }
  out.raw("Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n");
  for (const event of events) {
    const first = age(event.eventTime ?? event.firstTimestamp, now);
    let interval = first;
    if (event.series) interval = `${age(event.series.lastObservedTime, now)} (x${event.series.count} over ${first})`;
    else if (event.count > 1) interval = `${age(event.lastTimestamp, now)} (x${event.count} over ${first})`;
    const from = event.source?.component || event.reportingComponent || "";
    out.line(1, `${event.type}\t${event.reason}\t${interval}\t${from}\t${(event.message ?? "").trim()}`);
  }
}

/** `ReplicaSet/web-5d4`: who manages this object; empty if nobody does. */
export function controllerText(object: any): string {
  const owner = object.metadata.ownerReferences?.find((each: any) => each.controller);
  return owner ? `${owner.kind}/${owner.name}` : "";
}

/** Name, and the namespace where there is one. */
export function nameLines(out: Lines, { metadata }: any): void {
  out.raw(`Name:\t${metadata.name}\n`);
  if (metadata.namespace) out.raw(`Namespace:\t${metadata.namespace}\n`);
}

/** Labels and annotations of an object. */
export function metadataLines(out: Lines, { metadata }: any): void {
  labelLines(out, "Labels", metadata.labels);
  annotationLines(out, "Annotations", metadata.annotations);
}

/** A truth as `True` or `False`. */
export function truth(value: unknown): string {
  return value ? "True" : "False";
}
