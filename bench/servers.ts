// The two servers of `bench/http.ts`, each in a process of its own: the API server, and a bare node:http2 server that
// gives the same bytes for the same paths and does nothing else.

import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { createApiServer } from "../src/apiserver/mod.ts";
import { inProcess } from "../src/client/mod.ts";
import { createAuthority, issueCertificate } from "../src/cluster/certificates.ts";
import { machine } from "../src/host/mod.ts";
import { openMemoryStore } from "../src/store/mod.ts";
import { listedPods, pod, requests } from "./requests.ts";

const masters = { username: "bench", groups: ["system:masters"] };

const server = await createApiServer({
  store: await openMemoryStore(),
  ...machine,
  tokenFile: 'bench,bench,1,"system:masters"',
});
const client = inProcess(server.handler, masters);
for (const namespace of ["default", "many", "made"]) {
  if (namespace !== "default")
    await client.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const metadata = { name: "default", namespace };
  await client.create("serviceaccounts", { apiVersion: "v1", kind: "ServiceAccount", metadata });
}
await client.create("pods", pod("default", "bench"));
for (let index = 0; index < listedPods; index++) await client.create("pods", pod("many", `pod-${index}`));
const authority = await createAuthority("bench", Date.now());
const identity = await issueCertificate(authority, { commonName: "bench", names: ["127.0.0.1"] }, Date.now());

/** What the API server answers, as one piece. */
async function bytesOf(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Buffer> {
  const answer = await server.handler({
    method,
    url: path,
    headers: { ...headers, accept: headers.accept ?? "application/json" },
    body: body === undefined ? undefined : new TextEncoder().encode(body),
    user: masters,
    signal: AbortSignal.timeout(60_000),
  } as Parameters<typeof server.handler>[0]);
  const { body: content } = answer;
  if (answer.status >= 300 || !content || !("bytes" in content)) throw new Error(`${method} ${path}: ${answer.status}`);
  return Buffer.from(content.bytes());
}

if (process.argv[2] === "api") {
  const listener = await machine.net.listenHttp(
    { host: "127.0.0.1", port: 0, tls: { identity, clientCa: authority.certificate } },
    server.handler,
  );
  process.send!(`https://127.0.0.1:${listener.port}`);
} else {
  const answers = new Map<string, Buffer>();
  for (const { name, method, path, headers, body } of requests)
    answers.set(name, await bytesOf(method, path(0), headers, body?.(0)));
  const bare = http2.createSecureServer({ allowHTTP1: true, cert: identity.certificate, key: identity.key });
  bare.on("request", (request, response) => {
    const bytes = answers.get(String(request.headers["x-bench"]))!;
    request.resume();
    request.once("end", () => {
      response.writeHead(200, { "content-type": "application/json", "content-length": bytes.length });
      response.end(bytes);
    });
  });
  bare.listen(0, "127.0.0.1", () => process.send!(`https://127.0.0.1:${(bare.address() as AddressInfo).port}`));
}
