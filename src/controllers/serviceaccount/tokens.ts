import type { KubeObject } from "../../api/machinery/object.ts";
import { hasReason } from "../../api/machinery/status.ts";
import type { Action, Client, Controller } from "../../client/mod.ts";

/** Signs a token for an account, to lie in the Secret of this name. */
export type SignAccountToken = (account: KubeObject, secret: string) => Promise<string>;

/** What a Secret is completed with. */
export interface TokenWorld {
  /** The account that the Secret names; undefined if there is none. */
  account?: KubeObject;
  /** A new token, if one is wanted. */
  token?: string;
  rootCa?: string;
}

const tokenType = "kubernetes.io/service-account-token";
const nameNote = "kubernetes.io/service-account.name";
const uidNote = "kubernetes.io/service-account.uid";

const accountOf = ({ type, metadata }: KubeObject): string[] => {
  const name = metadata.annotations?.[nameNote];
  return type === tokenType && name ? [`${metadata.namespace}/${name}`] : [];
};

/** Puts a token into every Secret that asks for one, and takes Secrets away whose account is gone. Without a key, nothing. */
export function tokensController({
  signToken,
  rootCa,
}: {
  signToken?: SignAccountToken;
  rootCa?: string;
}): Controller<KubeObject, TokenWorld | undefined> {
  return {
    name: "serviceaccount-token",
    account: null,
    primary: "secrets",
    watches: [
      {
        resource: "serviceaccounts",
        keys: ({ metadata: { namespace, name } }, view) =>
          Array.from(
            view.by("secrets", "account", `${namespace}/${name}`),
            (secret) => `${namespace}/${secret.metadata.name}`,
          ),
      },
    ],
    indexes: { secrets: { account: accountOf } },
    async observe(secret, client) {
      if (!signToken || accountOf(secret).length === 0) return undefined;
      const account = await find(client, secret);
      if (!account || secret.data?.token) return { account, rootCa };
      return { account, rootCa, token: await signToken(account, secret.metadata.name) };
    },
    plan: (secret, _, world) => planToken(secret, world),
  };
}

/** Asks the API itself: a Secret must not go because its account has not been heard of yet. */
async function find(client: Client, { metadata }: KubeObject): Promise<KubeObject | undefined> {
  try {
    const name = metadata.annotations![nameNote]!;
    return await client.get<KubeObject>("serviceaccounts", { namespace: metadata.namespace, name });
  } catch (error) {
    if (hasReason(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Plans one Secret. Pure. */
export function planToken(secret: KubeObject, world: TokenWorld | undefined): Action[] {
  const { metadata, data = {} } = secret;
  if (!world || metadata.deletionTimestamp !== undefined) return [];
  const { account, token, rootCa } = world;
  const wantedUid = metadata.annotations?.[uidNote];
  if (!account || (wantedUid && wantedUid !== account.metadata.uid)) {
    return [{ do: "delete", resource: "secrets", object: secret }];
  }
  const wanted: Record<string, string> = { ...data };
  if (token !== undefined && !data.token) wanted.token = btoa(token);
  if (rootCa) wanted["ca.crt"] = btoa(rootCa);
  wanted.namespace ||= btoa(metadata.namespace!);
  const isDone = wantedUid && Object.keys(wanted).every((key) => wanted[key] === data[key]);
  if (isDone) return [];
  const annotations = { ...metadata.annotations, [uidNote]: account.metadata.uid };
  const object = { ...secret, data: wanted, metadata: { ...metadata, annotations } };
  return [{ do: "update", resource: "secrets", object }];
}
