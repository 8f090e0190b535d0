import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { UserInfo } from "../../base/http.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { parseRules } from "../bootstrap/parse_rules.ts";
import { type ApiServer, createApiServer } from "../server.ts";
import { type Answered, ask, masters } from "./world.ts";

const closing = new AsyncDisposableStack();
let server: ApiServer;
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const person = (username: string, ...groups: string[]): UserInfo => ({
  username,
  groups: [...groups, "system:authenticated"],
});

before(async () => {
  const store = closing.use(await openMemoryStore());
  server = closing.use(await createApiServer({ store, ...machine }));
  await make("/api/v1/namespaces", { kind: "Namespace", metadata: { name: "n" } });
});
after(() => closing.disposeAsync());

async function make(path: string, body: object, user = masters): Promise<Answered> {
  return ask(server, { path, body, user });
}

async function role(name: string, rules: string, namespace?: string): Promise<void> {
  const path = namespace ? `${rbac}/namespaces/${namespace}/roles` : `${rbac}/clusterroles`;
  const { code } = await make(path, { metadata: { name }, rules: parseRules(rules) });
  assert.equal(code, 201);
}

async function bind(name: string, ref: string, subject: object, namespace?: string, user = masters): Promise<Answered> {
  const [kind = "", roleName = ""] = ref.split(" ");
  const path = namespace ? `${rbac}/namespaces/${namespace}/rolebindings` : `${rbac}/clusterrolebindings`;
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name: roleName };
  return make(path, { metadata: { name }, roleRef, subjects: [subject] }, user);
}

/** `allowed: reason` or `no: reason` for what somebody wants. */
async function review(user: string, groups: string[], attributes: object): Promise<string> {
  const spec = { user, groups, resourceAttributes: attributes };
  const { body } = await make("/apis/authorization.k8s.io/v1/subjectaccessreviews", { spec });
  return `${body.status.allowed ? "allowed" : "no"}: ${body.status.reason ?? ""}`;
}

const getSecret = { verb: "get", resource: "secrets", namespace: "n", name: "s" };

test("a role counts where it is bound, for whom it is bound, and until it is not", async () => {
  await role("reader", "get core: secrets", "n");
  await bind("readers", "Role reader", { kind: "User", name: "ann" }, "n");
  const because = 'allowed: RBAC: allowed by RoleBinding "readers/n" of Role "reader" to User "ann"';
  assert.equal(await review("ann", [], getSecret), because);
  assert.equal(await review("bob", [], getSecret), "no: ");
  assert.equal(await review("ann", [], { ...getSecret, namespace: "default" }), "no: ");
  assert.equal(await review("ann", [], { ...getSecret, verb: "list" }), "no: ");
  await ask(server, { method: "DELETE", path: `${rbac}/namespaces/n/roles/reader`, user: masters });
  assert.equal(await review("ann", [], getSecret), 'no: RBAC: role.rbac.authorization.k8s.io "reader" not found');
  await ask(server, { method: "DELETE", path: `${rbac}/namespaces/n/rolebindings/readers`, user: masters });
  assert.equal(await review("ann", [], getSecret), "no: ");
});

test("groups, accounts, and cluster roles in one namespace", async () => {
  await role("all-secrets", "* core: secrets");
  await bind("team", "ClusterRole all-secrets", { kind: "Group", name: "team" }, "n");
  await bind("robot", "ClusterRole all-secrets", { kind: "ServiceAccount", name: "robot" }, "n");
  assert.match(await review("x", ["team"], getSecret), /RoleBinding "team\/n" of ClusterRole "all-secrets" to Group/);
  assert.match(await review("system:serviceaccount:n:robot", [], getSecret), /to ServiceAccount "robot\/n"$/);
  assert.equal(await review("system:serviceaccount:default:robot", [], getSecret), "no: ");
  assert.equal(await review("x", ["team"], { ...getSecret, namespace: undefined }), "no: ");
});

test("whoever is refused learns why, before learning what is there", async () => {
  const { code, body } = await ask(server, { path: "/api/v1/namespaces/n/secrets/none", user: person("eve") });
  assert.equal(code, 403);
  assert.equal(
    body.message,
    'secrets "none" is forbidden: User "eve" cannot get resource "secrets" in API group "" in the namespace "n"',
  );
});

