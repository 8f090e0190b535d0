import assert from "node:assert/strict";
import { test } from "node:test";
import { worldView } from "../../client/mod.ts";
import { planServiceCidr } from "./servicecidr.ts";

const ranges = "servicecidrs.networking.k8s.io";
const addresses = "ipaddresses.networking.k8s.io";
const finalizer = "networking.k8s.io/service-cidr-finalizer";
const now = Date.parse("2026-01-01T00:01:00Z");

interface Given {
  finalizers?: string[];
  ready?: string;
  /** When its deletion was asked for. */
  deleted?: string;
}

const range = (name: string, cidr: string, { finalizers = [finalizer], ready, deleted }: Given = {}): any => ({
  metadata: { name, finalizers, ...(deleted ? { deletionTimestamp: deleted } : {}) },
  spec: { cidrs: [cidr] },
  ...(ready ? { status: { conditions: [{ type: "Ready", status: ready, reason: "", message: "" }] } } : {}),
});

/** What is planned for `10.96.0.0/24`, in words. */
function check(what: string, given: Given, wanted: string, ips: string[] = [], others: any[] = []): void {
  test(what, () => {
    const own = range("own", "10.96.0.0/24", given);
    const world = { [ranges]: [own, ...others], [addresses]: ips.map((name) => ({ metadata: { name } }) as any) };
    const plan = planServiceCidr(own, worldView(world, { now })).map((action: any) => {
      if (action.do === "requeueAfter") return `again after ${action.ms}`;
      const { status, metadata } = action.object;
      if (action.subresource !== "status") return `finalizers ${metadata.finalizers.join()}`;
      const [ready] = status.conditions;
      return `Ready ${ready.status} ${ready.reason}`.trim();
    });
    assert.equal(plan.join(" | "), wanted);
  });
}

const old = "2026-01-01T00:00:00Z";
check("a new range gets the finalizer first", { finalizers: [] }, `finalizers ${finalizer}`);
check("then it is ready", {}, "Ready True");
check("and stays as somebody else has said it", { ready: "True" }, "");
check("one that was not is ready again", { ready: "False" }, "Ready True");
check("nothing is left of one that nobody needs", { deleted: old, ready: "True" }, "finalizers ", ["10.97.0.1"]);
check("allocators have to hear of it first", { deleted: "2026-01-01T00:00:55Z" }, "again after 5000");
check("one with addresses stays, and is not ready", { deleted: old, ready: "True" }, "Ready False Terminating", [
  "10.96.0.9",
]);
check("unless another range has them", { deleted: old }, "finalizers ", ["10.96.0.9"], [range("b", "10.96.0.0/16")]);
check(
  "one that is itself about to go does not count",
  { deleted: old },
  "Ready False Terminating",
  ["10.96.0.9"],
  [range("b", "10.96.0.0/16", { deleted: old })],
);
check("what others hold is theirs", { deleted: old, finalizers: ["example.com/own"] }, "");
