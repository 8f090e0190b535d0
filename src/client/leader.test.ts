import assert from "node:assert/strict";
import { test } from "node:test";
import { planLease } from "./leader.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const lease = (spec: any): any => ({
  metadata: { name: "l" },
  spec: { leaseDurationSeconds: 15, acquireTime: "then", ...spec },
});

/** What `me` may write, seen `silentMs` after the last change of the lease. */
function check(name: string, held: any, silentMs: number, wanted: object | undefined): void {
  test(name, () => {
    const facts = { identity: "me", seenAtMs: 0, monotonicMs: silentMs, now };
    const spec = planLease(held, facts);
    const shown = spec && {
      holder: spec.holderIdentity,
      acquired: spec.acquireTime,
      transitions: spec.leaseTransitions,
    };
    assert.deepEqual(shown, wanted);
  });
}

const time = "2026-01-01T00:00:00.000000Z";
check("takes a lease that is not there", undefined, 0, { holder: "me", acquired: time, transitions: 0 });
check("renews its own", lease({ holderIdentity: "me", leaseTransitions: 3 }), 9_000, {
  holder: "me",
  acquired: "then",
  transitions: 3,
});
check("waits while another leads", lease({ holderIdentity: "other" }), 14_999, undefined);
check("takes over from a silent one", lease({ holderIdentity: "other", leaseTransitions: 1 }), 15_000, {
  holder: "me",
  acquired: time,
  transitions: 2,
});
check("takes one that was given back", lease({ holderIdentity: "" }), 0, {
  holder: "me",
  acquired: time,
  transitions: 1,
});
