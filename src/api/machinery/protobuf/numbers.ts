// The one thing that protobuf needs and our schemas lack: each field's number. The tables hold a line for each message:
//
//   ServiceAccountTokenProjection: audience expirationSeconds path
//   NodeStatus: capacity allocatable 4 conditions +Inlined
//
// Fields are named as in JSON and count from 1; a number is that of the field after it. `+Name` is a message of the same
// package whose fields stand in JSON directly in this one. `name[]` is a list that is wrapped in a message as its first
// field. An indented line goes on with the one before.

import { clusterNumbers } from "./numbers_cluster.ts";
import { coreNumbers } from "./numbers_core.ts";
import { metaNumbers } from "./numbers_meta.ts";
import { workloadNumbers } from "./numbers_workloads.ts";

/** A field of a message: its number, and its JSON name or the message whose fields JSON has in its place. */
export type NumberedField = NamedField | { number: number; inline: string };

export interface NamedField {
  number: number;
  name: string;
  /** Whether the value is a list in a message of its own. */
  wrapped: boolean;
}

const tables = [coreNumbers, metaNumbers, workloadNumbers, clusterNumbers];

/** Each package's messages: name to the words of its line. Read on first use. */
const packages = new Map<string, ReadonlyMap<string, string>>();

/** A definition's fields, or undefined for one whose numbers are not known: `fieldNumbers("io.k8s.api.core.v1.Pod")`. */
export function fieldNumbers(definition: string): NumberedField[] | undefined {
  const dot = definition.lastIndexOf(".");
  const packageName = definition.slice(0, dot);
  const line = messagesOf(packageName).get(definition.slice(dot + 1));
  return line === undefined ? undefined : readLine(line, packageName);
}

function messagesOf(packageName: string): ReadonlyMap<string, string> {
  const known = packages.get(packageName);
  if (known) return known;
  const text = tables.map((table) => table[packageName]).find((each) => each !== undefined) ?? "";
  const messages = new Map<string, string>();
  for (const line of text.replaceAll("\n  ", " ").split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) messages.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  packages.set(packageName, messages);
  return messages;
}

function readLine(line: string, packageName: string): NumberedField[] {
  const fields: NumberedField[] = [];
  let number = 1;
  for (const word of line.split(" ")) {
    if (word === "") continue;
    if (/^\d+$/.test(word)) {
      number = Number(word);
      continue;
    }
    if (word.startsWith("+")) fields.push({ number, inline: `${packageName}.${word.slice(1)}` });
    else fields.push({ number, name: word.replace("[]", ""), wrapped: word.endsWith("[]") });
    number++;
  }
  return fields;
}
