import assert from "node:assert/strict";
import { before, test } from "node:test";
import { loadDefinitions } from "../../api/machinery/definitions.ts";
import { planPolicyStatus } from "./policystatus.ts";

before(() => loadDefinitions());

const rule = (apiGroup: string, version: string, resource: string) => ({
  apiGroups: [apiGroup],
  apiVersions: [version],
  operations: ["CREATE"],
  resources: [resource],
});

/** The warnings that a policy's status is planned to have; undefined: nothing is written. */
function check(what: string, spec: object, wanted: [string, RegExp][] | undefined, status?: object): void {
  test(what, () => {
    const matchConstraints = { resourceRules: [rule("apps", "v1", "deployments")] };
    const metadata = { name: "p", generation: 2 };
    const [action] = planPolicyStatus({ metadata, spec: { matchConstraints, ...spec }, status } as never);
    const written: any = action?.do === "update" ? action.object.status : undefined;
    assert.equal(written?.observedGeneration, wanted && 2);
    const warnings = written?.typeChecking.expressionWarnings ?? [];
    assert.equal(warnings.length, wanted?.length ?? 0, JSON.stringify(warnings));
    for (const [index, [fieldRef, text]] of (wanted ?? []).entries()) {
      assert.equal(warnings[index].fieldRef, fieldRef);
      assert.match(warnings[index].warning, text);
    }
  });
}

check("sound expressions have no warnings", { validations: [{ expression: "object.spec.replicas > 1" }] }, []);
check(
  "a field that the kind doesn't have",
  { validations: [{ expression: "object.spec.replicas > 1" }, { expression: "object.spec.nothing > 1" }] },
  [
    [
      "spec.validations[1].expression",
      /^apps\/v1, Kind=Deployment: compilation failed: ERROR: .*undefined field 'nothing'/,
    ],
  ],
);
check(
  "a type that doesn't fit, through a variable",
  {
    variables: [{ name: "replicas", expression: "object.spec.replicas" }],
    validations: [{ expression: "true", messageExpression: "'has ' + variables.replicas" }],
  },
  [["spec.validations[0].messageExpression", /found no matching overload for '_\+_'/]],
);
check(
  "every kind is checked",
  {
    matchConstraints: { resourceRules: [rule("apps", "v1", "deployments"), rule("", "v1", "pods")] },
    validations: [{ expression: "object.spec.replicas > 1" }],
  },
  [["spec.validations[0].expression", /^\/v1, Kind=Pod: .*undefined field 'replicas'/]],
);
check(
  "wildcards and custom resources are not checked",
  { matchConstraints: { resourceRules: [rule("*", "*", "*")] }, validations: [{ expression: "object.anything" }] },
  [],
);
check("what was checked is not checked again", { validations: [] }, undefined, { observedGeneration: 2 });
