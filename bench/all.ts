// `npm run bench`: ratios against the limit in the same run.

import { benchCluster } from "./cluster.ts";
import { benchFlood } from "./flood.ts";
import { benchHttp } from "./http.ts";
import { benchLoad } from "./load.ts";
import { benchStart } from "./start.ts";
import { benchStore } from "./store.ts";
import { benchWatchers } from "./watchers.ts";

const parts: Record<string, () => Promise<void>> = {
  store: benchStore,
  http: benchHttp,
  watchers: benchWatchers,
  flood: benchFlood,
  start: benchStart,
  load: benchLoad,
  cluster: benchCluster,
};
const wanted = process.argv.slice(2);
for (const [part, bench] of Object.entries(parts)) if (wanted.length === 0 || wanted.includes(part)) await bench();
process.exit(0);
