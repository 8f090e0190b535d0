import "reflect-metadata";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import type { UserInfo } from "../../base/http.ts";
import { machine } from "../../host/mod.ts";
import { openMemoryStore } from "../../store/mod.ts";
import { type ApiServer, createApiServer } from "../server.ts";
import { ask, masters } from "./world.ts";

const closing = new AsyncDisposableStack();
let server: ApiServer;
const kubelet = (node: string): UserInfo => ({
  username: `system:node:${node}`,
  groups: ["system:nodes", "system:authenticated"],
});
const [mine, other] = [kubelet("n1"), kubelet("n2")];
const here = "/api/v1/namespaces/default";

before(async () => {
  const store = closing.use(await openMemoryStore());
  server = closing.use(await createApiServer({ store, ...machine }));
  await make(`${here}/serviceaccounts`, { metadata: { name: "default" } });
  for (const name of ["n1", "n2"]) await make("/api/v1/nodes", { metadata: { name } });
  for (const name of ["in-env", "in-volume", "pull", "nobodys", "of-driver"])
    await make(`${here}/secrets`, { metadata: { name } });
  await make(`${here}/configmaps`, { metadata: { name: "config" } });
  await make("/api/v1/persistentvolumes", {
    metadata: { name: "pv" },
    spec: {
      capacity: { storage: "1Gi" },
      accessModes: ["ReadWriteOnce"],
      claimRef: { namespace: "default", name: "claim" },
      csi: { driver: "d", volumeHandle: "h", nodePublishSecretRef: { name: "of-driver", namespace: "default" } },
    },
  });
  await make(`${here}/pods`, podOn("n1"));
});
after(() => closing.disposeAsync());

async function make(path: string, body: object, user = masters): Promise<{ code: number; body: any }> {
  return ask(server, { path, body, user });
}

function podOn(nodeName: string, name = "p"): object {
  return {
    metadata: { name },
    spec: {
      nodeName,
      imagePullSecrets: [{ name: "pull" }],
      containers: [
        {
          name: "c",
          image: "i",
          env: [{ name: "A", valueFrom: { secretKeyRef: { name: "in-env", key: "a" } } }],
          envFrom: [{ configMapRef: { name: "config" } }],
        },
      ],
      volumes: [
        { name: "s", secret: { secretName: "in-volume" } },
        { name: "d", persistentVolumeClaim: { claimName: "claim" } },
      ],
    },
  };
}

/** The code that a kubelet gets for a path. */
const get = async (path: string, user = mine) => (await ask(server, { path, user })).code;

test("a kubelet reads what its pods need, and no other kubelet does", async () => {
  for (const path of [
    "secrets/in-env",
    "secrets/in-volume",
    "secrets/pull",
    "secrets/of-driver",
    "configmaps/config",
    "pods/p",
    "serviceaccounts/default",
  ]) {
    assert.equal(await get(`${here}/${path}`), 200, path);
    assert.equal(await get(`${here}/${path}`, other), 403, path);
  }
  assert.equal(await get("/api/v1/persistentvolumes/pv"), 200);
  assert.equal(await get("/api/v1/persistentvolumes/pv", other), 403);
});

test("a refused kubelet learns why", async () => {
  const { body } = await ask(server, { path: `${here}/secrets/nobodys`, user: mine });
  assert.equal(
    body.message,
    'secrets "nobodys" is forbidden: User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "default": no relationship found between node \'n1\' and this object',
  );
});

test("a kubelet does not get at things by other ways", async () => {
  const paths = [
    `${here}/secrets`,
    "/api/v1/secrets",
    "/api/v1/pods",
    "/api/v1/nodes",
    "/api/v1/nodes/n2",
    "/api/v1/pods?fieldSelector=spec.nodeName%3Dn2",
    "/api/v1/pods?fieldSelector=spec.nodeName!%3Dn1",
    `/api/v1/watch/namespaces/default/secrets/nobodys?fieldSelector=metadata.name%3Dpull`,
    "/api/v1/watch/namespaces/default/pods/q?fieldSelector=spec.nodeName%3Dn1",
    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n2",
    "/apis/storage.k8s.io/v1/csinodes/n2",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  ];
  for (const path of paths) assert.equal(await get(path), 403, path);
  assert.equal(await get("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1"), 200);
  assert.equal(await get("/api/v1/nodes/n1"), 200);
  const imposter = { username: "system:node:n1", groups: ["system:authenticated"] };
  assert.equal(await get(`${here}/secrets/pull`, imposter), 403);
});

test("with the pod its secrets go", async () => {
  await make(`${here}/secrets`, { metadata: { name: "brief" } });
  const pod = {
    metadata: { name: "short" },
    spec: { ...(podOn("n2") as any).spec, imagePullSecrets: [{ name: "brief" }] },
  };
  await make(`${here}/pods`, pod);
  assert.equal(await get(`${here}/secrets/brief`, other), 200);
  await ask(server, { method: "DELETE", path: `${here}/pods/short?gracePeriodSeconds=0`, user: masters });
  assert.equal(await get(`${here}/secrets/brief`, other), 403);
  assert.equal(await get(`${here}/secrets/in-env`, other), 403);
});

