import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldPath } from "../../machinery/field.ts";
import { checkResize, neverResized, resizedSpec } from "./resize.ts";
import { podTotals } from "./totals.ts";

type Amounts = Record<string, string>;
const pod = (requests: Amounts = {}, limits: Amounts = {}, more: object = {}): any => ({
  metadata: {},
  spec: { containers: [{ name: "c", image: "i", resources: { requests, limits } }], ...more },
});

/** What is wrong with a resize. */
function check(what: string, before: any, wanted: any, ...errors: string[]): void {
  test(what, () => {
    const found: any[] = [];
    checkResize(found, { ...before, spec: resizedSpec(before, wanted) }, before, new FieldPath("spec"));
    assert.deepEqual(
      found.map(({ field, body }) => `${field}: ${body}`),
      errors,
    );
  });
}

check("more of what it has", pod({ cpu: "1" }), pod({ cpu: "2" }));
check(
  "more beside what asks for nothing",
  {
    metadata: {},
    spec: {
      containers: [
        { name: "a", resources: {} },
        { name: "b", resources: { requests: { cpu: "1" } } },
      ],
    },
  },
  {
    metadata: {},
    spec: {
      containers: [
        { name: "a", resources: {} },
        { name: "b", resources: { requests: { cpu: "2" } } },
      ],
    },
  },
);
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
const withInit = (cpu: string, more: object = {}) =>
  pod({ cpu: "1" }, {}, { initContainers: [{ name: "i", image: "i", resources: { requests: { cpu } }, ...more }] });
check("more of a sidecar", withInit("1", { restartPolicy: "Always" }), withInit("2", { restartPolicy: "Always" }));
check(
  "not of what has run",
  withInit("1"),
  withInit("2"),
  "spec: Forbidden: resources for non-sidecar init containers are immutable",
);
check(
  "not how a container is resized",
  pod({ cpu: "1" }),
  { ...pod(), spec: { containers: [{ name: "c", resizePolicy: [], resources: { requests: { cpu: "1", a: "1" } } }] } },
  "spec: Forbidden: only cpu and memory resources are mutable",
);
check(
  "no other containers",
  pod({ cpu: "1" }),
  { metadata: {}, spec: { containers: [{ name: "d", resources: { requests: { cpu: "1" } } }, { name: "c" }] } },
  "spec.containers: Forbidden: containers may not be added or removed on resize",
);
check(
  "no other names",
  pod({ cpu: "1" }),
  { metadata: {}, spec: { containers: [{ name: "d", resources: { requests: { cpu: "1" } } }] } },
  "spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize",
);
const whole = (requests?: Amounts) => pod({ cpu: "1" }, {}, requests ? { resources: { requests } } : {});
check("more of the whole", whole({ cpu: "1" }), whole({ cpu: "2" }));
check(
  "nothing of the whole may go",
  whole({ cpu: "1", memory: "1Gi" }),
  whole({ cpu: "1" }),
  "spec.resources.requests: Forbidden: pod-level resource requests cannot be removed",
);
check(
  "nothing else of the whole",
  whole({ cpu: "1", "hugepages-2Mi": "2Mi" }),
  whole({ cpu: "1", "hugepages-2Mi": "4Mi" }),
  "spec: Forbidden: only cpu and memory resources are mutable at pod-level",
);
check(
  "nodes must know how",
  { ...pod({ cpu: "1" }), status: { containerStatuses: [{ name: "c", state: { running: {} } }] } },
  pod({ cpu: "2" }),
  "spec: Forbidden: Pod running on node without support for resize",
);

test("what stands for a node's own is never resized", () => {
  const mirror = { ...pod(), metadata: { annotations: { "kubernetes.io/config.mirror": "x" } } };
  assert.equal(neverResized(mirror), "static pods cannot be resized");
  assert.equal(neverResized(pod({}, {}, { os: { name: "windows" } })), "windows pods cannot be resized");
  assert.equal(neverResized(pod()), undefined);
});

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
