import { parseGoDuration } from "../api/machinery/duration.ts";
import type { Resource } from "../api/machinery/resource.ts";
import { builtinResources, optionalResources } from "../api/resources.ts";
import {
  type ApiServerOptions,
  type AuthorizationMode,
  absentPlugins,
  authorizationModes,
  switchablePlugins,
} from "../apiserver/mod.ts";
import type { Disk } from "../base/world.ts";
import type { FlagTable, ParsedFlags } from "./flags.ts";

/** Flags of `typernetes apiserver` that say who is let in, and who may do what: named as kube-apiserver's. */
export const authFlags: FlagTable = {
  "anonymous-auth": {
    type: "boolean",
    default: true,
    help: "Whether requests without credentials are let in as system:anonymous",
  },
  "authorization-mode": {
    type: "strings",
    help: `Who is asked what is allowed, in order (${authorizationModes.join(", ")}); Node,RBAC if absent`,
  },
  "token-auth-file": { type: "string", help: 'CSV of token,user,uid,"groups"' },
  "client-ca-file": { type: "string", help: "PEM bundle that client certificates are checked against" },
  "enable-bootstrap-token-auth": {
    type: "boolean",
    default: false,
    help: "Whether Secrets of type bootstrap.kubernetes.io/token in kube-system let new nodes in",
  },
  "service-account-signing-key-file": {
    type: "string",
    help: "PEM key (PKCS #8) that signs service account tokens; made if absent",
  },
  "service-account-key-file": { type: "strings", help: "PEM public keys of further service account tokens to take" },
  "service-account-lookup": {
    type: "boolean",
    default: true,
    help: "Whether tokens are void once their account is gone; false is refused",
  },
  "service-account-issuer": { type: "strings", help: "Issuers of service account tokens; the first makes new ones" },
  "service-account-jwks-uri": { type: "string", help: "Where the keys are found, as the discovery document tells" },
  "api-audiences": { type: "strings", help: "What tokens must be for; the issuers if absent" },
  "requestheader-client-ca-file": { type: "string", help: "PEM bundle of front proxies that say who asks" },
  "requestheader-allowed-names": { type: "strings", help: "Common names of such proxies; any if absent" },
  "requestheader-username-headers": { type: "strings", help: "Headers with the user's name; X-Remote-User if absent" },
  "requestheader-uid-headers": { type: "strings", help: "Headers with the user's uid" },
  "requestheader-group-headers": { type: "strings", help: "Headers with groups; X-Remote-Group if absent" },
  "requestheader-extra-headers-prefix": {
    type: "strings",
    help: "How headers with more begin; X-Remote-Extra- if absent",
  },
  "oidc-issuer-url": { type: "string", help: "The OpenID Connect provider whose ID tokens are taken" },
  "oidc-client-id": { type: "string", help: "Whom the provider's tokens must be for" },
  "oidc-ca-file": { type: "string", help: "PEM bundle that the provider's certificate is checked against" },
  "oidc-username-claim": { type: "string", default: "sub", help: "The claim with the user's name" },
  "oidc-username-prefix": { type: "string", help: 'Put before users\' names; "-" for nothing' },
  "oidc-groups-claim": { type: "string", help: "The claim with the user's groups" },
  "oidc-groups-prefix": { type: "string", help: "Put before groups" },
  "oidc-required-claim": { type: "strings", help: "key=value that must be among the claims" },
  "oidc-signing-algs": { type: "strings", help: "Algorithms that tokens may be signed with; RS256 if absent" },
};

