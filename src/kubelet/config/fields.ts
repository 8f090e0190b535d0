import type { Container, Pod, Resources } from "../pods/pod.ts";
import { milliCpu, parseQuantity, wholeUnits } from "./quantity.ts";

/** A field of the pod for the downward API; throws on one that cannot be had. Pure. */
export function podField(pod: Pod, fieldPath: string): string {
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (subscript) return pod.metadata[subscript[1] as "labels" | "annotations"]?.[subscript[2]!] ?? "";
  switch (fieldPath) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid;
    case "metadata.labels":
      return formatMap(pod.metadata.labels);
    case "metadata.annotations":
      return formatMap(pod.metadata.annotations);
    case "spec.nodeName":
      return pod.spec.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "";
    case "status.hostIP":
      return pod.status?.hostIP ?? "";
    case "status.hostIPs":
      return (pod.status?.hostIPs ?? []).map(({ ip }) => ip).join(",");
    case "status.podIP":
      return pod.status?.podIP ?? "";
    case "status.podIPs":
      return (pod.status?.podIPs ?? []).map(({ ip }) => ip).join(",");
  }
  throw new Error(`unsupported fieldPath: ${fieldPath}`);
}

/** Labels or annotations as the downward API writes them: a sorted `key="value"` a line. */
export function formatMap(map: Record<string, string> | undefined): string {
  const lines = Object.entries(map ?? {}).map(([key, value]) => `${key}=${goQuote(value)}`);
  return lines.sort().join("\n");
}

/** A text quoted as Go's %q does it. */
export function goQuote(text: string): string {
  const escaped: Record<string, string> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\" };
  const hex = (char: string) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to be escaped.
  return `"${text.replace(/["\\\u0000-\u001f\u007f]/g, (char) => escaped[char] ?? hex(char))}"`;
}

/** A container's resource (`limits.cpu`) in units of the divisor, rounded up. Limits default to what the node has. */
export function resourceField(
  container: Container,
  resource: string,
  divisor: string | number | undefined,
  allocatable: Record<string, string>,
): string {
  const [kind, ...rest] = resource.split(".");
  const name = rest.join(".");
  if ((kind !== "limits" && kind !== "requests") || !name)
    throw new Error(`unsupported container resource : ${resource}`);
  const resources: Resources = container.resources ?? {};
  const fallback = kind === "limits" ? allocatable[name] : undefined;
  const quantity = resources[kind]?.[name] ?? fallback ?? 0;
  const unit = divisor === undefined || parseQuantity(divisor) === 0 ? 1 : parseQuantity(divisor);
  if (name === "cpu") return String(Math.ceil(milliCpu(quantity) / Math.round(unit * 1000)));
  return String(Math.ceil(wholeUnits(quantity) / unit));
}
