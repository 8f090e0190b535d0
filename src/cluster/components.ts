import { accessFrom, type Client, overHttp, parseKubeconfig } from "../client/mod.ts";
import type { ControllersOptions } from "../controllers/mod.ts";
import { type Machine, rpcClient, type Self, spdyClient } from "../host/mod.ts";
import { containerdEventsProto, criProto, criRuntime, startKubelet } from "../kubelet/mod.ts";
import { startProxy } from "../proxy/mod.ts";
import { type FlagTable, type ParsedFlags, parseFlags } from "./flags.ts";

type Report = (error: unknown) => void;

const kubeconfigFlag: FlagTable = { kubeconfig: { type: "string", help: "How to reach the API server" } };

/** The flags of each component that runs alone, named as Kubernetes' own. */
export const componentFlags: Record<string, FlagTable> = {
  scheduler: {
    ...kubeconfigFlag,
    "scheduler-name": { type: "string", default: "default-scheduler", help: "Pods that name it are its business" },
  },
  "controller-manager": {
    ...kubeconfigFlag,
    controllers: { type: "strings", help: "The controllers to run; all if absent" },
    "cluster-cidr": { type: "string", default: "10.244.0.0/16", help: "Addresses of pods" },
    "cluster-signing-cert-file": { type: "string", help: "PEM certificate of the authority that issues certificates" },
    "cluster-signing-key-file": { type: "string", help: "PEM key of the authority that issues certificates" },
    "root-ca-file": { type: "string", help: "PEM bundle that pods are given to trust the API server" },
    "service-account-private-key-file": { type: "string", help: "PEM key that tokens in Secrets are signed with" },
    "leader-elect": { type: "boolean", default: true, help: "Work only while holding the lease" },
  },
  proxy: {
    ...kubeconfigFlag,
    "hostname-override": { type: "string", help: "The node's name; the machine's if absent" },
    "cluster-cidr": { type: "string", default: "10.244.0.0/24", help: "Addresses of this node's pods" },
  },
  kubelet: {
    ...kubeconfigFlag,
    "hostname-override": { type: "string", help: "The node's name; the machine's if absent" },
    "node-ip": { type: "string", default: "127.0.0.1", help: "The node's address" },
    port: { type: "number", default: 10250, help: "The port of the kubelet's API" },
    "root-dir": { type: "string", default: "/var/lib/kubelet", help: "Where the kubelet keeps its files" },
    "container-runtime-endpoint": {
      type: "string",
      default: "unix:///run/containerd/containerd.sock",
      help: "The runtime's CRI socket",
    },
    "cluster-dns": { type: "strings", help: "Where pods ask for names" },
    "cluster-domain": { type: "string", default: "cluster.local", help: "The domain of the cluster" },
    "tls-cert-file": { type: "string", help: "PEM certificate to serve with" },
    "tls-private-key-file": { type: "string", help: "PEM key of --tls-cert-file" },
    "client-ca-file": { type: "string", help: "PEM bundle that clients' certificates are checked against" },
  },
};

/** Runs one component against any Kubernetes API until asked to end. */
export async function runComponent(
  component: string,
  args: readonly string[],
  machine: Machine,
  self: Self,
  report: Report,
): Promise<void> {
  const flags = parseFlags(args, componentFlags[component]!);
  const client = await clientFrom(flags, component, machine, self);
  await using stack = new AsyncDisposableStack();
  const { clock, random } = machine;
  switch (component) {
    case "scheduler": {
      const { startScheduler } = await import("../scheduler/mod.ts");
      stack.use(await startScheduler({ client, clock, random, report, schedulerName: flags.string("scheduler-name") }));
      break;
    }
    case "controller-manager": {
      const { startControllers } = await import("../controllers/mod.ts");
      const caFile = flags.string("root-ca-file");
      const options = {
        rootCa: caFile ? await machine.disk.readText(caFile) : "",
        sign: await signerFrom(flags, machine),
        signToken: await tokenSignerFrom(flags, machine),
        clusterCidr: flags.string("cluster-cidr")!,
      };
      const names = flags.strings("controllers");
      const leaderElect = flags.boolean("leader-elect") ? { identity: `${self.hostname()}_${self.pid}` } : undefined;
      stack.use(
        startControllers({
          client,
          clock,
          random,
          report,
          options,
          leaderElect,
          ...(names.length > 0 ? { names } : {}),
        }),
      );
      break;
    }
    case "proxy":
      stack.use(await startProxyAlone(flags, client, machine, self, report));
      break;
    default:
      await startKubeletAlone(flags, client, machine, self, stack);
  }
  await self.asked();
}

