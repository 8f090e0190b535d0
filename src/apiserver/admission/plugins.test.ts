import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserInfo } from "../../base/http.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { type Answered, ask, masters } from "../auth/world.ts";
import { createApiServer } from "../mod.ts";
import { switchablePlugins } from "./names.ts";
import { admissionPlugins } from "./plugins.ts";

const core = "/api/v1/namespaces/default";

interface World {
  create(path: string, body: any): Promise<Answered>;
  change(path: string, body: any, method?: string): Promise<Answered>;
  get(path: string): Promise<any>;
  as(username: string, groups?: string[]): World;
}

/** One behaviour, of a fresh server that has a service account. */
function check(what: string, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    const as = (user: UserInfo): World => ({
      create: (path, object) => ask(server, { path, body: object, user }),
      change: (path, object, method = "PATCH") =>
        ask(server, {
          method,
          path,
          body: object,
          user,
          headers: method === "PATCH" ? { "content-type": "application/merge-patch+json" } : {},
        }),
      get: async (path) => (await ask(server, { path, user })).body,
      as: (username, groups = []) => as({ username, groups: [...groups, "system:authenticated"] }),
    });
    const world = as(masters);
    await world.create(`${core}/serviceaccounts`, object("v1", "ServiceAccount", "default"));
    await body(world);
  });
}

const object = (apiVersion: string, kind: string, name: string, rest: object = {}): any => ({
  apiVersion,
  kind,
  metadata: { name },
  ...rest,
});
const pod = (name: string, resources: object = {}, spec: object = {}) =>
  object("v1", "Pod", name, { spec: { containers: [{ name: "c", image: "i", resources }], ...spec } });
const configMap = (name: string) => object("v1", "ConfigMap", name);

async function quotaOf(world: World, name: string, hard: Record<string, string>): Promise<void> {
  await world.create(`${core}/resourcequotas`, object("v1", "ResourceQuota", name, { spec: { hard } }));
  const used = Object.fromEntries(Object.keys(hard).map((each) => [each, "0"]));
  const answer = await world.change(`${core}/resourcequotas/${name}/status`, { status: { hard, used } });
  assert.equal(answer.code, 200);
}

check("fifty that are created at once never use more than two quotas allow", async (world) => {
  await quotaOf(world, "ten", { configmaps: "10" });
  await quotaOf(world, "seven", { "count/configmaps": "7" });
  const names = Array.from({ length: 50 }, (_, index) => `c${index}`);
  const answers = await Promise.all(names.map((name) => world.create(`${core}/configmaps`, configMap(name))));
  assert.equal(answers.filter(({ code }) => code === 201).length, 7);
  assert.equal((await world.get(`${core}/configmaps`)).items.length, 7);
  assert.deepEqual((await world.get(`${core}/resourcequotas/ten`)).status.used, { configmaps: "7" });
  assert.deepEqual((await world.get(`${core}/resourcequotas/seven`)).status.used, { "count/configmaps": "7" });
  assert.match(
    answers.find(({ code }) => code === 403)!.body.message,
    /is forbidden: exceeded quota: seven, requested/,
  );
});

check("a dry run, and what is there already, uses nothing", async (world) => {
  await quotaOf(world, "q", { configmaps: "2" });
  await world.create(`${core}/configmaps`, configMap("a"));
  assert.equal((await world.create(`${core}/configmaps`, configMap("a"))).code, 409);
  assert.equal((await world.create(`${core}/configmaps?dryRun=All`, configMap("b"))).code, 201);
  assert.equal((await world.get(`${core}/resourcequotas/q`)).status.used.configmaps, "1");
});

check("limit ranges fill in and refuse", async (world) => {
  const limits = [
    { type: "Container", max: { cpu: "1" }, default: { memory: "1Gi" }, maxLimitRequestRatio: { cpu: "4" } },
    { type: "Pod", max: { memory: "1Gi" } },
  ];
  await world.create(`${core}/limitranges`, object("v1", "LimitRange", "l", { spec: { limits } }));
  const { body } = await world.create(`${core}/pods`, pod("p"));
  assert.deepEqual(body.spec.containers[0].resources, {
    limits: { cpu: "1", memory: "1Gi" },
    requests: { cpu: "1", memory: "1Gi" },
  });
  const refused = await world.create(
    `${core}/pods`,
    pod("q", { requests: { cpu: "100m" }, limits: { cpu: "1", memory: "2Gi" } }),
  );
  assert.equal(
    refused.body.message,
    'pods "q" is forbidden: [cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000, maximum memory usage per Pod is 1Gi, but limit is 2Gi]',
  );
});

check("a namespace's labels hold its pods to a level; whoever makes pods is warned", async (world) => {
  const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
  await world.create(`${core}/pods`, pod("before", {}, { hostNetwork: true }));
  await world.change("/api/v1/namespaces/default", { metadata: { labels } });
  const refused = await world.create(`${core}/pods`, pod("p", {}, { hostNetwork: true }));
  assert.match(refused.body.message, /violates PodSecurity "baseline:latest": host namespaces \(hostNetwork=true\)/);
  assert.equal((await world.change(`${core}/pods/before`, { metadata: { labels: { a: "b" } } })).code, 200);
  const wrong = { "pod-security.kubernetes.io/enforce": "none" };
  assert.equal((await world.change("/api/v1/namespaces/default", { metadata: { labels: wrong } })).code, 422);
});