/** Flags that say how many requests run at once, what is recorded of them, and how the server leaves. */
export const requestFlags: FlagTable = {
  "enable-priority-and-fairness": {
    type: "boolean",
    default: true,
    help: "Whether requests queue by their flow schemas and priority levels",
  },
  "max-requests-inflight": { type: "number", default: 400, help: "Reading requests at once" },
  "max-mutating-requests-inflight": {
    type: "number",
    default: 200,
    help: "Changing requests at once; the sum of both is what priority levels share",
  },
  "request-timeout": { type: "string", default: "1m0s", help: "How long a request may last that does not say it" },
  "shutdown-delay-duration": {
    type: "string",
    default: "0s",
    help: "How long the server goes on after /readyz has begun to fail",
  },
  "audit-policy-file": { type: "string", help: "What is recorded: a Policy of audit.k8s.io/v1" },
  "audit-log-path": { type: "string", help: "Where audit events go; - is the standard output" },
  "audit-log-maxage": { type: "number", default: 0, help: "Days that rotated audit logs are kept" },
  "audit-log-maxbackup": { type: "number", default: 0, help: "How many rotated audit logs are kept" },
  "audit-log-maxsize": { type: "number", default: 0, help: "Megabytes at which an audit log is rotated" },
  "audit-log-format": { type: "string", default: "json", help: "json or legacy" },
  "audit-log-mode": {
    type: "string",
    default: "blocking",
    help: "blocking: requests wait until their events are written; batch: they don't",
  },
  "audit-webhook-config-file": { type: "string", help: "Not supported yet" },
};

/** Flags that say what is served. */
export const resourceFlags: FlagTable = {
  "runtime-config": {
    type: "strings",
    help: "Versions and resources that are off otherwise: certificates.k8s.io/v1beta1=true, or with /clustertrustbundles",
  },
  "feature-gates": { type: "strings", help: "ClusterTrustBundle=true lets --runtime-config serve them" },
};

/** Flags that say what is admitted. */
export const admissionFlags: FlagTable = {
  "enable-admission-plugins": {
    type: "strings",
    help: "Admission plugins that are to be on; Kubernetes' defaults are",
  },
  "disable-admission-plugins": { type: "strings", help: "Admission plugins that are to be off" },
  "allow-privileged": {
    type: "boolean",
    default: true,
    help: "Whether containers may be privileged; false is refused",
  },
};

/** The plugins that the flags switch off. Throws for one that is unknown, on and off at once, or not supported yet. */
export function admissionOff(flags: ParsedFlags): readonly string[] {
  if (!flags.boolean("allow-privileged")) throw new Error("not supported yet: --allow-privileged=false");
  const [on, off] = [flags.strings("enable-admission-plugins"), flags.strings("disable-admission-plugins")];
  for (const [flag, names] of [
    ["enable-admission-plugins", on],
    ["disable-admission-plugins", off],
  ] as const)
    for (const name of names)
      if (!switchablePlugins.includes(name) && !absentPlugins.includes(name))
        throw new Error(`${flag} plugin ${JSON.stringify(name)} is unknown`);
  const both = on.filter((name) => off.includes(name));
  if (both.length > 0)
    throw new Error(`[${both.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`);
  const absent = on.find((name) => absentPlugins.includes(name));
  if (absent) throw new Error(`not supported yet: --enable-admission-plugins ${absent}`);
  return off;
}

/** Every resource that the flags ask for. Throws for what cannot be switched. */
export function resourcesOf(flags: ParsedFlags): readonly Resource[] {
  const gates = switchesOf(flags, "feature-gates");
  for (const [name] of gates)
    if (!optionalGates.includes(name)) throw new Error(`not supported yet: --feature-gates ${name}`);
  const asked = switchesOf(flags, "runtime-config");
  const known = new Set(["api/all", "api/beta"]);
  // What is there in any case may be asked for.
  const present = new Set(["api/v1", "api/ga", ...builtinResources.map(({ apiVersion }) => apiVersion)]);
  for (const { apiVersion, plural } of optionalResources) known.add(apiVersion).add(`${apiVersion}/${plural}`);
  for (const [name, on] of asked)
    if (!known.has(name) && !(on && present.has(name))) throw new Error(`not supported yet: --runtime-config ${name}`);
  if (gates.get("ClusterTrustBundle") !== true) return builtinResources;
  // What names a resource goes before what names its version, and that before all.
  const isAsked = ({ apiVersion, plural }: Resource): boolean =>
    [`${apiVersion}/${plural}`, apiVersion, "api/beta", "api/all"].map((key) => asked.get(key)).find(isGiven) ?? false;
  return [...builtinResources, ...optionalResources.filter(isAsked)];
}

