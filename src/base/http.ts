// One request and one answer, for a socket and for the same process alike. `host/` carries them over HTTP/1.1 and HTTP/2;
// the in-process transport hands them over as they are.

/** Header names are lower case. */
export type Headers = Record<string, string>;

/** Headers of a request that this process sends: several values make several header lines. */
export type OutgoingHeaders = Record<string, string | string[]>;

/** A byte stream in both directions: a socket, or one end of a pipe in memory. */
export interface ByteStream {
  readable: AsyncIterable<Uint8Array>;
  /** Resolves when the chunk was taken over; waits while the other side is slow. Rejects once the stream is closed. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends our direction; the other goes on. */
  closeWrite(): void;
  /** Ends both directions. */
  close(): void;
  closed: Promise<void>;
}

/** A WebSocket after its handshake. */
export interface WebSocketStream {
  /** The subprotocol agreed on, or "". */
  protocol: string;
  messages: AsyncIterable<Uint8Array | string>;
  send(message: Uint8Array | string): Promise<void>;
  close(code?: number, reason?: string): void;
  closed: Promise<void>;
}

/** What a client proved about itself with its certificate. */
export interface PeerCertificate {
  commonName: string;
  organizations: string[];
  /** The subject's attribute 1.3.6.1.4.1.57683.2, which Kubernetes takes for the user's uid. */
  uid?: string;
  /** SHA-256 of the certificate, in lower-case hexadecimal digits. */
  fingerprint?: string;
  /** When it is valid, in milliseconds since the epoch: a connection may outlive its certificate. */
  notBeforeMs?: number;
  notAfterMs?: number;
  /** The names of the listener's authorities that stand behind it; `client` where the listener has only one. */
  authorities?: string[];
}

/** A client's wish to leave HTTP on this connection (`Connection: Upgrade`). At most one of the two may be called. */
export interface Upgrade {
  /** The `Upgrade` header, lower case: `websocket`, `spdy/3.1`. */
  protocol: string;
  /** Answers 101 with these headers and gives the raw connection. */
  accept(headers: Headers): ByteStream;
  /** Completes a WebSocket handshake, choosing the first of `protocols` that the client offered. */
  acceptWebSocket(protocols: readonly string[]): Promise<WebSocketStream>;
}

export interface HttpRequest {
  method: string;
  /** Path and query as on the wire: `/api/v1/pods?limit=5`. */
  url: string;
  headers: Headers;
  /** All values of a header (its name in lower case), one for each line that was sent. Absent in process. */
  headerValues?(name: string): string[];
  /** In process, a plain object may stand for its JSON. The receiver does not change it. */
  body?: Uint8Array | AsyncIterable<Uint8Array> | { object: object };
  /** The client's certificate, if it is one of an authority that the listener trusts. */
  peer?: PeerCertificate;
  /** Why the certificate that the client showed is not taken. */
  peerError?: string;
  /** Absent in process. */
  remoteAddress?: string;
  /** In process only: who asks, already known. Over a socket the receiver finds out itself. */
  user?: UserInfo;
  /** Aborted when nobody wants the answer any more; over a socket also once it has been sent whole. */
  signal: AbortSignal;
  upgrade?: Upgrade;
}

