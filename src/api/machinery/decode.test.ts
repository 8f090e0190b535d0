import assert from "node:assert/strict";
import { before, test } from "node:test";
import { completer } from "./complete.ts";
import { decoder } from "./decode.ts";
import { definitions, loadDefinitions } from "./definitions.ts";

before(loadDefinitions);

const names: Record<string, string> = {
  Pod: "io.k8s.api.core.v1.Pod",
  ConfigMap: "io.k8s.api.core.v1.ConfigMap",
  Deployment: "io.k8s.api.apps.v1.Deployment",
  Lease: "io.k8s.api.coordination.v1.Lease",
  Role: "io.k8s.api.rbac.v1.Role",
  Secret: "io.k8s.api.core.v1.Secret",
  Crd: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
};

/** Checks what a value becomes, or the problems, or the refusal. */
function check(
  title: string,
  kind: string,
  value: unknown,
  wanted: { object?: unknown; problems?: string[]; error?: string },
): void {
  test(title, () => {
    const decode = decoder(names[kind]!, definitions);
    if (wanted.error !== undefined) {
      assert.throws(() => decode(value), { message: wanted.error });
      return;
    }
    const decoded = decode(value);
    if (wanted.object) assert.deepEqual(decoded.object, wanted.object);
    assert.deepEqual(decoded.problems, wanted.problems ?? []);
  });
}

check(
  "unknown fields are dropped and named",
  "Pod",
  {
    spec: {
      contaners: [],
      containers: [{ prots: 1, resources: { limit: {} } }],
      volumes: [{ name: "v", emptyDir: { size: 1 } }],
    },
  },
  {
    problems: [
      "spec.contaners",
      "spec.containers[0].prots",
      "spec.containers[0].resources.limit",
      "spec.volumes[0].emptyDir.size",
    ].map((path) => `unknown field "${path}"`),
  },
);
check(
  "null is absent",
  "ConfigMap",
  { metadata: { name: "a", labels: null }, data: { a: null }, immutable: null },
  { object: { metadata: { name: "a" }, data: { a: "" } } },
);
check(
  "empty optional values go, others stay",
  "Pod",
  {
    metadata: { name: "p", labels: {} },
    spec: {
      hostNetwork: false,
      hostUsers: false,
      nodeSelector: {},
      containers: [{ name: "c", env: [{ name: "E", value: "" }], tty: false }],
      priority: 0,
    },
  },
  {
    object: {
      metadata: { name: "p" },
      spec: { hostUsers: false, containers: [{ name: "c", env: [{ name: "E" }], resources: {} }], priority: 0 },
      status: {},
    },
  },
);
check(
  "quantities become canonical",
  "Pod",
  { spec: { containers: [{ name: "c", resources: { limits: { cpu: 0.5, memory: "1024Mi" } } }] } },
  {
    object: {
      metadata: {},
      status: {},
      spec: { containers: [{ name: "c", resources: { limits: { cpu: "500m", memory: "1Gi" } } }] },
    },
  },
);
check(
  "a quantity that is none",
  "Pod",
  { spec: { overhead: { cpu: ["x"] } } },
  { error: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" },
);

const field = "json: cannot unmarshal";
check(
  "text for a number",
  "Pod",
  { spec: { containers: [{ ports: [{ containerPort: "80" }] }] } },
  { error: `${field} string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32` },
);
check(
  "a fraction for an integer",
  "Pod",
  { spec: { containers: [{ ports: [{ containerPort: 80.5 }] }] } },
  {
    error: `${field} number 80.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32`,
  },
);
check(
  "an object for a list",
  "Pod",
  { spec: { containers: {} } },
  { error: `${field} object into Go struct field PodSpec.spec.containers of type []v1.Container` },
);
check(
  "a number for a map's text",
  "Pod",
  { metadata: { labels: { a: 1 } } },
  { error: `${field} number into Go struct field ObjectMeta.metadata.labels of type string` },
);
check(
  "a list for a map",
  "ConfigMap",
  { data: [] },
  { error: `${field} array into Go struct field ConfigMap.data of type map[string]string` },
);
check(
  "text for a struct",
  "ConfigMap",
  { metadata: "x" },
  { error: `${field} string into Go struct field ConfigMap.metadata of type v1.ObjectMeta` },
);
check(
  "text for a count",
  "Deployment",
  { spec: { replicas: "x" } },
  { error: `${field} string into Go struct field DeploymentSpec.spec.replicas of type int32` },
);
check(
  "times",
  "Lease",
  { spec: { renewTime: "x" } },
  { error: `parsing time "x" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "x" as "2006"` },
);
check("base64", "Secret", { data: { a: "YQ=", b: "YQ==" } }, { error: "illegal base64 data at input byte 3" });
check(
  "schemas in schemas",
  "Crd",
  {
    spec: {
      versions: [
        {
          name: "v1",
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { $ref: { type: "string" }, b: { default: { c: [null] }, odd: 1 } },
            },
          },
        },
      ],
    },
  },
  { problems: [`unknown field "spec.versions[0].schema.openAPIV3Schema.properties.b.odd"`] },
);

test("the result is a copy, even of keys that JavaScript minds", () => {
  const value = JSON.parse('{"data":{"__proto__":"x"}}');
  const { object } = decoder(names.ConfigMap!, definitions)(value);
  assert.equal(JSON.stringify(object.data), '{"__proto__":"x"}');
  assert.notEqual(object.data, value.data);
});

test("what is always written", () => {
  const role = { metadata: {} };
  completer(names.Role!, definitions)(role);
  assert.deepEqual(role, { metadata: {}, rules: null });
  const deployment: any = { spec: { template: { spec: { containers: [{ name: "a" }] } } } };
  completer(names.Deployment!, definitions)(deployment);
  assert.deepEqual(deployment, {
    metadata: {},
    spec: { strategy: {}, template: { metadata: {}, spec: { containers: [{ name: "a", resources: {} }] } } },
    status: {},
  });
});

const amounts = (requests: object) => ({ spec: { containers: [{ resources: { requests } }] } });
check("amounts of resources are counted in thousandths", "Pod", amounts({ cpu: "0.0001", memory: "1e-6" }), {
  object: { ...amounts({ cpu: "1m", memory: "1e-3" }), metadata: {}, status: {} },
});