const optionalGates = ["ClusterTrustBundle", "ClusterTrustBundleProjection"];

const isGiven = (value: boolean | undefined): boolean => value !== undefined;

/** `name=true` and `name=false`; a name alone is true. Throws for other values. */
function switchesOf(flags: ParsedFlags, flag: string): Map<string, boolean> {
  return new Map(
    flags.strings(flag).map((pair) => {
      const [name, value = "true"] = pair.split("=") as [string, string?];
      if (value !== "true" && value !== "false") throw new Error(`--${flag} ${name}: wanted true or false`);
      return [name, value === "true"];
    }),
  );
}

type RequestOptions = Pick<ApiServerOptions, "flowControl" | "audit">;

/** Reads those flags. Throws for a value that is none, and for what is not supported yet. */
export async function requestOptions(flags: ParsedFlags, disk: Disk): Promise<RequestOptions> {
  if (flags.string("audit-webhook-config-file")) throw new Error("not supported yet: --audit-webhook-config-file");
  const flowControl = {
    enabled: flags.boolean("enable-priority-and-fairness"),
    requestsMax: countOf(flags, "max-requests-inflight"),
    mutatingRequestsMax: countOf(flags, "max-mutating-requests-inflight"),
    requestTimeoutMs: durationOf(flags, "request-timeout"),
  };
  if (flowControl.enabled && flowControl.requestsMax + flowControl.mutatingRequestsMax === 0)
    throw new Error("--max-requests-inflight and --max-mutating-requests-inflight: wanted a sum above 0");
  const policyFile = flags.string("audit-policy-file");
  const path = flags.string("audit-log-path");
  if (!policyFile) return { flowControl };
  const log = path && {
    path,
    maxAgeDays: countOf(flags, "audit-log-maxage"),
    maxBackups: countOf(flags, "audit-log-maxbackup"),
    maxSizeMb: countOf(flags, "audit-log-maxsize"),
    format: oneOf(flags, "audit-log-format", ["json", "legacy"] as const),
    mode: oneOf(flags, "audit-log-mode", ["blocking", "batch"] as const),
  };
  return { flowControl, audit: { policy: await disk.readText(policyFile), ...(log ? { log } : {}) } };
}

function countOf(flags: ParsedFlags, name: string): number {
  const count = flags.number(name) ?? 0;
  if (count < 0) throw new Error(`--${name} ${count}: wanted no negative number`);
  return count;
}

function oneOf<Word extends string>(flags: ParsedFlags, name: string, words: readonly Word[]): Word {
  const given = flags.string(name);
  const found = words.find((word) => word === given);
  if (found === undefined) throw new Error(`--${name} ${JSON.stringify(given)}: wanted one of ${words.join(", ")}`);
  return found;
}

/** `1m30s` in milliseconds. Throws for anything else. */
export function durationOf(flags: ParsedFlags, name: string): number {
  const text = flags.string(name) ?? "0s";
  const ms = parseGoDuration(text);
  if (ms === undefined || ms < 0) throw new Error(`--${name} ${JSON.stringify(text)}: wanted a time such as 1m30s`);
  return ms;
}

type AuthOptions = Pick<
  ApiServerOptions,
  | "anonymous"
  | "authorizationModes"
  | "tokenFile"
  | "bootstrapTokens"
  | "serviceAccountPublicKeys"
  | "issuers"
  | "jwksUri"
  | "audiences"
  | "requestHeader"
  | "requestHeaderCa"
  | "oidc"
