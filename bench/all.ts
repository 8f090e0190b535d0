// `npm run bench`: ratios against the limit in the same run.

import { benchHttp } from "./http.ts";
import { benchStore } from "./store.ts";

await benchStore();
await benchHttp();
process.exit(0);
