import { type ApiServer, createApiServer } from "../apiserver/mod.ts";
import type { HttpListener, TlsIdentity } from "../base/http.ts";
import type { Disk } from "../base/world.ts";
import type { Machine } from "../host/mod.ts";
import {
  admissionFlags,
  admissionOff,
  authFlags,
  authOptions,
  durationOf,
  requestFlags,
  requestOptions,
  resourceFlags,
  resourcesOf,
} from "./apiserver_flags.ts";
import { encryptionFlags, encryptionOf } from "./encryption.ts";
import type { FlagTable, ParsedFlags } from "./flags.ts";
import { etcdFlags, openFlaggedStore } from "./store.ts";

/** The flags of `typernetes apiserver`, named as kube-apiserver's. */
export const apiServerFlags: FlagTable = {
  "data-dir": { type: "string", help: "Where the store lies; in memory if absent" },
  "etcd-servers": { type: "strings", help: "URLs of an etcd cluster's members: the store, instead of --data-dir" },
  ...etcdFlags,
  ...encryptionFlags,
  "bind-address": { type: "string", default: "127.0.0.1", help: "The address to listen on" },
  "secure-port": { type: "number", default: 6443, help: "The port to serve HTTPS on" },
  "tls-cert-file": { type: "string", help: "PEM certificate to serve with; made by an authority of its own if absent" },
  "tls-private-key-file": { type: "string", help: "PEM key of --tls-cert-file" },
  "service-cluster-ip-range": { type: "string", default: "10.96.0.0/16", help: "Where Services' addresses come from" },
  "service-node-port-range": { type: "string", default: "30000-32767", help: "Where node ports come from" },
  "proxy-client-cert-file": { type: "string", help: "PEM certificate to show to extension servers" },
  "proxy-client-key-file": { type: "string", help: "PEM key of --proxy-client-cert-file" },
  ...authFlags,
  ...requestFlags,
  ...resourceFlags,
  ...admissionFlags,
  "cert-dir": { type: "string", help: "Where certificates are kept that are made here; --data-dir if absent" },
  "kubelet-client-certificate": { type: "string", help: "PEM certificate to show to kubelets" },
  "kubelet-client-key": { type: "string", help: "PEM key of --kubelet-client-certificate" },
  "kubelet-certificate-authority": {
    type: "string",
    help: "PEM bundle that kubelets' certificates are checked against",
  },
  "advertise-address": { type: "string", help: "The address that the cluster reaches this server by" },
};

/** A running API server and where it listens. */
export interface Served extends AsyncDisposable {
  server: ApiServer;
  listener: HttpListener;
}