>;

/** Reads the flags and the files that they name. Throws for a mode or a claim that is none. */
export async function authOptions(flags: ParsedFlags, disk: Disk): Promise<AuthOptions> {
  const file = async (name: string) => {
    const path = flags.string(name);
    return path ? disk.readText(path) : undefined;
  };
  const publicKeys = await Promise.all(flags.strings("service-account-key-file").map((path) => disk.readText(path)));
  const requestHeaderCa = await file("requestheader-client-ca-file");
  if (!flags.boolean("service-account-lookup")) throw new Error("not supported yet: --service-account-lookup=false");
  return {
    anonymous: flags.boolean("anonymous-auth"),
    authorizationModes: modesOf(flags.strings("authorization-mode")),
    tokenFile: await file("token-auth-file"),
    bootstrapTokens: flags.boolean("enable-bootstrap-token-auth"),
    serviceAccountPublicKeys: publicKeys.flatMap(pemBlocks),
    issuers: flags.strings("service-account-issuer"),
    jwksUri: flags.string("service-account-jwks-uri"),
    audiences: flags.strings("api-audiences"),
    requestHeader: requestHeaderCa === undefined ? undefined : requestHeaderOf(flags),
    requestHeaderCa,
    oidc: oidcOf(flags, await file("oidc-ca-file")),
  };
}

function modesOf(given: readonly string[]): AuthorizationMode[] | undefined {
  if (given.length === 0) return undefined;
  for (const mode of given) {
    if (!authorizationModes.includes(mode as AuthorizationMode))
      throw new Error(`--authorization-mode ${JSON.stringify(mode)}: wanted one of ${authorizationModes.join(", ")}`);
  }
  return given as AuthorizationMode[];
}

/** The public keys of a file; a private key beside them is not ours to read. */
function pemBlocks(text: string): string[] {
  return text.match(/-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----/g) ?? [];
}

function requestHeaderOf(flags: ParsedFlags): NonNullable<AuthOptions["requestHeader"]> {
  const orElse = (name: string, standard: string) => {
    const given = flags.strings(name);
    return given.length > 0 ? given : [standard];
  };
  return {
    allowedNames: flags.strings("requestheader-allowed-names"),
    usernameHeaders: orElse("requestheader-username-headers", "X-Remote-User"),
    uidHeaders: flags.strings("requestheader-uid-headers"),
    groupHeaders: orElse("requestheader-group-headers", "X-Remote-Group"),
    extraHeaderPrefixes: orElse("requestheader-extra-headers-prefix", "X-Remote-Extra-"),
  };
}

function oidcOf(flags: ParsedFlags, ca: string | undefined): AuthOptions["oidc"] {
  const issuerUrl = flags.string("oidc-issuer-url");
  const clientId = flags.string("oidc-client-id");
  if (!issuerUrl && !clientId) return undefined;
  if (!issuerUrl || !clientId) throw new Error("oidc: --oidc-issuer-url and --oidc-client-id are needed together");
  const required = flags.strings("oidc-required-claim").map((claim) => {
    const equals = claim.indexOf("=");
    if (equals < 1) throw new Error(`--oidc-required-claim ${JSON.stringify(claim)}: wanted key=value`);
    return [claim.slice(0, equals), claim.slice(equals + 1)] as const;
  });
  const algorithms = flags.strings("oidc-signing-algs");
  return {
    issuerUrl,
    clientId,
    ca,
    usernameClaim: flags.string("oidc-username-claim"),
    usernamePrefix: flags.string("oidc-username-prefix"),
    groupsClaim: flags.string("oidc-groups-claim"),
    groupsPrefix: flags.string("oidc-groups-prefix"),
    requiredClaims: Object.fromEntries(required),
    signingAlgorithms: algorithms.length > 0 ? algorithms : undefined,
  };
}
