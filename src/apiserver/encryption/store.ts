import type { Resource } from "../../api/machinery/resource.ts";
import type { Random } from "../../base/world.ts";
import type { Entry, Operation, Store, StoreEvent } from "../../store/mod.ts";
import { type EncryptionRule, ruleFor } from "./config.ts";
import { type Transformer, transformerOf } from "./transform.ts";

/** What is encrypted how; it may be replaced at any time. */
export interface Encryption {
  rules: readonly EncryptionRule[];
  /** What keys begin with as they are authenticated: `--etcd-prefix`, `/registry` if absent. */
  prefix?: string;
}

/** The resource that a key is of (`secrets`, `deployments.apps`), or undefined for the server's own keys. */
function resourceNamer(resources: readonly Resource[]): (key: string) => string | undefined {
  const builtin = new Map(resources.map((each) => [each.storagePrefix, each.id]));
  return (key) => {
    const [, registry, first = "", second = "", ...rest] = key.split("/");
    if (registry !== "registry") return undefined;
    const own = builtin.get(first) ?? (rest.length > 0 ? builtin.get(`${first}/${second}`) : undefined);
    // Custom resources lie under their group and their plural name.
    return own ?? (first.includes(".") && second !== "" ? `${second}.${first}` : undefined);
  };
}

/**
 * A store that encrypts on the way in and decrypts on the way out what the rules say. What cannot be read comes as an entry
 * that says why.
 */
export function encryptedStore(
  store: Store,
  encryption: Encryption,
  resources: readonly Resource[],
  random: Random,
): Store {
  const nameOf = resourceNamer(resources);
  let known: { rules: readonly EncryptionRule[]; byRule: Map<EncryptionRule, Transformer> } | undefined;

  function transformerFor(key: string): Transformer | undefined {
    const { rules } = encryption;
    if (known?.rules !== rules)
      known = { rules, byRule: new Map(rules.map((rule) => [rule, transformerOf(rule, random)])) };
    const name = nameOf(key);
    const rule = name === undefined ? undefined : ruleFor(rules, name);
    return rule && known.byRule.get(rule);
  }

  const bound = (key: string) => (encryption.prefix ? encryption.prefix + key.slice("/registry".length) : key);

  async function opened(entry: Entry): Promise<Entry> {
    const transformer = transformerFor(entry.key);
    if (!transformer) return entry;
    try {
      const { value } = await transformer.decrypt(bound(entry.key), entry.value);
      return { ...entry, value };
    } catch (error) {
      return { ...entry, value: new Uint8Array(0), unreadable: error as Error };
    }
  }

  async function openedEvent(event: StoreEvent): Promise<StoreEvent> {
    const previous = event.previous && (await opened(event.previous));
    const entry = event.previous === event.entry ? previous! : await opened(event.entry);
    return { ...event, entry, ...(previous ? { previous } : {}) };
  }

  async function closed(operation: Operation): Promise<Operation> {
    if ("delete" in operation) return operation;
    const transformer = transformerFor(operation.put);
    if (!transformer) return operation;
    return { put: operation.put, value: await transformer.encrypt(bound(operation.put), operation.value) };
  }

  return {
    ...store,
    async get(key, options) {
      const { entry, revision } = await store.get(key, options);
      return { entry: entry && (await opened(entry)), revision };
    },
    async range(prefix, options) {
      const { entries, ...rest } = await store.range(prefix, options);
      return { ...rest, entries: await Promise.all(entries.map(opened)) };
    },
    async commit(preconditions, operations) {
      const result = await store.commit(preconditions, await Promise.all(operations.map(closed)));
      return result.ok || !result.current ? result : { ...result, current: await opened(result.current) };
    },
    async *watch(prefix, afterRevision, signal) {
      for await (const batch of store.watch(prefix, afterRevision, signal)) {
        const concerned = batch.events.some(({ key }) => transformerFor(key) !== undefined);
        yield concerned ? { ...batch, events: await Promise.all(batch.events.map(openedEvent)) } : batch;
      }
    },
    async snapshot(prefix) {
      const { entries, revision } = await store.snapshot(prefix);
      const open = async function* () {
        for await (const entry of entries) yield transformerFor(entry.key) ? await opened(entry) : entry;
      };
      return { revision, entries: open() };
    },
    async stale(key) {
      const transformer = transformerFor(key);
      const { entry } = transformer ? await store.get(key) : {};
      if (!transformer || !entry) return false;
      return (await transformer.decrypt(bound(key), entry.value)).stale;
    },
  };
}