test("anonymous: health and version, nothing else", async () => {
  for (const path of ["/healthz", "/livez", "/readyz", "/version"])
    assert.equal((await ask(server, { path })).code, 200);
  for (const path of [
    "/api",
    "/apis",
    "/metrics",
    "/openapi/v2",
    "/api/v1/namespaces",
    "/.well-known/openid-configuration",
  ])
    assert.equal((await ask(server, { path })).code, 403, path);
});

test("nobody gives rights that they don't have", async () => {
  await role("role-writer", "create,get,patch,update rbac.authorization.k8s.io: roles rolebindings clusterroles");
  await bind("writer", "ClusterRole role-writer", { kind: "User", name: "mallory" });
  const mallory = person("mallory");
  const rules = parseRules("get,list core: secrets");
  const made = await make(`${rbac}/namespaces/n/roles`, { metadata: { name: "more" }, rules }, mallory);
  assert.equal(made.code, 403);
  assert.equal(
    made.body.message,
    'roles.rbac.authorization.k8s.io "more" is forbidden: user "mallory" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
  );
  assert.equal(
    (await bind("self", "ClusterRole cluster-admin", { kind: "User", name: "mallory" }, "n", mallory)).code,
    403,
  );
  const gathering = {
    metadata: { name: "g" },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] },
  };
  const gathered = await make(`${rbac}/clusterroles`, gathering, mallory);
  assert.match(gathered.body.message, /must have cluster-admin privileges to use the aggregationRule$/);
  const own = parseRules("get rbac.authorization.k8s.io: roles");
  assert.equal(
    (await make(`${rbac}/namespaces/n/roles`, { metadata: { name: "less" }, rules: own }, mallory)).code,
    201,
  );
});

test("a wider role does not come in through an update", async () => {
  await role("narrow", "get rbac.authorization.k8s.io: roles", "n");
  const path = `${rbac}/namespaces/n/roles/narrow`;
  const patch = [{ op: "add", path: "/rules/-", value: parseRules("* *: *")[0] }];
  const headers = { "content-type": "application/json-patch+json" };
  const { code } = await ask(server, { method: "PATCH", path, headers, body: patch, user: person("mallory") });
  assert.equal(code, 403);
});

test("the verbs bind and escalate let give what one has not", async () => {
  await role("binder", "bind rbac.authorization.k8s.io: clusterroles = view");
  await role("binding-writer", "create rbac.authorization.k8s.io: rolebindings");
  await bind("binder", "ClusterRole binder", { kind: "User", name: "carl" });
  await bind("carl-writes", "ClusterRole binding-writer", { kind: "User", name: "carl" });
  const carl = person("carl");
  assert.equal((await bind("v", "ClusterRole view", { kind: "User", name: "x" }, "n", carl)).code, 201);
  assert.equal((await bind("a", "ClusterRole cluster-admin", { kind: "User", name: "x" }, "n", carl)).code, 403);
});

test("somebody else's name is worn only with leave, header by header", async () => {
  await role("as-ann", "impersonate core: users = ann");
  await bind("as-ann", "ClusterRole as-ann", { kind: "User", name: "zoe" });
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const as = (lines: Record<string, string[]>) => ask(server, { path, body: {}, lines, user: person("zoe") });
  const ann = await as({ "impersonate-user": ["ann"] });
  assert.deepEqual(ann.body.status.userInfo, { username: "ann", groups: ["system:authenticated"] });
  const refused: [Record<string, string[]>, string][] = [
    [{ "impersonate-user": ["bob"] }, 'users "bob" is forbidden: User "zoe" cannot impersonate resource "users"'],
    [
      { "impersonate-user": ["ann"], "impersonate-group": ["system:masters"] },
      'groups "system:masters" is forbidden: User "zoe" cannot impersonate resource "groups"',
    ],
    [
      { "impersonate-user": ["ann"], "impersonate-extra-scopes": ["all"] },
      'userextras.authentication.k8s.io "all" is forbidden: User "zoe" cannot impersonate resource "userextras/scopes"',
    ],
    [{ "impersonate-user": ["ann"], "impersonate-uid": ["7"] }, 'uids.authentication.k8s.io "7" is forbidden'],
    [{ "impersonate-user": ["system:serviceaccount:n:robot"] }, 'serviceaccounts "robot" is forbidden'],
  ];
  for (const [lines, message] of refused) {
    const { code, body } = await as(lines);
    assert.equal(code, 403);
    assert.ok(body.message.startsWith(message), body.message);
  }
});

