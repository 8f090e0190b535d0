// One table a kind of resource.k8s.io.

import { checksOf } from "../../../test/declarations.ts";
import { deviceClasses, resourceClaims, resourceClaimTemplates, resourceSlices } from "./devices.ts";

const exact = (fields: object) => ({ name: "a", exactly: { deviceClassName: "c", ...fields } });
const claim = (request: object, more: object = {}) => ({ spec: { devices: { requests: [request], ...more } } });
const claims = checksOf(resourceClaims);
claims.checkMade("one device", claim(exact({})), ({ spec }) => spec.devices.requests[0].exactly.count, 1);
claims.checkMade(
  "a toleration of a value",
  claim(exact({ tolerations: [{ key: "a" }] })),
  ({ spec }) => spec.devices.requests[0].exactly.tolerations,
  [{ key: "a", operator: "Equal" }],
);
claims.check(
  "a toleration",
  claim(exact({ tolerations: [{ key: "a" }, { operator: "Exists", value: "x", effect: "y" }] })),
  'spec.devices.requests[0].exactly.tolerations[1].value: Invalid value: "x": must be empty for operator `Exists`',
  'spec.devices.requests[0].exactly.tolerations[1].effect: Unsupported value: "y": supported values: "NoExecute", "NoSchedule", "None"',
);
const unknown = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
claims.check(
  "a constraint for nobody",
  claim(exact({}), { constraints: [{ requests: ["b"], matchAttribute: "model" }] }),
  `spec.devices.constraints[0].requests[0]: Invalid value: "b": ${unknown}`,
  'spec.devices.constraints[0].matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a name separated by a slash',
);
claims.check(
  "a constraint on an alternative",
  claim(
    { name: "a", firstAvailable: [{ name: "x", deviceClassName: "c" }] },
    { constraints: [{ requests: ["a/x"], distinctAttribute: "d.example.com/id" }] },
  ),
);
claims.check(
  "a constraint on nothing",
  claim(exact({}), { constraints: [{}] }),
  'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
);
claims.check(
  "parameters",
  claim(exact({}), { config: [{ opaque: { driver: "d", parameters: [] } }] }),
  'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
);
claims.checkUpdate(
  "a claim stays",
  claim(exact({})),
  { spec: { devices: {} } },
  'spec: Invalid value: {"Devices":{"Requests":[],"Constraints":null,"Config":null}}: field is immutable',
);
const device = { driver: "d", pool: "p", device: "x" };
const allocation = { devices: { results: [{ request: "a", ...device }] } };
claims.checkStatus("allocated", claim(exact({})), {}, { allocation, devices: [device] });
claims.checkStatus(
  "reserved before it is allocated",
  claim(exact({})),
  {},
  { reservedFor: [{ resource: "pods", name: "p" }] },
  "status.reservedFor[0].uid: Required value",
  "status.reservedFor: Forbidden: may not be specified when `allocated` is not set",
);
claims.checkStatus(
  "another device's status",
  claim(exact({})),
  { allocation },
  { allocation, devices: [{ ...device, device: "y" }] },
  'status.devices[0]: Invalid value: "d/p/y": must be an allocated device in the claim',
);
claims.checkStatus(
  "what was allocated",
  claim(exact({})),
  {},
  {
    allocation: {
      devices: {
        results: [{ request: "b", ...device, shareID: "1" }],
        config: [{ source: "x", requests: ["a"], opaque: { driver: "d", parameters: {} } }],
      },
    },
  },
  `status.allocation.devices.results[0].request: Invalid value: "b": ${unknown}`,
  'status.allocation.devices.results[0].shareID: Invalid value: "1": error validating uid: invalid UUID length: 1',
  'status.allocation.devices.config[0].source: Unsupported value: "x": supported values: "FromClaim", "FromClass"',
);
claims.checkStatus(
  "addresses",
  claim(exact({})),
  { allocation },
  {
    allocation,
    devices: [{ ...device, networkData: { ips: ["10.0.0.1", "2001:DB8::1/64", "10.0.0.1/8", "10.0.0.1/8"] } }],
  },
  'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
  'status.devices[0].networkData.ips[1]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")',
  'status.devices[0].networkData.ips[3]: Duplicate value: "10.0.0.1/8"',
);

const templates = checksOf(resourceClaimTemplates);
templates.check(
  "labels",
  { spec: { metadata: { labels: { "a b": "" } }, ...{ spec: claim(exact({})).spec } } },
  "spec.metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
);
templates.check(
  "a name for all",
  { spec: { metadata: { name: "n", finalizers: ["a.example.com/x"] }, spec: claim(exact({})).spec } },
  "spec.metadata.name: Forbidden: cannot be set",
  "spec.metadata.finalizers: Forbidden: cannot be set",
);
templates.checkUpdate(
  "a template stays",
  { spec: claim(exact({})) },
  { spec: { spec: { devices: {} } } },
  'spec: Invalid value: {"Spec":{"Devices":{"Requests":[],"Constraints":null,"Config":null}}}: field is immutable',
);

checksOf(deviceClasses).check(
  "resource name",
  { spec: { extendedResourceName: "cpu" } },
  'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
);

