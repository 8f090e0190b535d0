// The two servers of `bench/http.ts`, each in a process of its own.

import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { createApiServer } from "../src/apiserver/mod.ts";
import { inProcess } from "../src/client/mod.ts";
import { createAuthority, issueCertificate } from "../src/cluster/certificates.ts";
import { machine } from "../src/host/mod.ts";
import { openMemoryStore } from "../src/store/mod.ts";

const masters = { username: "bench", groups: ["system:masters"] };

const server = await createApiServer({
  store: await openMemoryStore(),
  ...machine,
  tokenFile: 'bench,bench,1,"system:masters"',
});
const client = inProcess(server.handler, masters);
await client.create("serviceaccounts", {
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { name: "default", namespace: "default" },
});
const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "bench", namespace: "default" },
  spec: { containers: [{ name: "c", image: "busybox" }] },
};
await client.create("pods", pod);
const authority = await createAuthority("bench", Date.now());
const identity = await issueCertificate(authority, { commonName: "bench", names: ["127.0.0.1"] }, Date.now());

if (process.argv[2] === "api") {
  const listener = await machine.net.listenHttp(
    { host: "127.0.0.1", port: 0, tls: { identity, clientCa: authority.certificate } },
    server.handler,
  );
  process.send!(`https://127.0.0.1:${listener.port}`);
} else {
  const bytes = Buffer.from(JSON.stringify(await client.get("pods", { namespace: "default", name: "bench" })));
  const bare = http2.createSecureServer({ allowHTTP1: true, cert: identity.certificate, key: identity.key });
  bare.on("request", (_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
    response.end(bytes);
  });
  bare.listen(0, "127.0.0.1", () => process.send!(`https://127.0.0.1:${(bare.address() as AddressInfo).port}`));
}