/** Starts the API server alone, from flags. */
export async function runApiServer(
  flags: ParsedFlags,
  machine: Machine,
  report: (error: unknown) => void,
): Promise<Served> {
  const { disk } = machine;
  const keptDir = flags.string("cert-dir") || flags.string("data-dir");
  const store = await openFlaggedStore(flags, machine);
  const host = flags.string("bind-address")!;
  const secrets = await secretsFor(flags, machine, keptDir);
  const auth = await authOptions(flags, disk);
  const delayMs = durationOf(flags, "shutdown-delay-duration");
  const encryption = await encryptionOf(flags, disk, report);
  const server = await createApiServer({
    store,
    resources: resourcesOf(flags),
    encryption: encryption?.encryption,
    ...machine,
    ...auth,
    ...(await requestOptions(flags, disk)),
    flags: givenFlags(flags),
    admissionOff: admissionOff(flags),
    kubelet: await kubeletOf(flags, disk),
    proxyClient: await identityOf(flags, disk, "proxy-client-cert-file", "proxy-client-key-file"),
    clientCa: secrets.clientCa,
    serviceAccountKey: secrets.serviceAccountKey,
    serviceCidr: flags.string("service-cluster-ip-range"),
    nodePorts: portRange(flags.string("service-node-port-range")!),
    report: (error) => report(error),
  });
  const clientCa = {
    ...(secrets.clientCa ? { client: secrets.clientCa } : {}),
    ...(auth.requestHeaderCa ? { requestHeader: auth.requestHeaderCa } : {}),
  };
  const tls = { identity: secrets.identity, ...(Object.keys(clientCa).length > 0 ? { clientCa } : {}) };
  const listener = await machine.net.listenHttp({ host, port: flags.number("secure-port")!, tls }, server.handler);
  await server.publish(flags.string("advertise-address") ?? reachable(host), listener.port);
  return {
    server,
    listener,
    async [Symbol.asyncDispose]() {
      server.announceShutdown();
      // Load balancers need time to see it.
      if (delayMs > 0) await machine.clock.sleep(delayMs);
      await listener[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      encryption?.[Symbol.dispose]();
    },
  };
}

/** How kubelets are reached. */
async function kubeletOf(flags: ParsedFlags, disk: Disk): Promise<{ identity?: TlsIdentity; ca?: string }> {
  const ca = flags.string("kubelet-certificate-authority");
  return {
    identity: await identityOf(flags, disk, "kubelet-client-certificate", "kubelet-client-key"),
    ca: ca ? await disk.readText(ca) : undefined,
  };
}

/** A certificate and its key, if both flags are given. */
async function identityOf(
  flags: ParsedFlags,
  disk: Disk,
  certificateFlag: string,
  keyFlag: string,
): Promise<TlsIdentity | undefined> {
  const [certificate, key] = [flags.string(certificateFlag), flags.string(keyFlag)];
  if (!certificate || !key) return undefined;
  return { certificate: await disk.readText(certificate), key: await disk.readText(key) };
}

/** Every flag's value, as `/flagz` tells it. */
function givenFlags(flags: ParsedFlags): Record<string, string> {
  const shown = (name: string) =>
    apiServerFlags[name]!.type === "strings" ? flags.strings(name).join(",") : (flags.string(name) ?? "");
  return Object.fromEntries(Object.keys(apiServerFlags).map((name) => [name, shown(name)]));
}

/** The address that is listened on, if others than this machine can reach it. */
function reachable(host: string): string | undefined {
  return /^(127\.|0\.0\.0\.0$|::1?$|localhost$)/.test(host) ? undefined : host;
}

/** `30000-32767`. Throws for anything else. */
export function portRange(text: string): { first: number; last: number } {
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (!match) throw new Error(`port range ${JSON.stringify(text)}: wanted first-last, such as 30000-32767`);
  return { first: Number(match[1]), last: Number(match[2]) };
}

async function secretsFor(
  flags: ParsedFlags,
  machine: Machine,
  keptDir: string | undefined,
): Promise<{ identity: TlsIdentity; clientCa?: string; serviceAccountKey: string }> {
  const { disk, clock } = machine;
  const [certFile, keyFile, caFile, signing] = [
    "tls-cert-file",
    "tls-private-key-file",
    "client-ca-file",
    "service-account-signing-key-file",
  ].map((name) => flags.string(name));
  const clientCa = caFile ? await disk.readText(caFile) : undefined;
  // Loaded only to make something: reading what is there is quicker.
  const library = () => import("./certificates.ts");
  const serviceAccountKey = signing
    ? await disk.readText(signing)
    : await keptText(disk, keptDir && `${keptDir}/sa.key`, async () => (await library()).createSigningKey());
  if (certFile && keyFile) {
    return {
      identity: { certificate: await disk.readText(certFile), key: await disk.readText(keyFile) },
      clientCa,
      serviceAccountKey,
    };
  }
  const pair = await keptText(disk, keptDir && `${keptDir}/serving.json`, async () => {
    const { createAuthority, issueCertificate } = await library();
    const authority = await createAuthority("typernetes", clock.now());
    const names = ["localhost", "127.0.0.1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
    const identity = await issueCertificate(authority, { commonName: "kube-apiserver", names }, clock.now());
    return JSON.stringify({ identity, ca: authority });
  });
  const { identity, ca } = JSON.parse(pair) as { identity: TlsIdentity; ca: TlsIdentity };
  if (keptDir) await disk.replace(`${keptDir}/ca.crt`, ca.certificate);
  return { identity, clientCa: clientCa ?? ca.certificate, serviceAccountKey };
}

/** The text of a file, made and kept if it is not there; made afresh each time without a path. */
async function keptText(disk: Disk, path: string | undefined, make: () => Promise<string>): Promise<string> {
  if (path && (await disk.stat(path))) return disk.readText(path);
  const text = await make();
  if (path) await disk.replace(path, text, { mode: 0o600 });
  return text;
}