/** Issues certificates by the authority that the flags name; undefined if they name none. */
async function signerFrom(
  flags: ParsedFlags,
  { disk, clock }: Machine,
): Promise<NonNullable<ControllersOptions["options"]>["sign"]> {
  const [certFile, keyFile] = [flags.string("cluster-signing-cert-file"), flags.string("cluster-signing-key-file")];
  if (!certFile || !keyFile) return undefined;
  const [certificate, key] = await Promise.all([disk.readText(certFile), disk.readText(keyFile)]);
  return async (request) => {
    const { signRequest } = await import("./certificates.ts");
    return signRequest({ certificate, key }, request, clock.now());
  };
}

async function tokenSignerFrom(
  flags: ParsedFlags,
  { disk }: Machine,
): Promise<NonNullable<ControllersOptions["options"]>["signToken"]> {
  const keyFile = flags.string("service-account-private-key-file");
  if (!keyFile) return undefined;
  const { accountTokenSigner } = await import("../apiserver/mod.ts");
  return accountTokenSigner(await disk.readText(keyFile));
}

async function clientFrom(flags: ParsedFlags, component: string, { disk, net }: Machine, self: Self): Promise<Client> {
  const path = flags.string("kubeconfig") ?? self.env.KUBECONFIG;
  if (!path) throw new Error(`${component}: --kubeconfig is needed: it says how to reach the API server`);
  const directory = path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || self.cwd();
  const access = await accessFrom(parseKubeconfig(await disk.readText(path)), disk, directory);
  return overHttp(net, { ...access, userAgent: `typernetes-${component}` });
}

async function startProxyAlone(
  flags: ParsedFlags,
  client: Client,
  machine: Machine,
  self: Self,
  report: Report,
): Promise<AsyncDisposable> {
  const { clock, exec, disk } = machine;
  const directory = "/run/typernetes-proxy";
  await disk.makeDirectory(directory, { mode: 0o700 });
  const nodeName = flags.string("hostname-override") ?? self.hostname();
  const podCidr = flags.string("cluster-cidr")!;
  return startProxy({ client, nodeClient: client, clock, exec, disk, nodeName, podCidr, directory, report });
}

async function startKubeletAlone(
  flags: ParsedFlags,
  client: Client,
  machine: Machine,
  self: Self,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { disk, exec, net, clock } = machine;
  const rpc = rpcClient({
    target: flags.string("container-runtime-endpoint")!,
    protos: [criProto, containerdEventsProto],
  });
  stack.defer(() => rpc.close());
  const port = flags.number("port")!;
  const kubelet = await startKubelet({
    client,
    ...machine,
    rpc: rpcClient,
    spdy: spdyClient,
    runtime: criRuntime(rpc, clock),
    machine: { disk, exec, dataDir: flags.string("root-dir")! },
    nodeName: flags.string("hostname-override") ?? self.hostname(),
    nodeIps: [flags.string("node-ip")!],
    port,
    clusterDns: flags.strings("cluster-dns"),
    clusterDomain: flags.string("cluster-domain"),
  });
  stack.defer(() => kubelet.stop());
  const [certFile, keyFile, caFile] = ["tls-cert-file", "tls-private-key-file", "client-ca-file"].map((name) =>
    flags.string(name),
  );
  const identity =
    certFile && keyFile
      ? { certificate: await disk.readText(certFile), key: await disk.readText(keyFile) }
      : await ownIdentity(flags, machine, self);
  const tls = { identity, clientCa: caFile ? await disk.readText(caFile) : undefined };
  stack.use(await net.listenHttp({ host: flags.string("node-ip")!, port, tls }, kubelet.handler));
}

/** A certificate of the kubelet's own making, as upstream's kubelet serves with when it is given none. */
async function ownIdentity(flags: ParsedFlags, { clock }: Machine, self: Self) {
  const { createAuthority, issueCertificate } = await import("./certificates.ts");
  const name = flags.string("hostname-override") ?? self.hostname();
  const authority = await createAuthority(`${name}-ca`, clock.now());
  return issueCertificate(authority, { commonName: name, names: [name, flags.string("node-ip")!] }, clock.now());
}
