// The server of `bench/flood.ts`, in a process of its own: two clients of one priority level. `on` or `off`: whether
// priority and fairness is.

import { createApiServer } from "../src/apiserver/mod.ts";
import { inProcess } from "../src/client/mod.ts";
import { createAuthority, issueCertificate } from "../src/cluster/certificates.ts";
import { machine } from "../src/host/mod.ts";
import { openMemoryStore } from "../src/store/mod.ts";

const server = await createApiServer({
  store: await openMemoryStore(),
  ...machine,
  tokenFile: "flood,flood,1\npolite,polite,2",
  authorizationModes: ["AlwaysAllow"],
  // Without it nobody is limited at all, as before there was such a thing.
  flowControl: process.argv[2] === "on" ? {} : { enabled: false, requestsMax: 0, mutatingRequestsMax: 0 },
});
const client = inProcess(server.handler, { username: "bench", groups: ["system:masters"] });
for (let index = 0; index < 2000; index++) {
  const metadata = { name: `map-${index}`, namespace: "default", labels: { number: String(index) } };
  await client.create("configmaps", { apiVersion: "v1", kind: "ConfigMap", metadata, data: {} });
}
const authority = await createAuthority("bench", Date.now());
const identity = await issueCertificate(authority, { commonName: "bench", names: ["127.0.0.1"] }, Date.now());
const listener = await machine.net.listenHttp({ host: "127.0.0.1", port: 0, tls: { identity } }, server.handler);
process.send!(`https://127.0.0.1:${listener.port}`);
