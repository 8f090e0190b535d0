import type { KubeObject } from "../../api/machinery/object.ts";
import { formatTime } from "../../api/machinery/time.ts";
import type { HttpRequest, Net, UserInfo } from "../../base/http.ts";
import { cacheOf, ownScope, type Registry } from "../registry/scope.ts";
import { updateObject } from "../registry/update.ts";
import {
  type Authenticator,
  anyToken,
  authenticate,
  bearerAuthenticator,
  certificateAuthenticator,
  type TokenAuthenticator,
  tokenFileTokens,
} from "./authenticate.ts";
import { bootstrapTokens } from "./bootstrap_token.ts";
import { lastUsedLabel } from "./legacy_token.ts";
import { type OidcOptions, oidcTokens } from "./oidc.ts";
import { type RequestHeaderOptions, requestHeaderAuthenticator } from "./request_header.ts";
import { type Lookup, serviceAccountTokens } from "./service_account.ts";
import { type TokenKeys, tokenKeys } from "./token_keys.ts";

/** Who is let in, and how. Each is off where it is absent. */
export interface AuthenticationOptions {
  /** CSV of `token,user,uid,"groups"`. */
  tokenFile?: string;
  /** Whether requests without credentials are the anonymous user; true if absent. */
  anonymous?: boolean;
  /** PKCS #8 PEM; without it there are no service account tokens. */
  serviceAccountKey?: string;
  /** SPKI PEMs of further keys whose tokens are taken. */
  serviceAccountPublicKeys?: readonly string[];
  /** Issuers of service account tokens; the first is that of new ones. */
  issuers?: readonly string[];
  /** What tokens must be for; the issuers if absent. */
  audiences?: readonly string[];
  bootstrapTokens?: boolean;
  requestHeader?: RequestHeaderOptions;
  oidc?: OidcOptions;
}

export interface Authentication {
  authenticate(request: HttpRequest): Promise<UserInfo | undefined>;
  /** For reviews of tokens that others were shown. */
  tokens: TokenAuthenticator;
  /** Signs new tokens of service accounts. */
  keys?: TokenKeys;
  /** What tokens are for that ask for nothing else. */
  audiences: readonly string[];
}

const defaultIssuer = "https://kubernetes.default.svc.cluster.local";

/** Puts together who is let in, in kube-apiserver's order: front proxy, certificate, tokens, anonymous. */
export function authentication(registry: Registry, net: Net, options: AuthenticationOptions): Authentication {
  const { clock } = registry;
  const issuers = options.issuers?.length ? options.issuers : [defaultIssuer];
  const audiences = options.audiences?.length ? options.audiences : issuers;
  const keys = options.serviceAccountKey
    ? tokenKeys(options.serviceAccountKey, issuers, options.serviceAccountPublicKeys)
    : undefined;
  const tableOf = (id: string) => cacheOf(registry, registry.resources.byId(id)!);
  const lookup: Lookup = (id, key) => tableOf(id).get(key)?.object;
  const kinds: TokenAuthenticator[] = [];
  if (options.tokenFile !== undefined) kinds.push(tokenFileTokens(options.tokenFile, audiences));
  const noteUse = useNoter(registry);
  if (keys) kinds.push(serviceAccountTokens({ keys, lookup, clock, ownAudiences: audiences, noteUse }));
  if (options.bootstrapTokens) kinds.push(bootstrapTokens(tableOf("secrets"), clock, audiences));
  if (options.oidc) kinds.push(oidcTokens(options.oidc, { net, clock, ownAudiences: audiences }));
  const tokens = anyToken(kinds);
  const ways: Authenticator[] = [];
  if (options.requestHeader) ways.push(requestHeaderAuthenticator(options.requestHeader, clock));
  ways.push(certificateAuthenticator(clock), bearerAuthenticator(tokens, audiences));
  return { authenticate: authenticate(ways, options.anonymous ?? true), tokens, keys, audiences };
}

/** Notes on a Secret on which day its token was used last: nobody waits for it. */
function useNoter(registry: Registry): (secret: KubeObject) => void {
  /** What is being written, so that a hundred requests at once write once. */
  const underWay = new Set<string>();
  return ({ metadata }) => {
    const day = formatTime(registry.clock.now()).slice(0, 10);
    const { name, namespace, uid } = metadata;
    if (metadata.labels?.[lastUsedLabel] === day || underWay.has(uid)) return;
    underWay.add(uid);
    const scope = ownScope(registry.resources.byId("secrets")!, new AbortController().signal, namespace);
    const labelled = (secret: KubeObject): KubeObject => {
      const next = structuredClone(secret);
      next.metadata.labels = { ...next.metadata.labels, [lastUsedLabel]: day };
      return next;
    };
    updateObject(registry, scope, name, labelled, { uid })
      .catch(() => {})
      .finally(() => underWay.delete(uid));
  };
}
