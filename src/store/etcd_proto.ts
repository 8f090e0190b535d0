// The part of etcd's v3 API that the store speaks: https://etcd.io/docs/v3.5/dev-guide/api_reference_v3/.

/** Protocol definitions for the transport. Numbers of fields are etcd's. */
export const etcdProto = `
syntax = "proto3";
package etcdserverpb;

message KeyValue {
  bytes key = 1;
  int64 create_revision = 2;
  int64 mod_revision = 3;
  int64 version = 4;
  bytes value = 5;
}
message ResponseHeader {
  int64 revision = 3;
}
message RangeRequest {
  bytes key = 1;
  bytes range_end = 2;
  int64 limit = 3;
  int64 revision = 4;
  bool count_only = 9;
}
message RangeResponse {
  ResponseHeader header = 1;
  repeated KeyValue kvs = 2;
  bool more = 3;
  int64 count = 4;
}
message PutRequest {
  bytes key = 1;
  bytes value = 2;
}
message PutResponse {
  ResponseHeader header = 1;
}
message DeleteRangeRequest {
  bytes key = 1;
}
message DeleteRangeResponse {
  ResponseHeader header = 1;
  int64 deleted = 2;
}
message RequestOp {
  oneof request {
    RangeRequest request_range = 1;
    PutRequest request_put = 2;
    DeleteRangeRequest request_delete_range = 3;
  }
}
message ResponseOp {
  oneof response {
    RangeResponse response_range = 1;
    PutResponse response_put = 2;
    DeleteRangeResponse response_delete_range = 3;
  }
}
message Compare {
  enum CompareResult { EQUAL = 0; GREATER = 1; LESS = 2; NOT_EQUAL = 3; }
  enum CompareTarget { VERSION = 0; CREATE = 1; MOD = 2; VALUE = 3; }
  CompareResult result = 1;
  CompareTarget target = 2;
  bytes key = 3;
  int64 mod_revision = 6;
}
message TxnRequest {
  repeated Compare compare = 1;
  repeated RequestOp success = 2;
  repeated RequestOp failure = 3;
}
message TxnResponse {
  ResponseHeader header = 1;
  bool succeeded = 2;
  repeated ResponseOp responses = 3;
}
message CompactionRequest {
  int64 revision = 1;
}
message CompactionResponse {
  ResponseHeader header = 1;
}
service KV {
  rpc Range(RangeRequest) returns (RangeResponse);
  rpc Txn(TxnRequest) returns (TxnResponse);
  rpc Compact(CompactionRequest) returns (CompactionResponse);
}

message Event {
  enum EventType { PUT = 0; DELETE = 1; }
  EventType type = 1;
  KeyValue kv = 2;
  KeyValue prev_kv = 3;
}
message WatchCreateRequest {
  bytes key = 1;
  bytes range_end = 2;
  int64 start_revision = 3;
  bool progress_notify = 4;
  bool prev_kv = 6;
}
message WatchRequest {
  oneof request_union {
    WatchCreateRequest create_request = 1;
  }
}
message WatchResponse {
  ResponseHeader header = 1;
  int64 watch_id = 2;
  bool created = 3;
  bool canceled = 4;
  int64 compact_revision = 5;
  string cancel_reason = 6;
  repeated Event events = 11;
}
service Watch {
  rpc Watch(stream WatchRequest) returns (stream WatchResponse);
}
`;

/** A key as etcd tells of it. */
export interface EtcdKeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  value: Uint8Array;
}

export interface EtcdRange {
  header: { revision: number };
  kvs: EtcdKeyValue[];
  count: number;
}

export interface EtcdTransaction {
  header: { revision: number };
  succeeded: boolean;
  responses: { responseRange?: EtcdRange }[];
}

export interface EtcdWatchAnswer {
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  events: { type: "PUT" | "DELETE"; kv: EtcdKeyValue; prevKv: EtcdKeyValue | null }[];
}
