import { type Cidr, contains, parseCidr, parseIp } from "../../api/machinery/ip.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { formatTime } from "../../api/machinery/time.ts";
import { type Action, type Controller, requeueAfter, type View } from "../../client/mod.ts";

const ranges = "servicecidrs.networking.k8s.io";
const addresses = "ipaddresses.networking.k8s.io";
const finalizer = "networking.k8s.io/service-cidr-finalizer";

/** So long are allocators given to hear of a deletion, in milliseconds. */
const deletionGraceMs = 10_000;

const orphansMessage =
  "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";

/** Says which ranges of Services' addresses are ready, and keeps one that is being deleted while it is needed (KEP-1880). */
export const serviceCidrController: Controller = {
  name: "service-cidr",
  account: "service-cidrs-controller",
  primary: ranges,
  watches: [
    // Another range may take over the addresses of one that is to go.
    { resource: ranges, keys: (_, view) => leaving(view) },
    { resource: addresses, keys: (_, view) => leaving(view) },
  ],
  plan: planServiceCidr,
};

function leaving(view: View): string[] {
  const all = Array.from(view.list(ranges));
  return all.flatMap(({ metadata }) => (metadata.deletionTimestamp ? [metadata.name] : []));
}

/** Plans one range. Pure. */
export function planServiceCidr(range: KubeObject, view: View): Action[] {
  const { metadata } = range;
  const finalizers = metadata.finalizers ?? [];
  if (metadata.deletionTimestamp === undefined) {
    if (!finalizers.includes(finalizer)) return [withFinalizers(range, [...finalizers, finalizer])];
    return withReady(range, view, { status: "True", reason: "", message: "Kubernetes Service CIDR is ready" });
  }
  if (!finalizers.includes(finalizer)) return [];
  if (hasOrphans(range, view)) {
    return withReady(range, view, { status: "False", reason: "Terminating", message: orphansMessage });
  }
  const leftMs = Date.parse(metadata.deletionTimestamp) + deletionGraceMs - view.now;
  if (leftMs > 0) return [requeueAfter(leftMs)];
  return [
    withFinalizers(
      range,
      finalizers.filter((each) => each !== finalizer),
    ),
  ];
}

function withFinalizers(range: KubeObject, finalizers: string[]): Action {
  return { do: "update", resource: ranges, object: { ...range, metadata: { ...range.metadata, finalizers } } };
}

function withReady(
  range: KubeObject,
  view: View,
  wanted: { status: string; reason: string; message: string },
): Action[] {
  const conditions: any[] = range.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === "Ready");
  const said = before && (["status", "reason", "message"] as const).every((key) => before[key] === wanted[key]);
  // The server that made a range may have said so in its own words.
  if (said || (wanted.status === "True" && before?.status === "True")) return [];
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : formatTime(view.now);
  const ready = { type: "Ready", ...wanted, lastTransitionTime };
  const status = { ...range.status, conditions: [...conditions.filter((each) => each !== before), ready] };
  return [{ do: "update", resource: ranges, object: { ...range, status }, subresource: "status" }];
}

const cidrsOf = (range: KubeObject): Cidr[] =>
  (range.spec?.cidrs ?? []).flatMap((text: string) => parseCidr(text) ?? []);

/** Whether a Service has an address of this range that no other range holds. */
function hasOrphans(range: KubeObject, view: View): boolean {
  const own = cidrsOf(range);
  const others = Array.from(view.list(ranges))
    .filter(({ metadata }) => metadata.name !== range.metadata.name && metadata.deletionTimestamp === undefined)
    .flatMap(cidrsOf);
  for (const { metadata } of view.list(addresses)) {
    const ip = parseIp(metadata.name);
    if (!ip || !own.some((cidr) => contains(cidr, ip))) continue;
    if (!others.some((cidr) => contains(cidr, ip))) return true;
  }
  return false;
}
