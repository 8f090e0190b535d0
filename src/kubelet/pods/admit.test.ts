import assert from "node:assert/strict";
import { test } from "node:test";
import { rejectionOf } from "./admit.ts";
import type { Pod } from "./pod.ts";

const pod = (ports: object[], phase = "Running") => ({ spec: { containers: [{ ports }] }, status: { phase } }) as Pod;

function check(what: string, wanted: object[], taken: Pod, rejected: boolean): void {
  test(`host ports: ${what}`, () =>
    assert.equal(rejectionOf(pod(wanted), [taken])?.reason, rejected ? "NodePorts" : undefined));
}

const port = { containerPort: 80, hostPort: 8080 };
check("free", [port], pod([{ ...port, hostPort: 8081 }]), false);
check("taken", [port], pod([port]), true);
check("taken by one that has ended", [port], pod([port], "Failed"), false);
check("another protocol", [port], pod([{ ...port, protocol: "UDP" }]), false);
check("another address", [{ ...port, hostIP: "10.0.0.1" }], pod([{ ...port, hostIP: "10.0.0.2" }]), false);
check("one address of all", [{ ...port, hostIP: "10.0.0.1" }], pod([port]), true);
check("none is wanted", [{ containerPort: 80 }], pod([port]), false);
