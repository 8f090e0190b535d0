import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/machinery/object.ts";
import { type DnsWorld, planAnswer } from "./answer.ts";

const service = (name: string, spec: object) =>
  ({ metadata: { name, namespace: "default" }, spec }) as unknown as KubeObject;

const services = new Map<string, KubeObject>([
  ["default/web", service("web", { clusterIP: "10.96.0.7", ports: [{ name: "http", port: 80, protocol: "TCP" }] })],
  ["default/db", service("db", { clusterIP: "None", ports: [{ name: "sql", port: 5432 }] })],
  ["default/empty", service("empty", { clusterIP: "None" })],
  ["default/out", service("out", { type: "ExternalName", externalName: "example.org" })],
]);

const dbSlice = {
  addressType: "IPv4",
  ports: [{ name: "sql", port: 5432, protocol: "TCP" }],
  endpoints: [
    { addresses: ["10.244.0.5"], hostname: "db-0", conditions: { ready: true } },
    { addresses: ["10.244.0.6"], conditions: { ready: true } },
    { addresses: ["10.244.0.7"], hostname: "db-2", conditions: { ready: false } },
  ],
} as unknown as KubeObject;

const world: DnsWorld = {
  domain: "cluster.local",
  service: (namespace, name) => services.get(`${namespace}/${name}`),
  slices: (_namespace, name) => (name === "db" ? [dbSlice] : []),
  hasNamespace: (name) => name === "default",
  serviceByIp: (ip) => (ip === "10.96.0.7" ? services.get("default/web") : undefined),
};

/** `A 10.96.0.7`, `nxdomain`, `nothing`, `elsewhere`. */
function show(name: string, type: string): string {
  const answer = planAnswer({ name, type }, world);
  if (answer.kind === "elsewhere") return "elsewhere";
  if (answer.nxdomain) return "nxdomain";
  const records = answer.answers.map(
    ({ type: kind, data }) => `${kind} ${typeof data === "object" ? `${data.target}:${data.port}` : data}`,
  );
  return records.join(", ") || "nothing";
}

function check(name: string, type: string, wanted: string): void {
  test(`${type} ${name}: ${wanted}`, () => assert.equal(show(name, type), wanted));
}

check("web.default.svc.cluster.local", "A", "A 10.96.0.7");
check("web.default.svc.cluster.local", "AAAA", "nothing");
check("none.default.svc.cluster.local", "A", "nxdomain");
check("web.other.svc.cluster.local", "A", "nxdomain");
check("_http._tcp.web.default.svc.cluster.local", "SRV", "SRV web.default.svc.cluster.local:80");
check("_http._udp.web.default.svc.cluster.local", "SRV", "nxdomain");
check("db.default.svc.cluster.local", "A", "A 10.244.0.5, A 10.244.0.6");
check("db-0.db.default.svc.cluster.local", "A", "A 10.244.0.5");
check("db-2.db.default.svc.cluster.local", "A", "nxdomain");
check("10-244-0-6.db.default.svc.cluster.local", "A", "A 10.244.0.6");
check(
  "_sql._tcp.db.default.svc.cluster.local",
  "SRV",
  "SRV db-0.db.default.svc.cluster.local:5432, SRV 10-244-0-6.db.default.svc.cluster.local:5432",
);
check("empty.default.svc.cluster.local", "A", "nxdomain");
check("out.default.svc.cluster.local", "A", "CNAME example.org");
check("10-244-0-9.default.pod.cluster.local", "A", "A 10.244.0.9");
check("10-244-0-9.other.pod.cluster.local", "A", "nxdomain");
check("7.0.96.10.in-addr.arpa", "PTR", "PTR web.default.svc.cluster.local");
check("9.0.96.10.in-addr.arpa", "PTR", "elsewhere");
check("dns-version.cluster.local", "TXT", "TXT 1.1.0");
check("example.org", "A", "elsewhere");
check("web.default.svc.cluster.local.example.org", "A", "elsewhere");
