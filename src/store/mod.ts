export { openLmdbStore } from "./lmdb.ts";
export { openMemoryStore } from "./memory.ts";
export type { Entry, Store, StoreEvent, StoreEvents } from "./store.ts";
export { CompactedError, FutureRevisionError } from "./store.ts";
