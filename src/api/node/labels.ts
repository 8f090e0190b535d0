// Labels of nodes that have other names now.

const oldNodeLabels: Readonly<Record<string, readonly [since: string, now: string]>> = {
  "beta.kubernetes.io/arch": ["v1.14", "kubernetes.io/arch"],
  "beta.kubernetes.io/os": ["v1.14", "kubernetes.io/os"],
  "failure-domain.beta.kubernetes.io/region": ["v1.17", "topology.kubernetes.io/region"],
  "failure-domain.beta.kubernetes.io/zone": ["v1.17", "topology.kubernetes.io/zone"],
  "beta.kubernetes.io/instance-type": ["v1.17", "node.kubernetes.io/instance-type"],
};

/** What a warning says of a label that has another name now; undefined for all others. */
export function oldNodeLabelText(key: string): string | undefined {
  const old = Object.hasOwn(oldNodeLabels, key) ? oldNodeLabels[key] : undefined;
  return old && `deprecated since ${old[0]}; use ${JSON.stringify(old[1])} instead`;
}
