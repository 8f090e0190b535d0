import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProbeKind } from "./count.ts";
import { countProbe, firstCount } from "./count.ts";
import { actionUrl, dialMessage, portNumber } from "./http.ts";

test("a probe's verdict changes after as many equal tries as its threshold", () => {
  const check = (kind: ProbeKind, probe: object, tries: string, want: string) => {
    let count = firstCount(kind);
    const verdicts = [...tries].map((one) => {
      const result = one === "+" ? "success" : one === "-" ? "failure" : "unknown";
      count = countProbe(count, { result, output: "" } as any, probe);
      return count.verdict[0];
    });
    assert.equal(verdicts.join(""), want, `${kind} ${tries}`);
  };
  check("liveness", {}, "+--+---", "ssssssf");
  check("readiness", { successThreshold: 2 }, "+++-", "fsss");
  check("readiness", { failureThreshold: 1 }, "+-+", "sfs");
  check("startup", { failureThreshold: 2 }, "-?-", "uuf");
});

test("where a request goes", () => {
  const container = { name: "c", ports: [{ name: "web", containerPort: 8080 }] };
  const check = (action: object, want: string) =>
    assert.equal(actionUrl({ port: 80, ...action }, container, "10.0.0.1"), want);
  check({}, "http://10.0.0.1:80/");
  check({ port: "web", path: "x?y=1", scheme: "HTTPS" }, "https://10.0.0.1:8080/x?y=1");
  check({ host: "example.com", path: "/z" }, "http://example.com:80/z");
  assert.throws(() => portNumber("none", container), /invalid port number: none/);
});

test("failed connections in Go's words", () => {
  assert.equal(
    dialMessage({ code: "ECONNREFUSED" }, "10.0.0.1:80"),
    "dial tcp 10.0.0.1:80: connect: connection refused",
  );
  assert.equal(dialMessage({ code: "ETIMEDOUT" }, "10.0.0.1:80"), "dial tcp 10.0.0.1:80: i/o timeout");
});
