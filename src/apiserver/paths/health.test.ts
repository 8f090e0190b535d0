import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute } from "../http/route.ts";
import { healthAnswer, healthChecks, type startSteps } from "./health.ts";

interface World {
  failed?: boolean;
  leaving?: boolean;
  missing?: keyof typeof startSteps;
}

/** `code text`, of long texts only the lines that are not well, or `none`. */
function check(
  what: string,
  url: string,
  wanted: string,
  { failed = false, leaving = false, missing }: World = {},
): void {
  test(what, () => {
    const steps: (keyof typeof startSteps)[] = ["bootstrap", "flowControl", "definitions", "aggregation"];
    const started = new Set(steps.filter((step) => step !== missing));
    const checks = healthChecks({ storeFailed: () => failed, shuttingDown: () => leaving, started });
    const answer = healthAnswer(checks, parseRoute("GET", url));
    const text = answer ? new TextDecoder().decode(answer.body as Uint8Array) : "";
    const lines = text.split("\n").filter((line) => line !== "" && !/^\[\+\]\S+ ok$/.test(line));
    assert.equal(answer ? `${answer.status} ${lines.join(" | ")}` : "none", wanted);
  });
}

check("all is well", "/livez", "200 ok");
check("all is well, in words", "/readyz?verbose", "200 readyz check passed");
check("one check", "/readyz/etcd", "200 ok");
check("one check with a slash in its name", "/livez/poststarthook/rbac/bootstrap-roles", "200 ok");
check("a check that is none", "/readyz/none", "none");
check("what only readiness asks", "/livez/shutdown", "none");
check("the store is gone", "/livez", "500 [-]etcd failed: reason withheld | livez check failed", { failed: true });
check("the store is gone, of one check", "/livez/etcd", "500 internal server error: the store's watch has ended", {
  failed: true,
});
check("without what is left out", "/livez?exclude=etcd", "200 ok", { failed: true });
check("what is left out is told", "/livez?exclude=etcd&verbose", "200 [+]etcd excluded: ok | livez check passed");
check(
  "what cannot be left out is told",
  "/livez?exclude=none&verbose",
  '200 warn: some health checks cannot be excluded: no matches for "none" | livez check passed',
);
check("a server that leaves is alive", "/livez", "200 ok", { leaving: true });
check("a server that leaves is not ready", "/readyz", "500 [-]shutdown failed: reason withheld | readyz check failed", {
  leaving: true,
});
check(
  "a server that has not started yet is not ready",
  "/readyz",
  "500 [-]poststarthook/priority-and-fairness-config-consumer failed: reason withheld | " +
    "[-]poststarthook/priority-and-fairness-filter failed: reason withheld | readyz check failed",
  { missing: "flowControl" },
);
