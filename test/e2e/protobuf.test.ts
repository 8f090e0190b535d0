// What the real kubectl sends in protobuf is stored as if it had sent JSON.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createApiServer } from "../../src/apiserver/mod.ts";
import { createSigningKey } from "../../src/cluster/certificates.ts";
import { machine } from "../../src/host/mod.ts";
import { openMemoryStore } from "../../src/store/mod.ts";

const kubectlPath = "/usr/bin/kubectl";
const skip = existsSync(kubectlPath) ? false : `there is no ${kubectlPath}`;
const admin = { username: "tester", groups: ["system:masters"] };

/** The media types of the bodies that came in since `kubectl` was last called. */
const sent: string[] = [];
const closing = new AsyncDisposableStack();
let base: string[] = [];

before(async () => {
  const home = await mkdtemp(join(tmpdir(), "typernetes-protobuf-"));
  closing.defer(() => rm(home, { recursive: true }));
  const store = closing.use(await openMemoryStore());
  const server = closing.use(await createApiServer({ store, ...machine, serviceAccountKey: await createSigningKey() }));
  const listener = closing.use(
    await machine.net.listenHttp({ host: "127.0.0.1", port: 0 }, (request) => {
      if (request.method === "POST") sent.push(request.headers["content-type"] ?? "");
      return server.handler({ ...request, user: admin });
    }),
  );
  const kubeconfig = join(home, "config");
  await writeFile(kubeconfig, "apiVersion: v1\nkind: Config\n");
  base = ["--kubeconfig", kubeconfig, "--cache-dir", home, "--server", `http://127.0.0.1:${listener.port}`];
});

after(() => closing.disposeAsync());

/** Runs the real kubectl. Gives what it printed; throws if it failed. */
function kubectl(words: readonly string[], stdin = ""): Promise<string> {
  sent.length = 0;
  return new Promise((done, fail) => {
    const child = execFile(kubectlPath, [...base, ...words], (error, stdout, stderr) =>
      error ? fail(new Error(`kubectl ${words.join(" ")}: ${stderr}`)) : done(stdout),
    );
    child.stdin!.end(stdin);
  });
}

/** An object without what the server makes up for each. */
function comparable(text: string): object {
  const { uid } = JSON.parse(text).metadata;
  const object = JSON.parse(text.replaceAll(uid, "UID"));
  for (const field of ["uid", "resourceVersion", "creationTimestamp", "managedFields"]) delete object.metadata[field];
  return object;
}

/** `create …` stores the same object from kubectl's protobuf as from the JSON of `--dry-run=client -o json`. */
function check(command: string, kind: string, name: string): void {
  test(`create ${command}`, { skip }, async () => {
    const words = ["create", ...command.split(" ")];
    const json = await kubectl(["create", "--dry-run=client", "-o", "json", ...words.slice(1)]);
    await kubectl(words);
    assert.deepEqual(sent, ["application/vnd.kubernetes.protobuf"]);
    const fromProtobuf = await kubectl(["get", kind, name, "-o", "json"]);
    await kubectl(["delete", kind, name, "--wait=false"]);
    if (kind === "namespace") return;
    await kubectl(["create", "-f", "-"], json);
    assert.deepEqual(sent, ["application/json"]);
    assert.deepEqual(comparable(fromProtobuf), comparable(await kubectl(["get", kind, name, "-o", "json"])));
  });
}

