import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import type { Random } from "../../base/world.ts";
import type { EncryptionRule, Provider } from "./config.ts";

/** Makes what is stored of a value, and the value of what is stored. */
export interface Transformer {
  encrypt(key: string, value: Uint8Array): Promise<Uint8Array>;
  /** `stale`: it would be written otherwise now. Throws if no provider can read it. */
  decrypt(key: string, stored: Uint8Array): Promise<{ value: Uint8Array; stale: boolean }>;
}

/** One key of one provider. */
interface Cipher {
  /** What its values begin with: `k8s:enc:aesgcm:v1:key1:`. Empty for those that are as they are. */
  prefix: Uint8Array;
  encrypt(value: Uint8Array, bound: Uint8Array): Promise<Uint8Array>;
  decrypt(data: Uint8Array, bound: Uint8Array): Promise<Uint8Array>;
}

const utf8 = new TextEncoder();
const encrypted = utf8.encode("k8s:enc:");

/** The providers of a rule as one. The first key of the first provider writes; every key of every provider reads. */
export function transformerOf({ providers }: Pick<EncryptionRule, "providers">, random: Random): Transformer {
  const ciphers = providers.flatMap((provider) => ciphersOf(provider, random));
  const [first] = ciphers;
  return {
    async encrypt(key, value) {
      return joined(first!.prefix, await first!.encrypt(value, utf8.encode(key)));
    },
    async decrypt(key, stored) {
      // What is encrypted is never taken for plain text, whatever the providers are.
      const plain = !startsWith(stored, encrypted);
      const found = ciphers.find(({ prefix }) => (prefix.length === 0 ? plain : startsWith(stored, prefix)));
      if (!found) throw new Error(`unable to transform key ${JSON.stringify(key)}: no matching prefix found`);
      try {
        const value = await found.decrypt(stored.subarray(found.prefix.length), utf8.encode(key));
        return { value, stale: found !== first };
      } catch (error) {
        const why = error instanceof Error && error.name === "Error" ? error.message : "message authentication failed";
        throw new Error(`unable to transform key ${JSON.stringify(key)}: ${why}`);
      }
    },
  };
}

function ciphersOf(provider: Provider, random: Random): Cipher[] {
  if (provider.kind === "identity")
    return [{ prefix: new Uint8Array(0), encrypt: async (value) => value, decrypt: async (data) => data }];
  const make = { aescbc, aesgcm, secretbox }[provider.kind];
  return provider.keys.map(({ name, secret }) => ({
    prefix: utf8.encode(`k8s:enc:${provider.kind}:v1:${name}:`),
    ...make(secret, random),
  }));
}

type Keyed = Omit<Cipher, "prefix">;

const tooShort = "the stored data was shorter than the required size";

type SecretKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A key as the platform wants it, imported once. */
function imported(secret: Uint8Array, name: "AES-GCM" | "AES-CBC"): () => Promise<SecretKey> {
  let key: Promise<SecretKey> | undefined;
  return () => {
    key ??= crypto.subtle.importKey("raw", new Uint8Array(secret), name, false, ["encrypt", "decrypt"]);
    return key;
  };
}

/** Twelve random bytes, then the cipher text with its tag. The key that it is stored under is authenticated too. */
function aesgcm(secret: Uint8Array, random: Random): Keyed {
  const nonceBytes = 12;
  const key = imported(secret, "AES-GCM");
  const params = (iv: Uint8Array, bound: Uint8Array) => ({ name: "AES-GCM", iv: own(iv), additionalData: own(bound) });
  return {
    async encrypt(value, bound) {
      const nonce = random.bytes(nonceBytes);
      return joined(nonce, new Uint8Array(await crypto.subtle.encrypt(params(nonce, bound), await key(), own(value))));
    },
    async decrypt(data, bound) {
      if (data.length < nonceBytes) throw new Error(tooShort);
      const [nonce, rest] = [data.subarray(0, nonceBytes), data.subarray(nonceBytes)];
      return new Uint8Array(await crypto.subtle.decrypt(params(nonce, bound), await key(), own(rest)));
    },
  };
}

/** A random block, then the cipher text, padded. Nothing is authenticated. */
function aescbc(secret: Uint8Array, random: Random): Keyed {
  const blockBytes = 16;
  const key = imported(secret, "AES-CBC");
  return {
    async encrypt(value) {
      const iv = random.bytes(blockBytes);
      const params = { name: "AES-CBC", iv: own(iv) };
      return joined(iv, new Uint8Array(await crypto.subtle.encrypt(params, await key(), own(value))));
    },
    async decrypt(data) {
      if (data.length < 2 * blockBytes) throw new Error(tooShort);
      if (data.length % blockBytes !== 0) throw new Error("the stored data is not a multiple of the block size");
      const params = { name: "AES-CBC", iv: own(data.subarray(0, blockBytes)) };
      try {
        return new Uint8Array(await crypto.subtle.decrypt(params, await key(), own(data.subarray(blockBytes))));
      } catch {
        throw new Error("invalid padding on input");
      }
    },
  };
}

/** NaCl's secretbox (XSalsa20 and Poly1305): 24 random bytes, then the tag and the cipher text. */
function secretbox(secret: Uint8Array, random: Random): Keyed {
  const nonceBytes = 24;
  const tagBytes = 16;
  return {
    async encrypt(value) {
      const nonce = random.bytes(nonceBytes);
      return joined(nonce, xsalsa20poly1305(secret, nonce).encrypt(value));
    },
    async decrypt(data) {
      if (data.length < nonceBytes + tagBytes) throw new Error(tooShort);
      try {
        return xsalsa20poly1305(secret, data.slice(0, nonceBytes)).decrypt(data.slice(nonceBytes));
      } catch {
        throw new Error("message authentication failed");
      }
    },
  };
}

/** A copy in memory of its own: what the platform's functions take. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

function joined(head: Uint8Array, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + rest.length);
  bytes.set(head);
  bytes.set(rest, head.length);
  return bytes;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte);
}
