import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../api/machinery/object.ts";
import { StatusError } from "../../../api/machinery/status.ts";
import { type Client, inProcess } from "../../../client/mod.ts";
import { machine } from "../../../host/mod.ts";
import { openMemoryStore } from "../../../store/mod.ts";
import { createApiServer } from "../../mod.ts";

interface World {
  client: Client;
  /** What somebody else may do. */
  as(username: string, groups?: string[]): Client;
  failure(call: Promise<unknown>): Promise<string>;
}

/** One behaviour, of a fresh server. */
function check(what: string, body: (world: World) => Promise<void>): void {
  test(what, async () => {
    await using store = await openMemoryStore();
    await using server = await createApiServer({ store, ...machine });
    const as = (username: string, groups: string[] = []) => inProcess(server.handler, { username, groups });
    const failure = (call: Promise<unknown>) =>
      call.then(
        () => "none",
        (error: unknown) =>
          error instanceof StatusError ? `${error.code} ${error.reason} ${error.message}` : String(error),
      );
    await body({ client: as("tester", ["system:masters"]), as, failure });
  });
}

const group = "admissionregistration.k8s.io";
const rule = (plural = "configmaps", operations = ["*"], apiGroups = [""]) => ({
  apiGroups,
  apiVersions: ["*"],
  operations,
  resources: [plural],
});

/** A policy of a kind, in force for what its rules match. */
async function enforce(world: World, kind: "Validating" | "Mutating", spec: any, binding: object = {}): Promise<void> {
  const name = `p${Math.abs(JSON.stringify(spec).length)}`;
  const apiVersion = `${group}/v1`;
  const plural = `${kind.toLowerCase()}admissionpolic`;
  const matchConstraints = { resourceRules: [rule()] };
  const base = kind === "Mutating" ? { reinvocationPolicy: "Never" } : {};
  await world.client.create(`${plural}ies.${group}`, {
    apiVersion,
    kind: `${kind}AdmissionPolicy`,
    metadata: { name },
    spec: { matchConstraints, ...base, ...spec },
  });
  const actions = kind === "Validating" ? { validationActions: ["Deny"] } : {};
  await world.client.create(`${plural}ybindings.${group}`, {
    apiVersion,
    kind: `${kind}AdmissionPolicyBinding`,
    metadata: { name },
    spec: { policyName: name, ...actions, ...binding },
  });
}

const configMap = (name = "c", data: object = {}, metadata: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...metadata },
  data,
});
const create = ({ client }: World, object: object = configMap(), plural = "configmaps") =>
  client.create<KubeObject>(plural, object);
const apply = (expression: string) => ({ patchType: "ApplyConfiguration", applyConfiguration: { expression } });
const patch = (expression: string) => ({ patchType: "JSONPatch", jsonPatch: { expression } });

/** The part of a denial that a policy wrote. */
async function denial(world: World, call: Promise<unknown>): Promise<string> {
  return (await world.failure(call)).replace(/^.*denied request: /s, "");
}

check("variables are computed once they are needed, and may fail", async (world) => {
  await enforce(world, "Validating", {
    variables: [
      { name: "n", expression: "int(object.data.n)" },
      { name: "twice", expression: "variables.n * 2" },
    ],
    validations: [
      {
        expression: "!has(object.data.n) || variables.twice < 10",
        messageExpression: "'twice is ' + string(variables.twice)",
      },
    ],
  });
  await create(world, configMap("a", { z: "1" }));
  assert.equal(await denial(world, create(world, configMap("b", { n: "5" }))), "twice is 10");
  const expression = "!has(object.data.n) || variables.twice < 10";
  assert.match(
    await denial(world, create(world, configMap("b", { n: "x" }))),
    new RegExp(
      `^expression '${expression.replaceAll(/[().|]/g, "\\$&")}' resulted in error: composited variable "twice" fails to evaluate: composited variable "n"`,
    ),
  );
});

check("a reason decides the code", async (world) => {
  await enforce(world, "Validating", { validations: [{ expression: "false", reason: "Forbidden", message: "no" }] });
  assert.match(
    await world.failure(create(world)),
    /^403 Forbidden configmaps "c" is forbidden: ValidatingAdmissionPolicy/,
  );
});

check("match conditions leave requests out", async (world) => {
  const matchConditions = [{ name: "not-system", expression: "!request.userInfo.username.startsWith('system:')" }];
  await enforce(world, "Validating", { matchConditions, validations: [{ expression: "false" }] });
  assert.notEqual(await world.failure(create(world)), "none");
  const system = world.as("system:somebody", ["system:masters"]);
  await system.create("configmaps", configMap());
});

check("excluded rules, and resources by name", async (world) => {
  const matchConstraints = {
    resourceRules: [{ ...rule(), resourceNames: ["a", "b"] }],
    excludeResourceRules: [{ ...rule(), resourceNames: ["b"] }],
  };
  await enforce(world, "Validating", { matchConstraints, validations: [{ expression: "false" }] });
  await create(world, configMap("b"));
  await create(world, configMap("c"));
  assert.notEqual(await world.failure(create(world, configMap("a"))), "none");
});

