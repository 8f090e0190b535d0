import { checksOf } from "../../../test/declarations.ts";
import { apiServices } from "./apiservice.ts";

const service = (spec: object) => ({
  metadata: { name: "v1.example.com" },
  spec: { group: "example.com", version: "v1", groupPriorityMinimum: 1, versionPriority: 1, ...spec },
});
const { check, checkMade, checkStatus } = checksOf(apiServices);
check("a local one", service({}));
checkMade("port", service({ service: { namespace: "ns", name: "s" } }), ({ spec }) => spec.service.port, 443);
check(
  "a service",
  service({ service: { port: 70000 } }),
  "spec.service.namespace: Required value",
  "spec.service.name: Required value",
  "spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive",
);
check(
  "trusted twice over",
  service({ service: { namespace: "ns", name: "s" }, insecureSkipTLSVerify: true, caBundle: "eA==" }),
  "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
);
checkStatus(
  "a condition",
  service({}),
  {},
  { conditions: [{ type: "Available", status: "x" }] },
  'status.conditions[0].status: Unsupported value: "x": supported values: "True", "False", "Unknown"',
);
