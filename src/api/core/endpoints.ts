import { defineResource } from "../machinery/resource.ts";
import { ageColumn, firstFew, text } from "../parts/columns.ts";

interface Subset {
  addresses?: { ip: string }[];
  ports?: { port: number }[];
}

function joinAddress(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function endpointsText(object: { subsets?: Subset[] }): string {
  const points = (object.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => joinAddress(ip, port))),
  );
  return points.length === 0 ? "<none>" : firstFew(points);
}

export const endpoints = defineResource({
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  scope: "Namespaced",
  schema: "io.k8s.api.core.v1.Endpoints",
  storagePrefix: "services/endpoints",
  createOnUpdate: true,
  columns: [text<any>("Endpoints", endpointsText), ageColumn],
});