check("an expression asks what the request's own user may do", async (world) => {
  const expression = "authorizer.group('').resource('secrets').namespace('default').check('get').allowed()";
  await enforce(world, "Validating", { validations: [{ expression, message: "may not read secrets" }] });
  await create(world);
  await world.client.create("clusterroles.rbac.authorization.k8s.io", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "maps" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["*"] }],
  });
  await world.client.create("clusterrolebindings.rbac.authorization.k8s.io", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "maps" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "maps" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "somebody" }],
  });
  const call = world.as("somebody").create("configmaps", configMap("d"));
  assert.equal(await denial(world, call), "may not read secrets");
});

check("an expression that would take forever is refused soon", async (world) => {
  const expression =
    "object.data.l.split(',').all(a, object.data.l.split(',').all(b, object.data.l.split(',').all(c, a + b + c != '')))";
  await enforce(world, "Validating", { validations: [{ expression }] });
  const long = Array.from({ length: 2000 }, (_, at) => at).join();
  assert.match(
    await denial(world, create(world, configMap("c", { l: long }))),
    /operation cancelled: actual cost limit exceeded$/,
  );
});

check("scales and evictions are no deployments and pods", async (world) => {
  const matchConstraints = { resourceRules: [rule("deployments/scale", ["UPDATE"], ["apps"])] };
  await enforce(world, "Validating", {
    matchConstraints,
    validations: [{ expression: "object.spec.replicas < 5", message: "too many" }],
  });
  const labels = { app: "a" };
  await create(
    world,
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d", namespace: "default" },
      spec: {
        replicas: 9,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
    },
    "deployments.apps",
  );
  const scale = (replicas: number) =>
    world.client.patch(
      "deployments.apps",
      { namespace: "default", name: "d" },
      "merge",
      { spec: { replicas } },
      { subresource: "scale" },
    );
  assert.equal(await denial(world, scale(6)), "too many");
  await scale(3);
});

check("an apply configuration is merged, a patch is applied, in their order", async (world) => {
  await enforce(world, "Mutating", {
    mutations: [
      apply("Object{metadata: Object.metadata{labels: {'by': request.userInfo.username}}}"),
      patch(
        "[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: object.metadata.labels.by + '2'}]",
      ),
      patch("[JSONPatch{op: 'test', path: '/data/x', value: 'no'}, JSONPatch{op: 'remove', path: '/data'}]"),
    ],
  });
  const { metadata, data } = await create(world, configMap("c", { x: "1" }, { labels: { own: "1" } }));
  assert.deepEqual(metadata.labels, { own: "1", by: "tester", "a/b": "tester2" });
  assert.deepEqual(data, { x: "1" });
});

check("containers are merged by their names, and get their defaults", async (world) => {
  await create(
    world,
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace: "default" } },
    "serviceaccounts",
  );
  const sidecar = "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'side', image: 'i:1'}]}}";
  await enforce(world, "Mutating", {
    matchConstraints: { resourceRules: [rule("pods", ["CREATE"])] },
    mutations: [apply(sidecar)],
  });
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "default" },
    spec: { containers: [{ name: "c", image: "i" }] },
  };
  const { spec } = await create(world, pod, "pods");
  const shown = spec.containers.map((each: any) => `${each.name} ${each.imagePullPolicy}`);
  assert.deepEqual(shown, ["c Always", "side IfNotPresent"]);
});

check("a mutation that fails refuses the request, or is ignored", async (world) => {
  const wrong = apply("Object{metadata: Object.spec{labels: {'a': 'b'}}}");
  await enforce(world, "Mutating", { mutations: [wrong] });
  const why =
    'type mismatch: unexpected type name "Object.spec", expected "Object.metadata", which matches field name path from root Object type';
  const text = await world.failure(create(world));
  assert.match(text, /^403 Invalid policy 'p\d+' with binding 'p\d+' denied request: /);
  assert.ok(text.endsWith(why), text);
});

check("ignored failures change nothing", async (world) => {
  await enforce(world, "Mutating", {
    failurePolicy: "Ignore",
    mutations: [
      patch("[JSONPatch{op: 'remove', path: '/no/where'}]"),
      patch("[JSONPatch{op: 'add', path: '/data/' + object.data.none, value: 1}]"),
    ],
  });
  assert.deepEqual((await create(world, configMap("c", { a: "1" }))).data, { a: "1" });
});

check("nobody is locked out by a policy that refuses everything", async (world) => {
  await enforce(world, "Validating", {
    matchConstraints: { resourceRules: [rule("*", ["*"], ["*"])] },
    validations: [{ expression: "false" }],
  });
  assert.notEqual(await world.failure(create(world)), "none");
  const [policy] = (await world.client.list<KubeObject>(`validatingadmissionpolicies.${group}`)).items;
  await world.client.delete(`validatingadmissionpolicies.${group}`, { name: policy!.metadata.name });
  await create(world);
});
