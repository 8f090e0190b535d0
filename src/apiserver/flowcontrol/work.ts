import type { Route } from "../http/route.ts";

/** Objects that are listed for one seat. */
const objectsPerSeat = 100;

/** The most seats that one list takes. */
const listSeatsMax = 10;

/** The part of a level that one request may take. */
const levelPartMax = 0.15;

/**
 * How many seats a request takes (API priority and fairness, "Seats occupied by a request"): lists by how much they read,
 * everything else one. `stored` says how many objects of the resource there are; `levelSeats` is what its level has.
 */
export function seatsOf({ verb, query, resource }: Route, stored: () => number, levelSeats: number): number {
  if (verb !== "list" || !resource || resource.name !== undefined) return 1;
  // One object by its name.
  if (query.get("fieldSelector")?.includes("metadata.name=")) return 1;
  const limit = Number(query.get("limit") ?? 0);
  const all = stored();
  const read = limit > 0 ? Math.min(limit, all) : all;
  const max = Math.max(1, Math.min(listSeatsMax, Math.ceil(levelSeats * levelPartMax)));
  return Math.min(max, Math.max(1, Math.ceil(read / objectsPerSeat)));
}

const longSubresources = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/** Whether a request lasts as long as its client likes. */
export function isLongRunning({ verb, resource, path }: Route): boolean {
  if (resource) return verb === "watch" || verb === "proxy" || longSubresources.has(resource.subresource ?? "");
  return path.startsWith("/debug/pprof/");
}
