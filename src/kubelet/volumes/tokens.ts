import type { Clock } from "../../base/world.ts";
import type { Client } from "../../client/mod.ts";
import type { Pod } from "../pods/pod.ts";

interface Held {
  token: string;
  /** When a new one is due: at four fifths of its life, or after a day. */
  renewAtMs: number;
}

/** Renewed at this part of a token's life, and at the latest after a day (Configure service accounts, "token"). */
const renewAtShare = 0.8;
const renewAfterMsMax = 86_400_000;

export interface Tokens {
  get(pod: Pod, request: { audience?: string; expirationSeconds: number }): Promise<string>;
  /** When the first of a pod's tokens is due; undefined if it has none. */
  renewAtMs(uid: string): number | undefined;
  forget(uid: string): void;
}

/** Service account tokens for pods, asked from the API and kept until they are due for renewal. */
export function tokenCache(client: Client, clock: Clock): Tokens {
  const held = new Map<string, Map<string, Held>>();
  return {
    async get(pod, { audience, expirationSeconds }) {
      const { namespace, name, uid } = pod.metadata;
      const own = held.get(uid) ?? new Map<string, Held>();
      held.set(uid, own);
      const key = `${audience ?? ""} ${expirationSeconds}`;
      const known = own.get(key);
      if (known && clock.now() < known.renewAtMs) return known.token;
      const answer = await client.create(
        "serviceaccounts",
        {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          metadata: { name: pod.spec.serviceAccountName ?? "default", namespace },
          spec: {
            audiences: audience ? [audience] : [],
            expirationSeconds,
            boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid },
          },
        },
        { subresource: "token" },
      );
      const { token, expirationTimestamp } = answer.status as { token: string; expirationTimestamp: string };
      const lifeMs = Date.parse(expirationTimestamp) - clock.now();
      own.set(key, { token, renewAtMs: clock.now() + Math.min(lifeMs * renewAtShare, renewAfterMsMax) });
      return token;
    },
    renewAtMs(uid) {
      const times = [...(held.get(uid)?.values() ?? [])].map(({ renewAtMs }) => renewAtMs);
      return times.length > 0 ? Math.min(...times) : undefined;
    },
    forget(uid) {
      held.delete(uid);
    },
  };
}