check("namespace n", "namespace", "n");
check("configmap x --from-literal=a=1 --from-literal=b=ü", "configmap", "x");
check("secret generic x --from-literal=a=1 --from-literal=empty=", "secret", "x");
check("secret docker-registry reg --docker-username=u --docker-password=p", "secret", "reg");
check("serviceaccount x", "serviceaccount", "x");
check("deployment x --image=nginx --replicas=3 --port=80 -- sleep 1", "deployment", "x");
check("service clusterip x --clusterip=None", "service", "x");
check("service externalname y --external-name=example.com", "service", "y");
check("job x --image=busybox -- date", "job", "x");
check("cronjob x --image=busybox --schedule=@hourly --restart=Never", "cronjob", "x");
check("role x --verb=get,list --resource=pods,deployments.apps --resource-name=a", "role", "x");
check("rolebinding x --role=x --serviceaccount=default:x --user=u", "rolebinding", "x");
check("clusterrole x --verb=get --non-resource-url=/metrics", "clusterrole", "x");
check("clusterrolebinding x --clusterrole=x --group=g", "clusterrolebinding", "x");
check("quota y --hard=cpu=1500m,memory=1G,count/jobs.batch=0", "quota", "y");
check("quota x --hard=pods=2 --scopes=BestEffort", "quota", "x");
check("poddisruptionbudget x --selector=app=x --min-available=50%", "poddisruptionbudget", "x");
check("poddisruptionbudget y --selector=app=x --max-unavailable=1", "poddisruptionbudget", "y");
check("priorityclass x --value=-7 --description=low", "priorityclass", "x");
check("ingress x --class=c --rule=a.example/b*=s:80,tls=t --annotation=k=v", "ingress", "x");

test("a pod with much in it, run by kubectl", { skip }, async () => {
  await kubectl(["create", "serviceaccount", "default"]);
  const overrides = JSON.stringify({
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "p",
          image: "nginx",
          resources: { limits: { cpu: "1500m", memory: "1Gi" } },
          livenessProbe: { httpGet: { path: "/", port: "web" }, failureThreshold: 3 },
          readinessProbe: { tcpSocket: { port: 80 } },
          env: [{ name: "K", valueFrom: { secretKeyRef: { name: "x", key: "a", optional: false } } }],
          volumeMounts: [{ name: "v", mountPath: "/v", readOnly: true }],
        },
      ],
      volumes: [{ name: "v", configMap: { name: "x", defaultMode: 420 } }],
    },
  });
  const words = ["run", "p", "--image=nginx", `--overrides=${overrides}`, "--override-type=strategic"];
  const json = await kubectl([...words, "--dry-run=client", "-o", "json"]);
  await kubectl(words);
  const first = await kubectl(["get", "pod", "p", "-o", "json"]);
  await kubectl(["delete", "pod", "p", "--force", "--grace-period=0"]);
  await kubectl(["create", "-f", "-"], json);
  const second = await kubectl(["get", "pod", "p", "-o", "json"]);
  const steady = (text: string) => text.replaceAll(/kube-api-access-\w+/g, "kube-api-access");
  assert.deepEqual(comparable(steady(first)), comparable(steady(second)));
});

test("a token for a service account", { skip }, async () => {
  await kubectl(["create", "serviceaccount", "asker"]);
  const token = await kubectl(["create", "token", "asker", "--duration=1h"]);
  assert.deepEqual(sent, ["application/vnd.kubernetes.protobuf"]);
  assert.equal(token.trim().split(".").length, 3);
});

test("eviction, and a body that is no protobuf", { skip }, async () => {
  const [, url] = base.slice(-2);
  const send = (path: string, body: Uint8Array | string) =>
    fetch(url + path, { method: "POST", body, headers: { "content-type": "application/vnd.kubernetes.protobuf" } });
  const refused = await send("/api/v1/namespaces/default/configmaps", "{}");
  assert.equal(refused.status, 400);
  const status = (await refused.json()) as { message: string };
  assert.match(
    status.message,
    /^the object provided is unrecognized \(must be of type ConfigMap\): provided data does not/,
  );

  await kubectl(["run", "evicted", "--image=nginx"]);
  const text = (field: number, value: string) => [field * 8 + 2, value.length, ...new TextEncoder().encode(value)];
  const message = (field: number, bytes: number[]) => [field * 8 + 2, bytes.length, ...bytes];
  const type = message(1, [...text(1, "policy/v1"), ...text(2, "Eviction")]);
  const raw = message(2, message(1, [...text(1, "evicted"), ...text(2, ""), ...text(3, "default")]));
  const body = Uint8Array.from([0x6b, 0x38, 0x73, 0, ...type, ...raw]);
  assert.equal((await send("/api/v1/namespaces/default/pods/evicted/eviction", body)).status, 201);
});