/** What a kubelet is told of a write: the code, and the message after "forbidden: ". */
async function write(method: string, path: string, body: object | undefined, user = mine): Promise<string> {
  const headers = { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" };
  const answer = await ask(server, { method, path, body, user, headers });
  return answer.code < 300 ? "ok" : `${answer.code} ${String(answer.body.message).replace(/^.*forbidden: /, "")}`;
}

test("a kubelet writes its own node, and of that not everything", async () => {
  const status = { status: { nodeInfo: {} } };
  assert.equal(await write("PATCH", "/api/v1/nodes/n1", { metadata: { labels: { zone: "a" } } }), "ok");
  assert.equal(
    await write("PATCH", "/api/v1/nodes/n1", { metadata: { labels: { "kubernetes.io/os": "linux" } } }),
    "ok",
  );
  assert.equal(
    await write("PATCH", "/api/v1/nodes/n2", { metadata: { labels: { zone: "a" } } }),
    '403 node "n1" is not allowed to modify node "n2"',
  );
  assert.equal(
    await write("PATCH", "/api/v1/nodes/n2/status", status),
    '403 node "n1" is not allowed to modify node "n2"',
  );
  for (const label of ["node-role.kubernetes.io/control-plane", "node-restriction.kubernetes.io/fips", "x.k8s.io/y"]) {
    const words = `403 is not allowed to modify labels: ${label}`;
    assert.equal(await write("PATCH", "/api/v1/nodes/n1", { metadata: { labels: { [label]: "" } } }), words);
  }
  assert.equal(
    await write("PATCH", "/api/v1/nodes/n1", { spec: { taints: null } }),
    '403 node "n1" is not allowed to modify taints',
  );
  assert.match(await write("POST", "/api/v1/nodes", { metadata: { name: "n3" } }), /not allowed to modify node "n3"$/);
  assert.match(await write("DELETE", "/api/v1/nodes/n1", undefined), /^403 /);
});

test("a kubelet creates mirror pods that give it nothing", async () => {
  const plain = { metadata: { name: "m" }, spec: { nodeName: "n1", containers: [{ name: "c", image: "i" }] } };
  assert.match(await write("POST", `${here}/pods`, plain), /can only create mirror pods$/);
  const uid = (await ask(server, { path: "/api/v1/nodes/n1", user: masters })).body.metadata.uid;
  const owner = { apiVersion: "v1", kind: "Node", name: "n1", uid, controller: true };
  const metadata = { name: "m", annotations: { "kubernetes.io/config.mirror": "x" }, ownerReferences: [owner] };
  const withSecret = { ...plain.spec, volumes: [{ name: "s", secret: { secretName: "nobodys" } }] };
  assert.match(
    await write("POST", `${here}/pods`, { metadata, spec: withSecret }),
    /can not create pods that reference secrets$/,
  );
  const withAccount = { ...plain.spec, serviceAccountName: "default" };
  assert.match(await write("POST", `${here}/pods`, { metadata, spec: withAccount }), /reference a service account$/);
  const elsewhere = { ...plain.spec, nodeName: "n2" };
  assert.match(await write("POST", `${here}/pods`, { metadata, spec: elsewhere }), /spec.nodeName set to itself$/);
  assert.equal(await write("POST", `${here}/pods`, { metadata, spec: plain.spec }), "ok");
});

test("a kubelet touches only its own pods", async () => {
  const running = { status: { phase: "Running" } };
  assert.equal(await write("PATCH", `${here}/pods/p/status`, running), "ok");
  assert.match(
    await write("PATCH", `${here}/pods/p/status`, running, other),
    /can only update pod status for pods with/,
  );
  assert.match(await write("PATCH", `${here}/pods/p`, { metadata: { labels: { a: "b" } } }), /^403 /);
  assert.match(await write("DELETE", `${here}/pods/p`, undefined, other), /can only delete pods with spec.nodeName/);
  assert.match(await write("POST", `${here}/pods/p/ephemeralcontainers`, {}), /^40[35] /);
  assert.match(await write("POST", `${here}/pods/p/binding`, { target: { name: "n2" } }), /^403 /);
});

test("leases and CSINodes of its own name", async () => {
  const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
  assert.equal(await write("POST", leases, { metadata: { name: "n1" } }), "ok");
  assert.match(await write("POST", leases, { metadata: { name: "n2" } }), /same name as the requesting node$/);
  const elsewhere = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  assert.match(await write("POST", elsewhere, { metadata: { name: "n1" } }), /"kube-node-lease" system namespace$/);
  const csiNodes = "/apis/storage.k8s.io/v1/csinodes";
  assert.match(await write("POST", csiNodes, { metadata: { name: "n2" }, spec: { drivers: [] } }), /same name as/);
});

test("certificates for its own name", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const ask = async (signerName: string, commonName: string, text?: string) => {
    const name = `O=system:nodes, CN=${commonName}`;
    const request = await Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm });
    const spec = { signerName, usages: ["client auth"], request: btoa(text ?? request.toString("pem")) };
    return write("POST", "/apis/certificates.k8s.io/v1/certificatesigningrequests", {
      metadata: { generateName: "csr-" },
      spec,
    });
  };
  const [client, serving] = ["kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/kubelet-serving"];
  assert.equal(await ask(client, "system:node:n1"), "ok");
  assert.match(await ask(client, "system:node:n2"), /can only create a node CSR with CN=system:node:n1$/);
  assert.match(await ask(serving, "anybody"), /can only create a node CSR with CN=system:node:n1$/);
  assert.match(await ask(serving, "", "no request"), /unable to parse csr: PEM block type must be/);
  assert.equal(await ask("example.com/signer", "anybody"), "ok");
});
