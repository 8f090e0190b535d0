import type { Clock } from "../../base/world.ts";
import type { ResourceCache } from "../cache/cache.ts";
import { forOwnAudiences, type TokenAuthenticator } from "./authenticate.ts";

const secretType = "bootstrap.kubernetes.io/token";

/**
 * Tokens that new nodes join with: `id.secret`, kept in the Secret `bootstrap-token-ID` of kube-system (Bootstrap tokens,
 * "Token format"). The secret is read on every use.
 */
export function bootstrapTokens(
  secrets: ResourceCache,
  clock: Clock,
  ownAudiences: readonly string[],
): TokenAuthenticator {
  return forOwnAudiences(ownAudiences, (token) => {
    const match = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token);
    if (!match) return undefined;
    const [, id, secret] = match;
    const object = secrets.get(`kube-system/bootstrap-token-${id}`)?.object;
    if (!object || object.type !== secretType || object.metadata.deletionTimestamp !== undefined) return undefined;
    const text = (key: string) => textOf(object.data?.[key]);
    if (text("token-id") !== id || !sameSecret(text("token-secret"), secret!)) return undefined;
    if (text("usage-bootstrap-authentication") !== "true" || isOver(text("expiration"), clock.now())) return undefined;
    const groups = ["system:bootstrappers"];
    for (const group of text("auth-extra-groups").split(",").filter(Boolean)) {
      // A group of another form makes the whole token void, so that nobody becomes more than a joining node.
      if (!/^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/.test(group)) return undefined;
      groups.push(group);
    }
    return { username: `system:bootstrap:${id}`, groups };
  });
}

function textOf(base64: unknown): string {
  if (typeof base64 !== "string") return "";
  try {
    return atob(base64);
  } catch {
    return "";
  }
}

/** An expiration that cannot be read counts as over. */
function isOver(expiration: string, nowMs: number): boolean {
  if (expiration === "") return false;
  const at = Date.parse(expiration);
  return Number.isNaN(at) || at <= nowMs;
}

/** Compares without telling by its time how much was right. */
function sameSecret(a: string, b: string): boolean {
  let different = a.length ^ b.length;
  for (let at = 0; at < b.length; at++) different |= (a.charCodeAt(at) | 0) ^ b.charCodeAt(at);
  return different === 0;
}
