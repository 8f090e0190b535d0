import type { TlsIdentity } from "../base/http.ts";
import type { Clock, Disk } from "../base/world.ts";

/** The cluster's certificates and keys: made once, then read from its data directory. */
export interface Pki {
  /** The authority that everything in the cluster trusts. */
  ca: string;
  server: TlsIdentity;
  /** The user `kubernetes-admin` in `system:masters`. */
  admin: TlsIdentity;
  /** How the API server shows itself to kubelets. */
  kubeletClient: TlsIdentity;
  /** How the API server shows itself to extension servers, and the authority of its own that they believe. */
  frontProxyClient: TlsIdentity;
  frontProxyCa: string;
  controllerManager: TlsIdentity;
  scheduler: TlsIdentity;
  proxy: TlsIdentity;
  kubelet: TlsIdentity;
  serviceAccountKey: string;
}

export interface PkiFacts {
  /** The node's name and addresses by which the server is reached. */
  nodeName: string;
  serverNames: readonly string[];
}

const identities = {
  server: "apiserver",
  admin: "admin",
  kubeletClient: "apiserver-kubelet-client",
  frontProxyClient: "front-proxy-client",
  controllerManager: "controller-manager",
  scheduler: "scheduler",
  proxy: "proxy",
  kubelet: "kubelet",
} as const;

/** Reads the certificates of a data directory, making those that are missing. */
export async function openPki(directory: string, facts: PkiFacts, disk: Disk, clock: Clock): Promise<Pki> {
  const known = await readPki(directory, facts, disk);
  if (known) return known;
  await disk.makeDirectory(directory, { mode: 0o700 });
  // Loading the certificate library takes long: only who needs it pays.
  const { createAuthority, createSigningKey, issueCertificate } = await import("./certificates.ts");
  const now = clock.now();
  const authority = (await readIdentity(directory, "ca", disk)) ?? (await createAuthority("kubernetes", now));
  // Whoever has a certificate of this authority may say who asks: it signs nothing else.
  const frontProxies =
    (await readIdentity(directory, "front-proxy-ca", disk)) ?? (await createAuthority("front-proxy-ca", now));
  const node = `system:node:${facts.nodeName}`;
  const requests: Record<keyof typeof identities, Parameters<typeof issueCertificate>[1]> = {
    server: { commonName: "kube-apiserver", names: facts.serverNames },
    admin: { commonName: "kubernetes-admin", organizations: ["system:masters"] },
    kubeletClient: { commonName: "kube-apiserver-kubelet-client", organizations: ["system:masters"] },
    frontProxyClient: { commonName: "front-proxy-client" },
    controllerManager: { commonName: "system:kube-controller-manager" },
    scheduler: { commonName: "system:kube-scheduler" },
    proxy: { commonName: "system:kube-proxy" },
    kubelet: { commonName: node, organizations: ["system:nodes"], names: facts.serverNames },
  };
  await writeIdentity(directory, "ca", authority, disk);
  await writeIdentity(directory, "front-proxy-ca", frontProxies, disk);
  const issued = {} as Record<keyof typeof identities, TlsIdentity>;
  for (const [name, file] of Object.entries(identities) as [keyof typeof identities, string][]) {
    const issuer = name === "frontProxyClient" ? frontProxies : authority;
    issued[name] = await issueCertificate(issuer, requests[name], now);
    await writeIdentity(directory, file, issued[name], disk);
  }
  const keyPath = `${directory}/sa.key`;
  if (!(await disk.stat(keyPath))) await disk.replace(keyPath, await createSigningKey(), { mode: 0o600 });
  await disk.replace(`${directory}/names`, namesLine(facts));
  const serviceAccountKey = await disk.readText(keyPath);
  return { ca: authority.certificate, frontProxyCa: frontProxies.certificate, ...issued, serviceAccountKey };
}

/** What the certificates were issued for: another address needs other ones. */
function namesLine({ nodeName, serverNames }: PkiFacts): string {
  return `${nodeName} ${serverNames.join(" ")}\n`;
}

async function readPki(directory: string, facts: PkiFacts, disk: Disk): Promise<Pki | undefined> {
  const names = await disk.stat(`${directory}/names`);
  if (!names || (await disk.readText(`${directory}/names`)) !== namesLine(facts)) return undefined;
  const read = await Promise.all(Object.values(identities).map((file) => readIdentity(directory, file, disk)));
  if (read.some((identity) => identity === undefined)) return undefined;
  const entries = Object.keys(identities).map((name, index) => [name, read[index]!] as const);
  const [ca, frontProxyCa, serviceAccountKey] = await Promise.all([
    disk.readText(`${directory}/ca.crt`),
    disk.readText(`${directory}/front-proxy-ca.crt`),
    disk.readText(`${directory}/sa.key`),
  ]);
  const issued = Object.fromEntries(entries) as Record<keyof typeof identities, TlsIdentity>;
  return { ca, frontProxyCa, ...issued, serviceAccountKey };
}

async function readIdentity(directory: string, file: string, disk: Disk): Promise<TlsIdentity | undefined> {
  if (!(await disk.stat(`${directory}/${file}.key`))) return undefined;
  const [certificate, key] = await Promise.all([
    disk.readText(`${directory}/${file}.crt`),
    disk.readText(`${directory}/${file}.key`),
  ]);
  return { certificate, key };
}

async function writeIdentity(directory: string, file: string, identity: TlsIdentity, disk: Disk): Promise<void> {
  await disk.replace(`${directory}/${file}.crt`, identity.certificate);
  // The key comes last: with it there, the pair is whole.
  await disk.replace(`${directory}/${file}.key`, identity.key, { mode: 0o600 });
}

/** Issues certificates for requests with the authority of a data directory, which is read each time: keys stay on disk. */
export function signerOf(directory: string, disk: Disk, clock: Clock) {
  return async (request: { pem: string; usages: readonly string[]; seconds?: number }): Promise<string> => {
    const authority = await readIdentity(directory, "ca", disk);
    if (!authority) throw new Error(`sign certificate request: no authority in ${directory}`);
    const { signRequest } = await import("./certificates.ts");
    return signRequest(authority, request, clock.now());
  };
}
