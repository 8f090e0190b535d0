import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { HttpRequest } from "../base/http.ts";

/** The authorities that a listener trusts for its clients. */
export interface ClientAuthorities {
  /** All of them as TLS wants them; undefined if there are none: then no client is asked for a certificate. */
  bundle?: string;
  byName: [name: string, certificates: X509Certificate[]][];
}

/** Reads PEM bundles by name. */
export function clientAuthorities(bundles: Record<string, string>): ClientAuthorities {
  const texts = Object.values(bundles);
  return {
    bundle: texts.length > 0 ? texts.join("\n") : undefined,
    byName: Object.entries(bundles).map(([name, pem]) => [name, readBundle(pem)]),
  };
}

function readBundle(pem: string): X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return found.map((each) => new X509Certificate(each));
}

type Peer = Pick<HttpRequest, "peer" | "peerError">;

const peers = new WeakMap<object, Peer>();

/** The client's certificate, checked by TLS, or why it is not taken. Read once a connection. */
export function peerOf(socket: TLSSocket | undefined, authorities: ClientAuthorities): Peer {
  if (!socket) return {};
  // Through http2's proxy of a socket every look makes a new wrapper: the session's own object is the key.
  const known = peers.get(socket);
  if (known) return known;
  const peer = authorities.bundle === undefined ? {} : readPeer(socket, authorities);
  peers.set(socket, peer);
  return peer;
}

function readPeer(socket: TLSSocket, authorities: ClientAuthorities): Peer {
  const shown = socket.getPeerCertificate?.();
  const subject = shown?.subject as unknown as Record<string, string | string[]> | undefined;
  if (!subject) return {};
  if (!socket.authorized) return { peerError: String(socket.authorizationError ?? "certificate is not trusted") };
  const chain = socket.getPeerX509Certificate();
  return {
    peer: {
      commonName: String([subject.CN ?? ""].flat()[0]),
      organizations: [subject.O ?? []].flat(),
      uid: [subject["1.3.6.1.4.1.57683.2"] ?? []].flat()[0],
      fingerprint: shown.fingerprint256.replaceAll(":", "").toLowerCase(),
      notBeforeMs: Date.parse(shown.valid_from),
      notAfterMs: Date.parse(shown.valid_to),
      authorities: authorities.byName.filter(([, anchors]) => leadsTo(chain, anchors)).map(([name]) => name),
    },
  };
}

/** How long a chain may be. */
const chainMax = 10;

/** True if one of the anchors issued a certificate of the chain. TLS has checked the chain itself. */
function leadsTo(leaf: X509Certificate | undefined, anchors: readonly X509Certificate[]): boolean {
  let certificate = leaf;
  for (let depth = 0; certificate && depth < chainMax; depth++) {
    const current = certificate;
    if (anchors.some((anchor) => current.checkIssued(anchor) && current.verify(anchor.publicKey))) return true;
    const issuer = current.issuerCertificate;
    if (!issuer || issuer.fingerprint256 === current.fingerprint256) return false;
    certificate = issuer;
  }
  return false;
}
