import type { HttpAnswer, HttpRequest } from "../../base/http.ts";
import { uuid } from "../../base/uuid.ts";
import type { Random } from "../../base/world.ts";

/** The longest id that is taken from a client, in letters. */
const auditIdMax = 64;

/** Ids are made of so many random bytes at a time: asking the machine for each is dear. */
const poolBytes = 4096;

/** Gives each request the id that its audit events and its answer have: the client's own, or a new one. */
export function requestIds(random: Random): (request: HttpRequest) => string {
  let pool: Uint8Array = new Uint8Array(0);
  let at = 0;
  const pooled: Random = {
    next: () => random.next(),
    bytes(length) {
      if (at + length > pool.length) {
        pool = random.bytes(poolBytes);
        at = 0;
      }
      at += length;
      return pool.subarray(at - length, at);
    },
  };
  return ({ headers }) => {
    const given = headers["audit-id"];
    // It goes into a header and a log: only what is harmless there.
    return given && /^[\x21-\x7e]+$/.test(given) ? given.slice(0, auditIdMax) : uuid(pooled);
  };
}

/** What every answer tells beside its own headers. A new object: answers may share theirs. */
export function exchangeHeaders(
  { headers }: HttpAnswer,
  auditId: string,
  flow: { schemaUid?: string; levelUid?: string } | undefined,
): HttpAnswer["headers"] {
  const out: HttpAnswer["headers"] = { "audit-id": auditId, "cache-control": "no-cache, private", ...headers };
  if (flow?.schemaUid) {
    out["x-kubernetes-pf-flowschema-uid"] = flow.schemaUid;
    out["x-kubernetes-pf-prioritylevel-uid"] = flow.levelUid!;
  }
  return out;
}
