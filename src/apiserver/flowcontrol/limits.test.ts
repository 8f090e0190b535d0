import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPriorityLevels } from "../bootstrap/flow_control.ts";
import { borrow, type Demand, type Limits, limitsOf, type PriorityLevel, smoothDemand } from "./limits.ts";

const defaults = defaultPriorityLevels as unknown as PriorityLevel[];

/** Who gets how many of 100 seats: `name min..max high/smooth` each. */
function check(what: string, world: string, wanted: string): void {
  test(what, () => {
    const limits: Limits[] = [];
    const demands = new Map<string, Demand>();
    for (const line of world.split(" | ")) {
      const [name = "", bounds = "", demand = ""] = line.split(" ");
      const [min, max] = bounds.split("..").map((text) => (text === "" ? Infinity : Number(text)));
      const [high, smooth] = demand.split("/").map(Number);
      limits.push({ name, exempt: name === "exempt", nominal: 50, min: min!, max: max ?? Infinity });
      demands.set(name, { high: high!, smooth: smooth! });
    }
    const seats = borrow(limits, demands, 100);
    assert.equal(
      [...seats]
        .map(([name, count]) => `${name} ${count}`)
        .sort()
        .join(", "),
      wanted,
    );
  });
}

test("the default levels' seats of 600", () => {
  const shown = limitsOf(defaults, 600).map(({ name, nominal, min }) => `${name} ${min}/${nominal}`);
  assert.deepEqual(shown, [
    "exempt 0/0",
    "catch-all 13/13",
    "global-default 24/49",
    "leader-election 25/25",
    "node-high 73/98",
    "system 50/74",
    "workload-high 49/98",
    "workload-low 24/245",
  ]);
});

test("a borrowing limit is a part of the nominal limit", () => {
  const limited = { nominalConcurrencyShares: 10, borrowingLimitPercent: 50 };
  const level = { metadata: { name: "a", uid: "" }, spec: { type: "Limited", limited } };
  assert.equal(limitsOf([level], 100)[0]!.max, 150);
});

test("demand grows at once and falls slowly", () => {
  assert.equal(smoothDemand(10, 30, 5), 35);
  assert.equal(smoothDemand(100, 0, 0), 97.7);
});

check("who needs nothing lends all it may", "a 10.. 0/0 | b 10.. 90/90", "a 10, b 90");
check("equal need, equal seats", "a 10.. 80/80 | b 10.. 80/80", "a 50, b 50");
check("nobody falls below what it used of its own", "a 10.. 40/1 | b 10.. 90/90", "a 40, b 60");
check("nobody grows beyond its limit", "a 10..60 100/100 | b 10.. 5/5", "a 60, b 40");
check("the exempt level takes first", "exempt 0.. 30/30 | a 10.. 80/80 | b 10.. 80/80", "a 50, b 50, exempt 30");
check("floors above the server's seats stay", "a 70.. 0/0 | b 60.. 0/0", "a 70, b 60");
