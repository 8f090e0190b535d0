import assert from "node:assert/strict";
import { test } from "node:test";
import { exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from "jose";
import type { HttpRequest } from "../../base/http.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { createApiServer } from "../server.ts";
import { userFrom } from "./oidc.ts";
import { accountTokenSigner } from "./service_account.ts";
import { type Answered, ask, masters } from "./world.ts";

const here = "/api/v1/namespaces/default";
const issuer = "https://kubernetes.default.svc.cluster.local";
const newKey = async () => exportPKCS8((await generateKeyPair("ES256", { extractable: true })).privateKey);

/** A server with a clock of its own, and what tests ask of it. */
async function world() {
  const stack = new AsyncDisposableStack();
  const store = stack.use(await openMemoryStore());
  let ahead = 0;
  const clock = { ...machine.clock, now: () => machine.clock.now() + ahead };
  const serviceAccountKey = await newKey();
  const options = {
    store,
    ...machine,
    clock,
    serviceAccountKey,
    bootstrapTokens: true,
    tokenFile: 'static-token,ann,7,"a,b"',
    requestHeader: {
      allowedNames: ["front"],
      usernameHeaders: ["X-Remote-User"],
      groupHeaders: ["X-Remote-Group"],
      extraHeaderPrefixes: ["X-Remote-Extra-"],
    },
  };
  const server = stack.use(await createApiServer(options));
  const make = (path: string, body: object) => ask(server, { path, body, user: masters });
  await make(`${here}/serviceaccounts`, { metadata: { name: "robot" } });
  return {
    serviceAccountKey,
    make,
    read: (path: string) => ask(server, { path, user: masters }),
    remove: (path: string) => ask(server, { method: "DELETE", path, user: masters }),
    later(ms: number) {
      ahead += ms;
    },
    async token(spec: object = {}): Promise<string> {
      return (await make(`${here}/serviceaccounts/robot/token`, { spec })).body.status.token;
    },
    /** Who the server takes the bearer of a token for: a name, or the code that it answers with. */
    async who(token: string): Promise<string | number> {
      return named(await whoami(server, { headers: { authorization: `Bearer ${token}` } }));
    },
    async as(headers: Record<string, string>, peer?: HttpRequest["peer"]): Promise<string | number> {
      return named(await whoami(server, { headers, peer }));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const whoami = (server: Parameters<typeof ask>[0], more: object) =>
  ask(server, { path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", body: {}, ...more });
const named = ({ code, body }: Answered) => (code === 201 ? body.status.userInfo.username : code);
const robot = "system:serviceaccount:default:robot";

/** A token with these claims, signed as somebody likes. */
async function forged(pem: string, claims: object): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg: "ES256" }).sign(await importPKCS8(pem, "ES256"));
}

function claimsOf(token: string): any {
  return JSON.parse(atob(token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));
}

const base64url = (value: object) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

test("a token of another's making is nobody's", async () => {
  await using w = await world();
  const token = await w.token();
  assert.equal(await w.who(token), robot);
  const claims = claimsOf(token);
  const [head, payload, signature] = token.split(".");
  const other = {
    ...claims,
    sub: "system:admin",
    "kubernetes.io": { ...claims["kubernetes.io"], namespace: "kube-system" },
  };
  for (const wrong of [
    await forged(await newKey(), claims),
    `${base64url({ alg: "none" })}.${payload}.`,
    `${base64url({ alg: "HS256" })}.${payload}.${signature}`,
    `${head}.${base64url(other)}.${signature}`,
    await forged(w.serviceAccountKey, { ...claims, iss: "https://elsewhere" }),
    await forged(w.serviceAccountKey, { iss: issuer, aud: [issuer], exp: claims.exp }),
    await forged(w.serviceAccountKey, { ...claims, exp: undefined }),
    `${token}x`,
    "nope",
    "a.b.c",
  ])
    assert.equal(await w.who(wrong), 401);
  assert.equal(await w.who(token), robot);
});

test("a token ends in time, and is not for other audiences", async () => {
  await using w = await world();
  const [token, vault] = [await w.token({ expirationSeconds: 600 }), await w.token({ audiences: ["vault"] })];
  assert.equal(await w.who(vault), 401);
  w.later(650_000);
  assert.equal(await w.who(token), robot);
  w.later(11_000);
  assert.equal(await w.who(token), 401);
});

test("with what it is bound to a token goes at once, and a namesake does not bring it back", async () => {
  await using w = await world();
  await w.make(`${here}/secrets`, { metadata: { name: "s" } });
  const pod = {
    metadata: { name: "p" },
    spec: { serviceAccountName: "robot", containers: [{ name: "c", image: "i" }] },
  };
  await w.make(`${here}/pods`, pod);
  const ofPod = await w.token({ boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p" } });
  const ofSecret = await w.token({ boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "s" } });
  const plain = await w.token();
  assert.deepEqual([await w.who(ofPod), await w.who(ofSecret)], [robot, robot]);
  await w.remove(`${here}/pods/p`);
  await w.remove(`${here}/secrets/s`);
  assert.deepEqual([await w.who(ofPod), await w.who(ofSecret), await w.who(plain)], [401, 401, robot]);
  await w.make(`${here}/pods`, pod);
  await w.make(`${here}/secrets`, { metadata: { name: "s" } });
  assert.deepEqual([await w.who(ofPod), await w.who(ofSecret)], [401, 401]);
  await w.remove(`${here}/serviceaccounts/robot`);
  assert.equal(await w.who(plain), 401);
  await w.make(`${here}/serviceaccounts`, { metadata: { name: "robot" } });
  assert.equal(await w.who(plain), 401);
});

test("a token in a Secret holds as long as the Secret holds it", async () => {
  await using w = await world();
  const sign = accountTokenSigner(w.serviceAccountKey);
  const account = (await w.read(`${here}/serviceaccounts/robot`)).body;
  const secret = (name: string, token: string, labels = {}) => ({
    type: "kubernetes.io/service-account-token",
    metadata: { name, labels, annotations: { "kubernetes.io/service-account.name": "robot" } },
    data: { token: btoa(token) },
  });
  const token = await sign(account, "kept");
  assert.equal(await w.who(token), 401, "it is nowhere yet");
  await w.make(`${here}/secrets`, secret("kept", token));
  assert.equal(await w.who(token), robot);
  const day = new Date().toISOString().slice(0, 10);
  const used = async () =>
    (await w.read(`${here}/secrets/kept`)).body.metadata.labels?.["kubernetes.io/legacy-token-last-used"];
  while ((await used()) === undefined) await new Promise(setImmediate);
  assert.equal(await used(), day);

  const review = async (audiences?: string[]) =>
    (await w.make("/apis/authentication.k8s.io/v1/tokenreviews", { spec: { token, audiences } })).body.status;
  assert.equal((await review()).authenticated, true);
  assert.match((await review(["vault"])).error, /invalid for the target audiences \["vault"\]/);

  const other = await sign(account, "other");
  await w.make(`${here}/secrets`, secret("other", token));
  assert.equal(await w.who(other), 401, "another token than the Secret's");
  const marked = await sign(account, "marked");
  await w.make(`${here}/secrets`, secret("marked", marked, { "kubernetes.io/legacy-token-invalid-since": day }));
  assert.equal(await w.who(marked), 401);
  const claims = claimsOf(token);
  const named = "kubernetes.io/serviceaccount/service-account.name";
  for (const [what, wrong] of Object.entries({
    "another's signature": await forged(await newKey(), claims),
    "another subject": await forged(w.serviceAccountKey, { ...claims, sub: "system:admin" }),
    "another account": await forged(w.serviceAccountKey, { ...claims, [named]: "default" }),
    "the cluster's issuer": await forged(w.serviceAccountKey, { ...claims, iss: issuer }),
  }))
    assert.equal(await w.who(wrong), 401, what);
  await w.remove(`${here}/serviceaccounts/robot`);
  await w.make(`${here}/serviceaccounts`, { metadata: { name: "robot" } });
  assert.equal(await w.who(token), 401, "a namesake is somebody else");
});

test("a token cannot be had for another's pod", async () => {
  await using w = await world();
  await w.make(`${here}/serviceaccounts`, { metadata: { name: "default" } });
  await w.make(`${here}/pods`, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } });
  const spec = { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p" } };
  const { code, body } = await w.make(`${here}/serviceaccounts/robot/token`, { spec });
  assert.equal(code, 400);
  assert.match(body.message, /^cannot bind token for serviceaccount "robot" to pod running with different/);
});

test("reviews say why a token is refused", async () => {
  await using w = await world();
  const token = await w.token();
  const review = async (spec: object) =>
    (await w.make("/apis/authentication.k8s.io/v1/tokenreviews", { spec })).body.status;
  assert.equal((await review({ token })).user.username, robot);
  assert.equal((await review({ token: "static-token" })).user.username, "ann");
  assert.equal((await review({ token: "static-token", audiences: ["other"] })).authenticated, undefined);
  await w.remove(`${here}/serviceaccounts/robot`);
  assert.equal((await review({ token })).error, '[invalid bearer token, serviceaccounts "robot" not found]');
});

test("bootstrap tokens: only whole, in time, meant for it, and without other groups", async () => {
  await using w = await world();
  const secrets = "/api/v1/namespaces/kube-system/secrets";
  const good = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-authentication": "true",
    "auth-extra-groups": "system:bootstrappers:workers",
  };
  const attempt = async (
    data: Record<string, string>,
    token = "abcdef.0123456789abcdef",
    type = "bootstrap.kubernetes.io/token",
  ) => {
    await w.make(secrets, { metadata: { name: "bootstrap-token-abcdef" }, type, stringData: data });
    const who = await w.who(token);
    await w.remove(`${secrets}/bootstrap-token-abcdef`);
    return who;
  };
  assert.equal(await attempt(good), "system:bootstrap:abcdef");
  assert.equal(await attempt(good, "abcdef.0123456789abcdeg"), 401);
  assert.equal(await attempt(good, "abcdef.0123456789abcde"), 401);
  assert.equal(await attempt({ ...good, "token-secret": "" }, "abcdef."), 401);
  assert.equal(await attempt({ ...good, "usage-bootstrap-authentication": "false" }), 401);
  assert.equal(await attempt({ ...good, expiration: "2020-01-01T00:00:00Z" }), 401);
  assert.equal(await attempt({ ...good, expiration: "soon" }), 401);
  assert.equal(await attempt({ ...good, "auth-extra-groups": "system:masters" }), 401);
  assert.equal(await attempt(good, undefined, "Opaque"), 401);
  assert.equal(await w.who("abcdef.0123456789abcdef"), 401);
});

test("headers of a front proxy count only with its certificate", async () => {
  await using w = await world();
  const headers = { "x-remote-user": "carol", "x-remote-group": "system:masters" };
  const peer = (commonName: string, authorities: string[]) => ({ commonName, organizations: [], authorities });
  assert.equal(await w.as(headers, peer("front", ["requestHeader"])), "carol");
  assert.equal(await w.as(headers), 403);
  assert.equal(await w.as(headers, peer("front", ["client"])), "front");
  assert.equal(await w.as(headers, peer("stranger", ["requestHeader"])), 401);
  const late = { ...peer("front", ["requestHeader"]), notAfterMs: Date.now() - 1 };
  assert.equal(await w.as(headers, late), 401);
});

test("certificates: only of the clients' authority, and in their time", async () => {
  await using w = await world();
  const peer = {
    commonName: "dave",
    organizations: [],
    authorities: ["client"],
    notBeforeMs: 0,
    notAfterMs: Date.now() + 60_000,
  };
  assert.equal(await w.as({}, peer), "dave");
  assert.equal(await w.as({}, { ...peer, authorities: ["requestHeader"] }), 401);
  assert.equal(await w.as({}, { ...peer, authorities: [] }), 401);
  w.later(61_000);
  assert.equal(await w.as({}, peer), 401);
});

test("what claims make of a user", () => {
  const options = { issuerUrl: "https://id", clientId: "k", groupsClaim: "groups", groupsPrefix: "oidc:" };
  const claims = { sub: "u1", groups: ["a"], email: "e@x", email_verified: false, hd: "x" };
  assert.deepEqual(userFrom(claims, options), { username: "https://id#u1", groups: ["oidc:a"] });
  assert.deepEqual(userFrom({ ...claims, groups: "a" }, { ...options, usernamePrefix: "-" }), {
    username: "u1",
    groups: ["oidc:a"],
  });
  assert.deepEqual(userFrom(claims, { ...options, usernameClaim: "email" }), { error: "oidc: email not verified" });
  assert.ok("error" in userFrom({ ...claims, sub: undefined }, options));
  assert.ok("error" in userFrom({ ...claims, groups: [{}] }, options));
  assert.ok("error" in userFrom(claims, { ...options, requiredClaims: { hd: "y" } }));
  assert.ok("username" in userFrom(claims, { ...options, requiredClaims: { hd: "x" } }));
});
