export { openEtcdStore } from "./etcd.ts";
export type { EtcdMember } from "./etcd_calls.ts";
export { etcdProto } from "./etcd_proto.ts";
export { openLmdbStore } from "./lmdb.ts";
export { openMemoryStore } from "./memory.ts";
export type { CommitResult, Entry, Operation, Precondition, Store, StoreEvent, StoreEvents } from "./store.ts";
export { CompactedError, FutureRevisionError } from "./store.ts";
