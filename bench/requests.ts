// What `bench/http.ts` asks, of both servers.

/** How many pods the lists have. */
export const listedPods = 3_000;

export interface BenchRequest {
  name: string;
  method: string;
  path(index: number): string;
  headers: Record<string, string>;
  body?(index: number): string;
  /** Requests of one round, and how many of them at once. */
  count: number;
  lanes: number;
}

/** A pod as people write them. */
export function pod(namespace: string, name: string) {
  const metadata = { name, namespace, labels: { app: "bench" } };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: { containers: [{ name: "c", image: "busybox" }] } };
}

const protobuf = { accept: "application/vnd.kubernetes.protobuf" };
const json = { accept: "application/json" };
const table = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
const pods = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`;

export const requests: readonly BenchRequest[] = [
  {
    name: "GET of a pod",
    method: "GET",
    path: () => `${pods("default")}/bench`,
    headers: json,
    count: 6_000,
    lanes: 32,
  },
  { name: `LIST of ${listedPods} pods`, method: "GET", path: () => pods("many"), headers: json, count: 60, lanes: 2 },
  {
    name: `LIST of ${listedPods} pods in protobuf`,
    method: "GET",
    path: () => pods("many"),
    headers: protobuf,
    count: 60,
    lanes: 2,
  },
  {
    name: `LIST of ${listedPods} pods as a table`,
    method: "GET",
    path: () => pods("many"),
    headers: table,
    count: 40,
    lanes: 2,
  },
  {
    name: "CREATE of a pod",
    method: "POST",
    path: () => pods("made"),
    headers: { ...json, "content-type": "application/json" },
    body: (index) => JSON.stringify(pod("made", `pod-${index}-${process.pid}`)),
    count: 2_000,
    lanes: 32,
  },
  {
    name: "PATCH of a pod",
    method: "PATCH",
    path: (index) => `${pods("many")}/pod-${index % listedPods}`,
    headers: { ...json, "content-type": "application/merge-patch+json" },
    body: (index) => JSON.stringify({ metadata: { annotations: { seen: String(index) } } }),
    count: 2_000,
    lanes: 32,
  },
];