check("a claim gets the newest default class and is protected", async (world) => {
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  const classes = "/apis/storage.k8s.io/v1/storageclasses";
  const class_ = { ...object("storage.k8s.io/v1", "StorageClass", "s", { provisioner: "p" }) };
  await world.create(classes, { ...class_, metadata: { name: "s", annotations } });
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const { body } = await world.create(
    `${core}/persistentvolumeclaims`,
    object("v1", "PersistentVolumeClaim", "c", { spec }),
  );
  assert.equal(body.spec.storageClassName, "s");
  assert.deepEqual(body.metadata.finalizers, ["kubernetes.io/pvc-protection"]);
});

check("a pod that is bound learns where its node is", async (world) => {
  const labels = { "topology.kubernetes.io/zone": "z", other: "x" };
  await world.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "n", labels } });
  await world.create(`${core}/pods`, pod("p"));
  const binding = object("v1", "Binding", "p", { target: { kind: "Node", name: "n" } });
  assert.equal((await world.create(`${core}/pods/p/binding`, binding)).code, 201);
  assert.deepEqual((await world.get(`${core}/pods/p`)).metadata.labels, { "topology.kubernetes.io/zone": "z" });
});

const request =
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWU1JR0FBZ0VBTUI0eEREQUtCZ05WQkFvTUEyUmxkakVPTUF3R0ExVUVBd3dGWVd4cFkyVXdXVEFUQmdjcQpoa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVMwNlZzY254REJ0SHc3TGdPR0NraFFuSzJ4QlUwMGJQdFJQeGlRCjQxQ1o0U2YwUTdHcitOREZEMXhVWUFSZWc0UnF1dU9jcjJJajBpTCtJbWxhS0dUWW9BQXdDZ1lJS29aSXpqMEUKQXdJRFJ3QXdSQUlnR21LNXNkejJmL21mS3pCV3B4YkxnaFJJWFpJS3kxT2tpWEtJZVpScEdTWUNJQnQyN0tXaAo1YlpQd0NyeWtHTHV1SG54ZkZjaDdUdnBXRDRIb05YQjNLN1MKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";
const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

check("only who may approve for a signer approves, and what is decided stays", async (world) => {
  const spec = { request, signerName: "example.com/s", usages: ["client auth"] };
  await world.create(requests, object("certificates.k8s.io/v1", "CertificateSigningRequest", "r", { spec }));
  const rules = [
    { apiGroups: ["certificates.k8s.io"], resources: ["certificatesigningrequests/approval"], verbs: ["*"] },
  ];
  const rbac = "rbac.authorization.k8s.io";
  await world.create(`/apis/${rbac}/v1/clusterroles`, object(`${rbac}/v1`, "ClusterRole", "weak", { rules }));
  const subjects = [{ kind: "User", name: "eve", apiGroup: rbac }];
  const roleRef = { apiGroup: rbac, kind: "ClusterRole", name: "weak" };
  const binding = object(`${rbac}/v1`, "ClusterRoleBinding", "weak", { subjects, roleRef });
  await world.create(`/apis/${rbac}/v1/clusterrolebindings`, binding);
  const approved = { status: { conditions: [{ type: "Approved", status: "True", reason: "R" }] } };
  const refused = await world.as("eve").change(`${requests}/r/approval`, approved);
  assert.equal(refused.code, 403);
  assert.match(refused.body.message, /user not permitted to approve requests with signerName "example.com\/s"/);
  const answer = await world.change(`${requests}/r/approval`, approved);
  assert.equal(answer.code, 200);
  assert.ok(answer.body.status.conditions[0].lastUpdateTime);
  const undone = await world.change(`${requests}/r/approval`, { status: { conditions: [] } });
  assert.equal(undone.code, 422);
  assert.match(undone.body.message, /updates may not remove a condition of type "Approved"/);
});

check("a resize is charged, checked and owned apart", async (world) => {
  await world.create(`${core}/pods`, pod("p", { requests: { cpu: "1" }, limits: { cpu: "1" } }));
  const resized = (cpu: string) => ({
    spec: { containers: [{ name: "c", image: "i", resources: { requests: { cpu }, limits: { cpu } } }] },
  });
  await quotaOf(world, "q", { "requests.cpu": "1" });
  assert.equal((await world.change(`${core}/pods/p/resize`, resized("3"))).code, 403);
  const { code, body } = await world.change(`${core}/pods/p/resize`, resized("2"));
  assert.equal(code, 200, body.message);
  assert.equal(body.metadata.generation, 2);
  assert.equal(body.spec.containers[0].resources.limits.cpu, "2");
});

test("every plugin that Kubernetes names can be switched off, in its order", () => {
  const unused = () => assert.fail();
  const ranges = { serviceCidr: "10.96.0.0/16", nodePorts: { first: 30_000, last: 32_767 } };
  const names = admissionPlugins(unused, ranges, unused).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => switchablePlugins.includes(name)),
    switchablePlugins,
  );
});
