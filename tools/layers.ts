// Which room may import which. The table is the law; `layers.test.ts` holds the code against it.

/** A room → the rooms that it may import through their doors (base and api by file). */
export const layers: Record<string, readonly string[]> = {
  base: [],
  host: ["base"],
  store: ["base"],
  api: ["base"],
  client: ["base", "api"],
  apiserver: ["base", "api", "store"],
  controllers: ["base", "api", "client"],
  scheduler: ["base", "api", "client"],
  kubelet: ["base", "api", "client"],
  proxy: ["base", "api", "client"],
  dns: ["base", "api", "client"],
  network: ["base", "api", "client"],
  kubectl: ["base", "api", "client"],
  dashboard: ["base", "api", "client"],
  cluster: [
    "base",
    "host",
    "store",
    "api",
    "client",
    "apiserver",
    "controllers",
    "scheduler",
    "kubelet",
    "proxy",
    "dns",
    "network",
  ],
};

/** Rooms whose files others import directly. All others have a door, `mod.ts`. */
export const openRooms = new Set(["base", "api"]);

/** Rooms that may import `node:` modules and touch the machine. */
export const machineRooms = new Set(["host"]);
