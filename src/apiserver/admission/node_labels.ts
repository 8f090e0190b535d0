/** Labels of Kubernetes' own that a kubelet may set on its node (Well-known labels, NodeRestriction). */
const kubeletLabels = new Set([
  "kubernetes.io/hostname",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
  "beta.kubernetes.io/instance-type",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "node.kubernetes.io/windows-build",
]);

const ownDomains = ["kubernetes.io", "k8s.io"];
const kubeletDomains = ["kubelet.kubernetes.io", "node.kubernetes.io"];

type Labels = Record<string, string>;

/** The labels that a kubelet must not add, change or take away, sorted. Those of others than Kubernetes are free. */
export function forbiddenNodeLabels(next: Labels, previous: Labels): string[] {
  const keys = new Set([...Object.keys(next), ...Object.keys(previous)]);
  const changed = [...keys].filter((key) => next[key] !== previous[key]);
  return changed.filter((key) => isIn(key, ownDomains) && !kubeletLabels.has(key) && !isIn(key, kubeletDomains)).sort();
}

function isIn(key: string, domains: readonly string[]): boolean {
  const slash = key.indexOf("/");
  if (slash < 0) return false;
  const namespace = key.slice(0, slash);
  return domains.some((domain) => namespace === domain || namespace.endsWith(`.${domain}`));
}
