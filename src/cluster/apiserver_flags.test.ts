import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, masters } from "../apiserver/auth/world.ts";
import { createApiServer } from "../apiserver/mod.ts";
import { machine } from "../host/mod.ts";
import { openMemoryStore } from "../store/mod.ts";
import { admissionFlags, admissionOff, resourceFlags, resourcesOf } from "./apiserver_flags.ts";
import { createAuthority } from "./certificates.ts";
import { parseFlags } from "./flags.ts";

const gate = "--feature-gates=ClusterTrustBundle=true";
const flagsOf = (args: readonly string[]) => parseFlags(args, resourceFlags);
const serves = (...args: string[]) => resourcesOf(flagsOf(args)).some(({ kind }) => kind === "ClusterTrustBundle");

const worlds: [string, string[], boolean][] = [
  ["nothing", [], false],
  ["the gate alone", [gate], false],
  ["the version without the gate", ["--runtime-config=certificates.k8s.io/v1beta1=true"], false],
  ["the version", [gate, "--runtime-config=certificates.k8s.io/v1beta1=true"], true],
  ["the resource, by its name alone", [gate, "--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles"], true],
  ["everything", [gate, "--runtime-config=api/all=true"], true],
  ["everything but this", [gate, "--runtime-config=api/beta=true,certificates.k8s.io/v1beta1=false"], false],
];
for (const [name, args, wanted] of worlds) {
  test(`roots of trust are served if asked for: ${name}`, () => assert.equal(serves(...args), wanted));
}

const refusals: [string, RegExp][] = [
  ["--runtime-config=apps/v1=false", /^Error: not supported yet: --runtime-config apps\/v1$/],
  ["--feature-gates=Other=true", /^Error: not supported yet: --feature-gates Other$/],
  ["--runtime-config=api/all=maybe", /^Error: --runtime-config api\/all: wanted true or false$/],
];
for (const [flag, wanted] of refusals) test(`${flag} is refused`, () => assert.throws(() => serves(flag), wanted));

const plugins: [string[], string[] | RegExp][] = [
  [[], []],
  [["--enable-admission-plugins=NodeRestriction,LimitRanger"], []],
  [
    ["--disable-admission-plugins=ServiceAccount", "--disable-admission-plugins=Priority"],
    ["ServiceAccount", "Priority"],
  ],
  [["--disable-admission-plugins=AlwaysPullImages"], ["AlwaysPullImages"]],
  [["--enable-admission-plugins=AlwaysPullImages"], /not supported yet: --enable-admission-plugins AlwaysPullImages$/],
  [["--disable-admission-plugins=Nonsense"], /^Error: disable-admission-plugins plugin "Nonsense" is unknown$/],
  [
    ["--enable-admission-plugins=Priority", "--disable-admission-plugins=Priority"],
    /^Error: \[Priority\] in enable-admission-plugins and disable-admission-plugins overlapped$/,
  ],
  [["--allow-privileged=false"], /not supported yet/],
];
for (const [args, wanted] of plugins) {
  test(`admission plugins: ${args.join(" ")}`, () => {
    const off = () => admissionOff(parseFlags(args, admissionFlags));
    if (wanted instanceof RegExp) assert.throws(off, wanted);
    else assert.deepEqual(off(), wanted);
  });
}

test("a plugin that is switched off does nothing", async () => {
  for (const admissionOff of [[], ["ServiceAccount"]]) {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine, admissionOff });
    const body = { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } };
    const { code } = await ask(server, { path: "/api/v1/namespaces/default/pods", body, user: masters });
    // There is no service account: that is what the plugin minds.
    assert.equal(code, admissionOff.length > 0 ? 201 : 403);
  }
});

test("everything in the cluster reads roots of trust; only who may attest writes a signer's", async () => {
  await using store = await openMemoryStore();
  const resources = resourcesOf(flagsOf([gate, "--runtime-config=api/beta=true"]));
  await using server = await createApiServer({ store, ...machine, resources });
  const path = "/apis/certificates.k8s.io/v1beta1/clustertrustbundles";
  const user = (username: string, ...groups: string[]) => ({ username, groups: [...groups, "system:authenticated"] });
  const codeFor = async (who: ReturnType<typeof user>) => (await ask(server, { path, user: who })).code;
  assert.equal(await codeFor(user("system:serviceaccount:ns:app", "system:serviceaccounts")), 200);
  assert.equal(await codeFor(user("system:node:n1", "system:nodes")), 200);
  assert.equal(await codeFor(user("alice")), 403);
  const rules = [{ apiGroups: ["certificates.k8s.io"], resources: ["clustertrustbundles"], verbs: ["create"] }];
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const post = (body: object, to: string, who = masters) => ask(server, { path: to, body, user: who });
  await post({ metadata: { name: "w" }, rules }, `${rbac}/clusterroles`);
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "w" };
  const subjects = [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "alice" }];
  await post({ metadata: { name: "w" }, roleRef, subjects }, `${rbac}/clusterrolebindings`);
  const { certificate: trustBundle } = await createAuthority("root", machine.clock.now());
  const bundle = { metadata: { name: "example.com:s:a" }, spec: { signerName: "example.com/s", trustBundle } };
  const refused = await post(bundle, path, user("alice"));
  assert.equal(refused.code, 403);
  assert.match(refused.body.message, /user not permitted to attest for signerName "example.com\/s"$/);
  assert.equal((await post(bundle, path)).code, 201);
});
