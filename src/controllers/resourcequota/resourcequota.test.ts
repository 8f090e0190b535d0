import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../api/machinery/object.ts";
import { planQuota } from "./resourcequota.ts";

const pod = (cpu: string, more: object = {}) =>
  ({
    metadata: { name: "p" },
    spec: { containers: [{ name: "c", resources: { requests: { cpu } } }] },
    ...more,
  }) as never;

/** The usage that a quota is planned to have. */
function check(
  what: string,
  spec: { hard: Record<string, string>; scopes?: string[] },
  world: Record<string, KubeObject[]>,
  wanted: string,
  status?: object,
): void {
  test(what, () => {
    const quota = { metadata: { name: "q", namespace: "n" }, spec, status } as never;
    const [action] = planQuota(quota, { now: 0 }, new Map(Object.entries(world)));
    const used = action?.do === "update" ? action.object.status.used : undefined;
    const shown = used && Object.entries(used).map(([name, amount]) => `${name}=${amount}`);
    assert.equal(shown?.join() ?? "as it is", wanted);
  });
}

check("counts from nothing", { hard: { configmaps: "1", pods: "2" } }, {}, "configmaps=0,pods=0");
check(
  "adds up what pods ask for, but not those that have ended",
  { hard: { "requests.cpu": "1", "count/pods": "9" } },
  { pods: [pod("300m"), pod("700m"), pod("1", { status: { phase: "Failed" } })] },
  "requests.cpu=1,count/pods=3",
);
check(
  "counts only what is in scope",
  { hard: { pods: "9" }, scopes: ["Terminating"] },
  { pods: [pod("1"), { ...(pod("1") as KubeObject), spec: { activeDeadlineSeconds: 1, containers: [] } }] },
  "pods=1",
);
test("what is counted of resources that nobody follows is looked at again soon", () => {
  const ms = (hard: object) => {
    const quota = { metadata: { name: "q", namespace: "n" }, spec: { hard } } as never;
    const last = planQuota(quota, { now: 0 }, new Map()).at(-1)!;
    return last.do === "requeueAfter" ? last.ms : undefined;
  };
  assert.equal(ms({ pods: "2", "count/things.example.com": "2" }), 5_000);
  assert.equal(ms({ pods: "2", "requests.cpu": "2", "count/configmaps": "1" }), 300_000);
});

check("writes nothing that is written already", { hard: { configmaps: "1" } }, {}, "as it is", {
  hard: { configmaps: "1" },
  used: { configmaps: "0" },
});