const slice = (spec: object) => ({
  spec: { driver: "d", nodeName: "n", pool: { name: "p", resourceSliceCount: 1 }, ...spec },
});
const offer = (fields: object) => slice({ devices: [{ name: "x", ...fields }] });
const slices = checksOf(resourceSlices);
slices.check(
  "a device",
  offer({ attributes: { model: { string: "m" }, "d.example.com/v": { version: "1.0.0-rc.1" } } }),
);
slices.check(
  "an attribute without a value",
  offer({ attributes: { a: {} } }),
  'spec.devices[0].attributes[a]: Invalid value: "": exactly one value must be specified',
);
slices.check(
  "version",
  offer({ attributes: { v: { version: "1.0" } } }),
  'spec.devices[0].attributes[v].version: Invalid value: "1.0": must be a string compatible with semver.org spec 2.0.0',
);
slices.check(
  "name of an attribute",
  offer({ attributes: { "/a": { int: 1 } } }),
  'spec.devices[0].attributes: Invalid value: "": the domain must not be empty',
);
slices.check(
  "a policy for what is given whole",
  offer({ capacity: { memory: { value: "8Gi", requestPolicy: {} } } }),
  "spec.devices[0].capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true",
);
slices.check(
  "a range",
  offer({
    allowMultipleAllocations: true,
    capacity: { memory: { value: "8Gi", requestPolicy: { default: "1Gi", validRange: { min: "2Gi", max: "9Gi" } } } },
  }),
  'spec.devices[0].capacity[memory].requestPolicy.validRange.default: Invalid value: "1Gi": default is less than min: 2Gi',
  'spec.devices[0].capacity[memory].requestPolicy.validRange.max: Invalid value: "9Gi": max is larger than capacity value: 8Gi',
);
slices.check(
  "values",
  offer({
    allowMultipleAllocations: true,
    capacity: { memory: { value: "8Gi", requestPolicy: { default: "1Gi", validValues: ["4Gi", "2Gi"] } } },
  }),
  'spec.devices[0].capacity[memory].requestPolicy.validValues[1]: Invalid value: "2Gi": values must be sorted in ascending order',
  'spec.devices[0].capacity[memory].requestPolicy.validValues: Invalid value: "1Gi": default value is not valid according to the requestPolicy',
);
const policy = (requestPolicy: object) =>
  offer({ allowMultipleAllocations: true, capacity: { memory: { value: "8Gi", requestPolicy } } });
slices.check(
  "a step",
  policy({ default: "3Gi", validRange: { min: "2Gi", max: "5Gi", step: "2Gi" } }),
  'spec.devices[0].capacity[memory].requestPolicy.validRange.step: Invalid value: "3Gi": value is not a multiple of a given step (2Gi) from (2Gi)',
  'spec.devices[0].capacity[memory].requestPolicy.validRange.step: Invalid value: "5Gi": value is not a multiple of a given step (2Gi) from (2Gi)',
);
slices.check(
  "no step",
  policy({ default: "2Gi", validRange: { min: "2Gi", step: "0" } }),
  'spec.devices[0].capacity[memory].requestPolicy.validRange.step: Invalid value: "0": must be greater than zero',
);
slices.check(
  "a condition for both ends",
  offer({ bindingConditions: ["d.example.com/ready"], bindingFailureConditions: ["d.example.com/ready"] }),
  'spec.devices[0].bindingFailureConditions[0]: Invalid value: "d.example.com/ready": bindingFailureConditions must not overlap with bindingConditions',
);
slices.check("a taint", offer({ taints: [{ key: "a" }] }), "spec.devices[0].taints[0].effect: Required value");
slices.check(
  "a place of its own",
  offer({ allNodes: true }),
  "spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec",
);
slices.check("counters", slice({ sharedCounters: [{ name: "c" }] }), "spec.sharedCounters[0].counters: Required value");
const targets = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
slices.check("for nobody", slice({ nodeName: undefined, devices: [] }), `spec: Required value: ${targets}`);
slices.check(
  "no",
  slice({ allNodes: false }),
  "spec.allNodes: Invalid value: false: must be either unset or set to true",
);
slices.checkUpdate(
  "whose it is stays",
  slice({}),
  slice({ driver: "e", nodeName: "m" }),
  'spec.driver: Invalid value: "e": field is immutable',
  'spec.nodeName: Invalid value: "m": field is immutable',
);
slices.check(
  "a binding condition twice",
  offer({ bindingConditions: ["d.example.com/ready", "d.example.com/ready"] }),
  'spec.devices[0].bindingConditions[1]: Duplicate value: "d.example.com/ready"',
  "spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions",
);
slices.checkMade(
  "the first generation of a pool, and a capacity of nothing",
  offer({ capacity: { m: {} } }),
  ({ spec }) => [spec.pool.generation, spec.devices[0].capacity.m.value],
  [0, "0"],
);
const taint = { key: "k", effect: "NoSchedule" };
slices.checkMade(
  "a taint is as old as it says, or new",
  offer({ taints: [taint, { ...taint, timeAdded: "2020-01-01T00:00:00Z" }] }),
  ({ spec }) => spec.devices[0].taints.map(({ timeAdded }: any) => timeAdded),
  ["2026-01-01T00:00:00Z", "2020-01-01T00:00:00Z"],
);

const deviceOf = (name: string) => ({ driver: "d", pool: "p", device: name });
const allocated = (...names: string[]) => ({ allocation: { devices: { results: names.map(deviceOf) } } });
claims.checkStatusMade(
  "what is said of a device goes with it",
  {},
  { ...allocated("a", "b"), devices: [deviceOf("a"), deviceOf("b")] },
  { ...allocated("b"), devices: [deviceOf("a"), deviceOf("b")] },
  { ...allocated("b"), devices: [deviceOf("b")] },
);