export interface UserInfo {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

export interface WatchEvent<T = any> {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: T;
}

export type AnswerBody =
  | Uint8Array
  /**
   * An object with its JSON on demand: in process nobody asks for the bytes. `parts` gives the same bytes in pieces, where a
   * big one may be the very same from one answer to the next: it is compressed only once.
   */
  | { object: object; bytes(): Uint8Array; parts?(): readonly Uint8Array[] }
  /** Batches of events, each with its JSON line on demand. Ends when the watch does. */
  | { events: AsyncIterable<readonly EncodedEvent[]> }
  | { stream: AsyncIterable<Uint8Array> };

export interface EncodedEvent extends WatchEvent {
  /** The JSON line with its line feed. */
  bytes(): Uint8Array;
}

export interface HttpAnswer {
  status: number;
  /** Several values make several header lines. */
  headers: Record<string, string | string[]>;
  body?: AnswerBody;
  /** Set when the handler took the connection over; the rest is void then. */
  upgraded?: true;
}

/** Never rejects for what a client did; a rejection is a bug and becomes a 500. */
export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer>;

export interface TlsIdentity {
  /** PEM. */
  certificate: string;
  /** PEM. */
  key: string;
}

export interface HttpTarget {
  /** `https://127.0.0.1:6443`, `http://…`; a path is put before every request's. */
  url: string;
  /** PEM bundle to trust instead of the system's. */
  ca?: string;
  insecureSkipVerify?: boolean;
  serverName?: string;
  identity?: TlsIdentity;
}

export interface HttpClientAnswer {
  status: number;
  headers: Headers;
  body: AsyncIterable<Uint8Array>;
}

/** A client for one target; connections are opened on demand and kept. */
export interface HttpClient {
  request(request: {
    method: string;
    url: string;
    headers: OutgoingHeaders;
    body?: Uint8Array | AsyncIterable<Uint8Array>;
    signal?: AbortSignal;
  }): Promise<HttpClientAnswer>;
  /** Asks for an upgrade. `stream` is there when the status is 101; otherwise `body` tells why not. */
  upgrade(request: { method: string; url: string; headers: OutgoingHeaders; signal?: AbortSignal }): Promise<{
    status: number;
    headers: Headers;
    stream?: ByteStream;
    body?: AsyncIterable<Uint8Array>;
  }>;
  /** Opens a WebSocket. Rejects with `{ status, body }` on the error when the server declines. */
  webSocket(request: {
    url: string;
    headers: Headers;
    protocols: readonly string[];
    signal?: AbortSignal;
  }): Promise<WebSocketStream>;
  close(): void;
}

export interface HttpListener extends AsyncDisposable {
  port: number;
  address: string;
}

/** The network. */
export interface Net {
  httpClient(target: HttpTarget): HttpClient;
  /** The addresses of a host's name. Rejects in Go's words for one that nobody knows: `lookup x on 1.2.3.4:53: no such host`. */
  lookup(name: string): Promise<string[]>;
  /** Serves HTTP/1.1, and HTTP/2 under TLS. `identity` may be a function: it is asked at each handshake of a new name. */
  listenHttp(
    options: {
      host: string;
      port: number;
      /** `clientCa`: PEM bundles by the name that `PeerCertificate.authorities` has; one alone is `client`. */
      tls?: { identity: TlsIdentity; clientCa?: string | Record<string, string> };
    },
    handler: HttpHandler,
  ): Promise<HttpListener>;
  /** Connects over TCP or to a Unix socket. Rejects with `code` `ECONNREFUSED` and so on. */
  dial(
    to: { host: string; port: number } | { path: string },
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<ByteStream>;
  listenTcp(options: { host: string; port: number }, accept: (stream: ByteStream) => void): Promise<HttpListener>;
  listenUdp(
    options: { host: string; port: number },
    receive: (datagram: Uint8Array, reply: (answer: Uint8Array) => void) => void,
  ): Promise<HttpListener>;
}

/** Calls to a gRPC server: a Unix socket and the protocol's own definition file. */
export interface RpcClient {
  /** Rejects with `code` (gRPC status number) and `details` on the error. Times in milliseconds. */
  call<Answer>(
    service: string,
    method: string,
    request: object,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<Answer>;
  /** A server stream. A method that takes a stream itself gets this one request. `headers` go along as metadata. */
  stream<Answer>(
    service: string,
    method: string,
    request: object,
    options?: { signal?: AbortSignal; headers?: Readonly<Record<string, string>> },
  ): AsyncIterable<Answer>;
  close(): void;
}
