// Certificates, front proxies and an OpenID Connect provider over real TLS.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createApiServer } from "../../src/apiserver/mod.ts";
import type { HttpAnswer, TlsIdentity } from "../../src/base/http.ts";
import { createAuthority, issueCertificate } from "../../src/cluster/certificates.ts";
import { machine } from "../../src/host/mod.ts";
import { openMemoryStore } from "../../src/store/mod.ts";

const closing = new AsyncDisposableStack();
const now = Date.now();
const names = ["localhost", "127.0.0.1"];
const clientId = "kubernetes";

let url: string;
let ca: string;
let authorities: Record<"clients" | "proxies" | "strangers", TlsIdentity>;
/** Signs a token of the provider, or one that says so. */
let idToken: (claims?: object, own?: boolean) => Promise<string>;

before(async () => {
  const serving = await createAuthority("serving", now);
  ca = serving.certificate;
  authorities = {
    clients: await createAuthority("clients", now),
    proxies: await createAuthority("proxies", now),
    strangers: await createAuthority("strangers", now),
  };
  const identity = await issueCertificate(serving, { commonName: "server", names }, now);
  const issuerUrl = await provider(identity);
  const store = closing.use(await openMemoryStore());
  const server = closing.use(
    await createApiServer({
      store,
      ...machine,
      requestHeader: {
        allowedNames: [],
        usernameHeaders: ["X-Remote-User"],
        groupHeaders: ["X-Remote-Group"],
        extraHeaderPrefixes: ["X-Remote-Extra-"],
      },
      oidc: { issuerUrl, clientId, ca, usernamePrefix: "oidc:", groupsClaim: "groups", signingAlgorithms: ["ES256"] },
    }),
  );
  const clientCa = { client: authorities.clients.certificate, requestHeader: authorities.proxies.certificate };
  const tls = { identity, clientCa };
  const listener = closing.use(await machine.net.listenHttp({ host: "127.0.0.1", port: 0, tls }, server.handler));
  url = `https://127.0.0.1:${listener.port}`;
});
after(() => closing.disposeAsync());

/** An OpenID Connect provider with one key. Gives its issuer. */
async function provider(identity: TlsIdentity): Promise<string> {
  const [own, other] = [await generateKeyPair("ES256"), await generateKeyPair("ES256")];
  const jwk = { ...(await exportJWK(own.publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  const json = (object: object): HttpAnswer => ({
    status: 200,
    headers: { "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(object)),
  });
  let issuer = "";
  const listener = closing.use(
    await machine.net.listenHttp({ host: "127.0.0.1", port: 0, tls: { identity } }, async (request) =>
      request.url === "/keys" ? json({ keys: [jwk] }) : json({ issuer, jwks_uri: `${issuer}/keys` }),
    ),
  );
  issuer = `https://127.0.0.1:${listener.port}`;
  idToken = (claims = {}, ours = true) =>
    new SignJWT({
      iss: issuer,
      aud: clientId,
      sub: "ann",
      groups: ["dev"],
      exp: Math.floor(now / 1000) + 600,
      ...claims,
    })
      .setProtectedHeader({ alg: "ES256", kid: "k1" })
      .sign((ours ? own : other).privateKey);
  return issuer;
}

/** Who the server takes a client for: `name groups`, or the code. */
async function who(identity?: TlsIdentity, headers: Record<string, string> = {}): Promise<string | number> {
  const client = machine.net.httpClient({ url, ca, identity });
  try {
    const answer = await client.request({
      method: "POST",
      url: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      headers: { "content-type": "application/json", accept: "application/json", ...headers },
      body: new TextEncoder().encode("{}"),
    });
    let text = "";
    for await (const chunk of answer.body) text += new TextDecoder().decode(chunk);
    if (answer.status !== 201) return answer.status;
    const { username, groups } = JSON.parse(text).status.userInfo;
    return `${username} ${groups.join()}`;
  } finally {
    client.close();
  }
}

const certificate = (authority: TlsIdentity, commonName: string, issuedMs = now) =>
  issueCertificate(authority, { commonName, organizations: ["team"] }, issuedMs);

test("a certificate of the clients' authority says who asks; no other does", async () => {
  assert.equal(await who(await certificate(authorities.clients, "ann")), "ann team,system:authenticated");
  assert.equal(await who(await certificate(authorities.strangers, "ann")), 401);
  assert.equal(await who(await certificate(authorities.proxies, "ann")), 401);
  const twoYearsMs = 2 * 365 * 24 * 3_600_000;
  assert.equal(await who(await certificate(authorities.clients, "ann", now - twoYearsMs)), 401);
  assert.equal(await who(), 403);
});

test("a front proxy speaks for others; a client with the same headers does not", async () => {
  const headers = { "x-remote-user": "carol", "x-remote-group": "system:masters" };
  assert.equal(
    await who(await certificate(authorities.proxies, "front"), headers),
    "carol system:masters,system:authenticated",
  );
  assert.equal(await who(await certificate(authorities.clients, "ann"), headers), "ann team,system:authenticated");
  assert.equal(await who(await certificate(authorities.strangers, "front"), headers), 401);
  assert.equal(await who(undefined, headers), 403);
});

test("ID tokens of the provider: signed by it, for us, in time", async () => {
  const bearer = async (token: Promise<string>) => who(undefined, { authorization: `Bearer ${await token}` });
  assert.equal(await bearer(idToken()), "oidc:ann dev,system:authenticated");
  assert.equal(await bearer(idToken({}, false)), 401);
  assert.equal(await bearer(idToken({ aud: "others" })), 401);
  assert.equal(await bearer(idToken({ iss: "https://elsewhere" })), 401);
  assert.equal(await bearer(idToken({ exp: Math.floor(now / 1000) - 600 })), 401);
  assert.equal(await bearer(idToken({ exp: undefined })), 401);
  assert.equal(await bearer(idToken({ groups: 7 })), 401);
});
