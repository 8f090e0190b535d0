// Operations before they are written in a dialect of OpenAPI: what each verb is as a method.

import { answeredWithObject } from "../registry/delete.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete" | "head" | "options";

export interface Gvk {
  group: string;
  version: string;
  kind: string;
}

/** What an operation does in words: a generated phrase and what to fill in. */
export interface Phrase {
  key: string;
  kind?: string;
  subresource?: string;
  method?: Method;
}

export interface Operation {
  method: Method;
  id: string;
  tag: string;
  /** A text is of our own: for what the generated phrases don't have. */
  description: Phrase | string;
  /** `x-kubernetes-action`; none for discovery. */
  action?: string;
  gvk?: Gvk;
  /** A key of the generated operation parameters: `create`, `pods/exec`. */
  parameters?: string;
  /** The definition of the body. */
  body?: string;
  bodyRequired?: boolean;
  /** Whether it is about a custom resource: those know no strategic merge patch. */
  custom?: boolean;
  /** The definition of the answer; "string" for text. */
  answer: string;
  /** Whether it may answer 201, or 202. */
  created?: boolean;
  accepted?: boolean;
  streams?: boolean;
  plainText?: boolean;
  /** The only media type of the answer, if it is no object's. */
  produces?: string;
}

export const meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

interface Form {
  method: Method;
  /** The first word of the operation's id. */
  word: string;
  action: string;
  body?: "own" | "DeleteOptions" | "Patch";
  answer: "own" | "list" | "status";
  /** Besides 200. */
  also?: readonly ("created" | "accepted" | "streams")[];
}

const forms: Record<string, Form> = {
  list: { method: "get", word: "list", action: "list", answer: "list", also: ["streams"] },
  create: { method: "post", word: "create", action: "post", body: "own", answer: "own", also: ["created", "accepted"] },
  get: { method: "get", word: "read", action: "get", answer: "own" },
  update: { method: "put", word: "replace", action: "put", body: "own", answer: "own", also: ["created"] },
  patch: { method: "patch", word: "patch", action: "patch", body: "Patch", answer: "own", also: ["created"] },
  delete: {
    method: "delete",
    word: "delete",
    action: "delete",
    body: "DeleteOptions",
    answer: "status",
    also: ["accepted"],
  },
  deletecollection: {
    method: "delete",
    word: "delete",
    action: "deletecollection",
    body: "DeleteOptions",
    answer: "status",
  },
};

/** What an operation is on. */
export interface Subject {
  /** Of the id, after its verb: `CoreV1NamespacedPodStatus`. */
  name: string;
  tag: string;
  /** Of the path's object. */
  kind: string;
  /** Of what is sent and answered. */
  gvk: Gvk;
  schema: string;
  custom: boolean;
  subresource?: string;
}

/** A custom resource may have any kind's name. */
function isOwnGroup(group: string): boolean {
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/** The operation of one verb: undefined for those that have none of their own, such as watch. */
export function verbOperation(verb: string, subject: Subject): Operation | undefined {
  const form = forms[verb];
  if (!form) return undefined;
  const { name, tag, kind, gvk, schema, custom, subresource } = subject;
  const withObject = verb === "delete" && answeredWithObject.has(kind) && isOwnGroup(gvk.group);
  const answers = { own: schema, list: `${schema}List`, status: withObject ? schema : `${meta}Status` };
  return {
    method: form.method,
    id: form.word + name,
    tag,
    description: { key: subresource === undefined ? verb : `${verb} subresource`, kind, subresource },
    action: form.action,
    gvk,
    custom,
    parameters: verb === "get" ? undefined : verb,
    ...(form.body && {
      body: form.body === "own" ? schema : meta + form.body,
      bodyRequired: form.body !== "DeleteOptions",
    }),
    answer: answers[form.answer],
    created: form.also?.includes("created"),
    accepted: form.also?.includes("accepted"),
    streams: form.also?.includes("streams"),
  };
}
