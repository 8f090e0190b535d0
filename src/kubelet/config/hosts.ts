import type { Pod } from "../pods/pod.ts";

/** Kubernetes' limits for a host name and for one that is a full domain name. */
const hostnameLengthMax = 63;
const fqdnLengthMax = 64;

export interface PodHostname {
  hostname: string;
  /** Empty if the pod has no subdomain. */
  fqdn: string;
}

/** A pod's host name and, with a subdomain, its full one. Throws if a full name is too long to be a host name. Pure. */
export function podHostname({ metadata, spec }: Pod, clusterDomain: string): PodHostname {
  if (spec.hostnameOverride) return { hostname: spec.hostnameOverride, fqdn: "" };
  const hostname = (spec.hostname || metadata.name).slice(0, hostnameLengthMax).replace(/[-.]+$/, "");
  if (!spec.subdomain) return { hostname, fqdn: "" };
  const fqdn = `${hostname}.${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}`;
  if (!spec.setHostnameAsFQDN) return { hostname, fqdn };
  if (fqdn.length > fqdnLengthMax) {
    const limit = `it is ${fqdn.length} characters long, but must not be longer than ${fqdnLengthMax}`;
    throw new Error(
      `failed to construct FQDN from Pod hostname and cluster domain, FQDN ${fqdn} is too long (${limit})`,
    );
  }
  return { hostname: fqdn, fqdn };
}

/** The /etc/hosts of a pod's containers. `hostFile` is the node's, for pods in its network. Pure. */
export function podHosts(pod: Pod, ips: readonly string[], names: PodHostname, hostFile: string): string {
  const aliases = hostAliases(pod);
  if (pod.spec.hostNetwork) return `# Kubernetes-managed hosts file (host network).\n${hostFile}${aliases}`;
  const own = ips.map((ip) =>
    names.fqdn && names.fqdn !== names.hostname
      ? `${ip}\t${names.fqdn}\t${names.hostname}`
      : `${ip}\t${names.hostname}`,
  );
  const lines = [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
    ...own,
  ];
  return `${lines.join("\n")}\n${aliases}`;
}

function hostAliases({ spec }: Pod): string {
  const aliases = spec.hostAliases ?? [];
  if (aliases.length === 0) return "";
  const lines = aliases.map(({ ip, hostnames }) => [ip, ...(hostnames ?? [])].join("\t"));
  return `\n# Entries added by HostAliases.\n${lines.join("\n")}\n`;
}
