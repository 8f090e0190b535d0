import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldPath } from "../../machinery/field.ts";
import { checkResize, resizedSpec } from "./resize.ts";
import { podTotals } from "./totals.ts";

type Amounts = Record<string, string>;
const pod = (requests: Amounts = {}, limits: Amounts = {}, more: object = {}): any => ({
  metadata: {},
  spec: { containers: [{ name: "c", image: "i", resources: { requests, limits } }], ...more },
});

/** What is wrong with a resize, by the first line of its message. */
function check(what: string, before: any, wanted: any, ...errors: string[]): void {
  test(what, () => {
    const found: any[] = [];
    checkResize(found, { ...before, spec: resizedSpec(before, wanted) }, before, new FieldPath("spec"));
    assert.deepEqual(
      found.map(({ field, body }) => `${field}: ${body.split("\n")[0]}`),
      errors,
    );
  });
}

check("more of what it has", pod({ cpu: "1" }), pod({ cpu: "2" }));
check("less of it", pod({ cpu: "2", memory: "2Gi" }), pod({ cpu: "1", memory: "1Gi" }));
check(
  "nothing may go",
  pod({ cpu: "1" }, { cpu: "1" }),
  pod({ cpu: "1" }),
  "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed",
);
check(
  "the service class stays",
  pod(),
  pod({ cpu: "1" }),
  'spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
);
check(
  "only cpu and memory",
  pod({ cpu: "1", "ephemeral-storage": "1Gi" }),
  pod({ cpu: "1", "ephemeral-storage": "2Gi" }),
  "spec: Forbidden: only cpu and memory resources are mutable",
);
check(
  "not of what only mirrors",
  { ...pod({ cpu: "1" }), metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } },
  pod({ cpu: "2" }),
  ": Forbidden: static pods cannot be resized",
);

test("an image is none of a resize's business", () => {
  const wanted = pod({ cpu: "2" });
  wanted.spec.containers[0].image = "other";
  assert.equal(resizedSpec(pod({ cpu: "1" }), wanted).containers[0]!.image, "i");
});

/** What a pod asks for in all. */
function checkTotal(what: string, spec: any, wanted: Amounts): void {
  test(what, () => assert.deepEqual(podTotals(spec, "requests"), wanted));
}

const asking = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu } }, ...more });
checkTotal("the sum of its containers", { containers: [asking("1"), asking("500m")] }, { cpu: "1500m" });
checkTotal(
  "or the hungriest of those before",
  { containers: [asking("1")], initContainers: [asking("3")] },
  { cpu: "3" },
);
checkTotal(
  "with those that go on",
  { containers: [asking("1")], initContainers: [asking("1", { restartPolicy: "Always" }), asking("3")] },
  { cpu: "4" },
);
checkTotal("the pod's own word", { containers: [asking("1")], resources: { requests: { cpu: "5" } } }, { cpu: "5" });
checkTotal("with its overhead", { containers: [asking("1")], overhead: { cpu: "250m" } }, { cpu: "1250m" });