test("a group with a comma in its name is one group", async () => {
  const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  const lines = { "impersonate-user": ["ann"], "impersonate-group": ["a, system:masters"] };
  const { body } = await ask(server, { path, body: {}, lines, user: masters });
  assert.deepEqual(body.status.userInfo.groups, ["a, system:masters", "system:authenticated"]);
});

test("constrained impersonation: who to be, and what to do as them", async () => {
  await role("be-ann", "impersonate:user-info authentication.k8s.io: users = ann");
  await role("as-ann-list", "impersonate-on:user-info:list core: secrets");
  await bind("be-ann", "ClusterRole be-ann", { kind: "User", name: "yan" });
  await bind("as-ann-list", "ClusterRole as-ann-list", { kind: "User", name: "yan" });
  await bind("ann-lists", "ClusterRole all-secrets", { kind: "User", name: "ann" });
  const as = (path: string) => ask(server, { path, headers: { "impersonate-user": "ann" }, user: person("yan") });
  assert.equal((await as("/api/v1/secrets")).code, 200);
  assert.equal((await as("/api/v1/namespaces/n/secrets/x")).code, 403);
});

test("default roles are completed at the next start, unless their owner said no", async () => {
  await using store = await openMemoryStore();
  const path = `${rbac}/clusterroles`;
  {
    await using first = await createApiServer({ store, ...machine });
    const headers = { "content-type": "application/merge-patch+json" };
    const change = (name: string, body: object) =>
      ask(first, { method: "PATCH", path: `${path}/${name}`, headers, body, user: masters });
    await change("system:discovery", { rules: [] });
    const off = { "rbac.authorization.kubernetes.io/autoupdate": "false" };
    await change("system:basic-user", { rules: [], metadata: { annotations: off } });
    await ask(first, { method: "DELETE", path: `${path}/system:monitoring`, user: masters });
  }
  await using second = await createApiServer({ store, ...machine });
  const rulesOf = async (name: string) =>
    (await ask(second, { path: `${path}/${name}`, user: masters })).body.rules ?? [];
  assert.equal((await rulesOf("system:discovery")).length, 11);
  assert.deepEqual(await rulesOf("system:basic-user"), []);
  assert.equal((await rulesOf("system:monitoring")).length, 2);
});

test("of a review's metadata the server keeps what a client may say, and of its own reviews nothing", async () => {
  const metadata = { name: "x", namespace: "n", uid: "u", creationTimestamp: "2020-01-01T00:00:00Z" };
  const review = (path: string, body: object) => make(`/apis/authorization.k8s.io/v1/${path}`, { metadata, ...body });
  const resourceAttributes = { namespace: "n", verb: "get", resource: "pods" };
  const own = await review("selfsubjectaccessreviews", { spec: { resourceAttributes } });
  const { managedFields: _, ...kept } = own.body.metadata;
  assert.deepEqual(kept, { name: "x" });
  const rules = await review("selfsubjectrulesreviews", { spec: { namespace: "n" } });
  assert.deepEqual([rules.body.metadata, rules.body.spec], [{}, {}]);
  const elsewhere = await review("namespaces/other/localsubjectaccessreviews", {
    spec: { user: "u", resourceAttributes },
  });
  const why = "the namespace of the provided object does not match the namespace sent on the request";
  assert.deepEqual([elsewhere.code, elsewhere.body.message], [400, why]);
  const myself = await make("/apis/authentication.k8s.io/v1/selfsubjectreviews", { metadata });
  assert.deepEqual(Object.keys(myself.body.metadata), ["creationTimestamp"]);
});
