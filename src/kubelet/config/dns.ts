import type { Pod } from "../pods/pod.ts";

export interface DnsConfig {
  servers: string[];
  searches: string[];
  options: string[];
}

export interface DnsNode {
  clusterDns: readonly string[];
  clusterDomain: string;
  /** The node's own resolv.conf. */
  host: DnsConfig;
}

/** Reads a resolv.conf (resolv.conf(5)). Pure. */
export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver" && rest[0]) config.servers.push(rest[0]);
    // The last `search` counts.
    else if (word === "search")
      config.searches = rest.map((domain) => (domain === "." ? domain : domain.replace(/\.$/, "")));
    else if (word === "options") config.options = rest;
  }
  return config;
}

/** What a pod's resolv.conf says, by its dnsPolicy (DNS for Services and Pods, "Pod's DNS Policy"). Pure. */
export function podDns({ metadata, spec }: Pod, node: DnsNode): DnsConfig {
  const policy = spec.dnsPolicy ?? "ClusterFirst";
  const inCluster = policy === "ClusterFirstWithHostNet" || (policy === "ClusterFirst" && !spec.hostNetwork);
  const base = inCluster && node.clusterDns.length > 0 ? clusterDns(metadata.namespace ?? "", node) : node.host;
  const from = policy === "None" ? { servers: [], searches: [], options: [] } : base;
  const extra = spec.dnsConfig ?? {};
  const options = new Map(from.options.map((option) => [option.split(":")[0]!, option]));
  for (const { name, value } of extra.options ?? []) options.set(name, value ? `${name}:${value}` : name);
  return {
    servers: unique([...from.servers, ...(extra.nameservers ?? [])]),
    searches: unique([...from.searches, ...(extra.searches ?? [])]),
    options: [...options.values()],
  };
}

function clusterDns(namespace: string, node: DnsNode): DnsConfig {
  const domain = node.clusterDomain;
  const searches = domain ? [`${namespace}.svc.${domain}`, `svc.${domain}`, domain] : [];
  return {
    servers: [...node.clusterDns],
    searches: unique([...searches, ...node.host.searches]),
    options: ["ndots:5"],
  };
}

function unique(items: string[]): string[] {
  return [...new Set(items)];
}
