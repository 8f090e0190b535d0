import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsOf, planProtection } from "./protection.ts";

/** The finalizers that an object is planned to have. */
function check(
  what: string,
  world: { deleted?: boolean; finalizers?: string[]; inUse?: boolean },
  wanted: string,
): void {
  test(what, () => {
    const metadata: any = { name: "c", finalizers: world.finalizers };
    if (world.deleted) metadata.deletionTimestamp = "2020-01-01T00:00:00Z";
    const [action] = planProtection("persistentvolumeclaims", "p", { metadata } as never, world.inUse ?? false);
    assert.equal(action?.do === "update" ? action.object.metadata.finalizers!.join() : "as it is", wanted);
  });
}

check("protects what is there", {}, "p");
check("leaves others' finalizers alone", { finalizers: ["x"] }, "x,p");
check("protects once", { finalizers: ["p"] }, "as it is");
check("holds what is in use", { deleted: true, finalizers: ["p"], inUse: true }, "as it is");
check("lets go of what is not", { deleted: true, finalizers: ["x", "p"] }, "x");
check("does not hold up what goes already", { deleted: true, finalizers: ["x"] }, "as it is");

test("a pod's claims are those that it names and those made for it", () => {
  const volumes = [
    { name: "a", persistentVolumeClaim: { claimName: "c" } },
    { name: "b", ephemeral: {} },
    { name: "d" },
  ];
  assert.deepEqual(claimsOf({ metadata: { name: "p" }, spec: { volumes } } as never), ["c", "p-b"]);
});
