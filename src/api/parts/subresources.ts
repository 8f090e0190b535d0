// Subresources that several kinds have, with the verbs that discovery shows.

import type { Subresource, Verb } from "../machinery/resource.ts";

/** Verbs of the kinds that are only asked, such as reviews. */
export const createOnly: readonly Verb[] = ["create"];

const readAndWrite = ["get", "patch", "update"] as const;
const proxied = ["create", "delete", "get", "patch", "update"] as const;
const streamed = ["create", "get"] as const;

export const statusSubresource: Subresource = { name: "status", verbs: readAndWrite };

export const scaleSubresource: Subresource = {
  name: "scale",
  verbs: readAndWrite,
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
};

/** A part of the object that is written apart from the rest, like `approval` or `ephemeralcontainers`. */
export function partSubresource(name: string): Subresource {
  return { name, verbs: readAndWrite };
}

/** HTTP passed on to the object. */
export function proxySubresource(kind: string): Subresource {
  return { name: "proxy", verbs: proxied, kind };
}

/** A stream of bytes to and from the object. */
export function streamSubresource(name: string, kind: string): Subresource {
  return { name, verbs: streamed, kind };
}
