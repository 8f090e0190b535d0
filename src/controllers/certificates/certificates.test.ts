import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/machinery/object.ts";
import { worldView } from "../../client/mod.ts";
import { planApproval, planCleaning, planSigning, type Signed } from "./certificates.ts";
import { approvalRight, signingProblem } from "./rules.ts";

/** PKCS#10 for `O=dev, CN=alice`, made with openssl. */
const alice =
  "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWU1JR0FBZ0VBTUI0eEREQUtCZ05WQkFvTUEyUmxkakVPTUF3R0ExVUVBd3dGWVd4cFkyVXdXVEFUQmdjcQpoa2pPUFFJQkJnZ3Foa2pPUFFNQkJ3TkNBQVMwNlZzY254REJ0SHc3TGdPR0NraFFuSzJ4QlUwMGJQdFJQeGlRCjQxQ1o0U2YwUTdHcitOREZEMXhVWUFSZWc0UnF1dU9jcjJJajBpTCtJbWxhS0dUWW9BQXdDZ1lJS29aSXpqMEUKQXdJRFJ3QXdSQUlnR21LNXNkejJmL21mS3pCV3B4YkxnaFJJWFpJS3kxT2tpWEtJZVpScEdTWUNJQnQyN0tXaAo1YlpQd0NyeWtHTHV1SG54ZkZjaDdUdnBXRDRIb05YQjNLN1MKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==";
const signer = (name: string) => `kubernetes.io/${name}`;

function request(signerName: string, usages: string[], status?: object): KubeObject {
  const metadata = { name: "r", creationTimestamp: "2020-01-01T00:00:00Z" };
  return { metadata, spec: { signerName, request: alice, usages, username: "alice" }, status } as never;
}

const approved = { conditions: [{ type: "Approved", status: "True", lastUpdateTime: "2020-01-01T01:00:00Z" }] };

/** What a signer does not like about Alice's request. */
function checkRule(name: string, usages: string[], wanted: string | undefined): void {
  test(`${name} and ${usages.join(", ")}`, () => assert.equal(signingProblem(request(signer(name), usages)), wanted));
}

checkRule("kube-apiserver-client", ["client auth", "digital signature"], undefined);
checkRule(
  "kube-apiserver-client",
  ["client auth", "server auth"],
  "usages did not match map[client auth digital signature key encipherment]",
);
checkRule("kube-apiserver-client-kubelet", ["client auth"], "subject organization is not system:nodes");
checkRule("kubelet-serving", ["server auth"], "subject organization is not system:nodes");

function checkSigning(what: string, status: object | undefined, signed: Signed, wanted: string): void {
  test(what, () => {
    const [action] = planSigning(request(signer("kube-apiserver-client"), ["client auth"], status), signed);
    const next: any = action?.do === "update" ? action.object.status : undefined;
    const shown = next?.certificate ? atob(next.certificate) : next?.conditions?.at(-1).message;
    assert.equal(shown ?? "nothing", wanted);
  });
}

checkSigning("issues what was approved", approved, { certificate: "cert" }, "cert");
checkSigning("says why not", approved, { problem: "no" }, "no");
checkSigning("waits for approval", undefined, { certificate: "cert" }, "nothing");
checkSigning("issues once", { ...approved, certificate: "x" }, { certificate: "cert" }, "nothing");
const denied = { conditions: [...approved.conditions, { type: "Denied", status: "True" }] };
checkSigning("issues nothing that was denied", denied, { certificate: "cert" }, "nothing");

test("only kubelets' client certificates are approved", () => {
  assert.equal(approvalRight(request(signer("kube-apiserver-client"), ["client auth"])), undefined);
  assert.equal(approvalRight(request(signer("kube-apiserver-client-kubelet"), ["client auth"])), undefined);
  assert.deepEqual(planApproval(request(signer("kube-apiserver-client"), []), false), []);
});

test("what was decided is kept for an hour, what was not for a day", () => {
  const at = (time: string) => ({ ...worldView({}), now: Date.parse(time) });
  const plan = (status: object | undefined, time: string) =>
    planCleaning(request(signer("x"), [], status), at(time)).map((each) => each.do);
  assert.deepEqual(plan(approved, "2020-01-01T01:59:59Z"), ["requeueAfter"]);
  assert.deepEqual(plan(approved, "2020-01-01T02:00:00Z"), ["delete"]);
  assert.deepEqual(plan(undefined, "2020-01-01T23:00:00Z"), ["requeueAfter"]);
  assert.deepEqual(plan(undefined, "2020-01-02T00:00:00Z"), ["delete"]);
});
