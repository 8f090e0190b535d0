import { checksOf } from "../../../test/declarations.ts";
import { endpointSlices } from "./endpointslice.ts";

const slice = (addressType: string, endpoint: object) => ({
  addressType,
  endpoints: [{ addresses: ["10.0.0.1"], ...endpoint }],
});

const { check, checkMade, checkWarnings } = checksOf(endpointSlices);
check("v4", slice("IPv4", {}));
check(
  "another family",
  slice("IPv4", { addresses: ["fd00::1"] }),
  'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be an IPv4 address',
);
check(
  "no address",
  slice("IPv6", { addresses: ["x"] }),
  'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address',
);
check(
  "leading zeros",
  slice("IPv4", { addresses: ["010.0.0.1"] }),
  'endpoints[0].addresses[0]: Invalid value: "010.0.0.1": must not have leading 0s',
);
check(
  "wrong ports and no address",
  { ...slice("IPv4", { addresses: [] }), ports: [{ port: 1, protocol: "x" }] },
  'ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
  "endpoints[0].addresses: Required value: must contain at least 1 address",
);
check(
  "a domain of one part",
  slice("FQDN", { addresses: ["local"] }),
  'endpoints[0].addresses[0]: Invalid value: "local": should be a domain with at least two segments separated by dots',
);
check("a domain with its dot", slice("FQDN", { addresses: ["example.com."] }));
check(
  "hints",
  slice("IPv4", { hints: { forZones: [{ name: "a" }, { name: "a" }] } }),
  'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
);
const zones = Array.from({ length: 9 }, (_, index) => ({ name: `z${index}` }));
check(
  "many hints",
  slice("IPv4", { hints: { forZones: zones } }),
  "endpoints[0].hints.forZones: Too many: 9: must have at most 8 items",
);
check(
  "ports of one name",
  { ...slice("IPv4", {}), ports: [{ port: 1 }, { port: 2 }] },
  'ports[1].name: Duplicate value: ""',
);
checkMade("protocol", { addressType: "IPv4", ports: [{ port: 1 }] }, ({ ports }) => ports[0], {
  port: 1,
  name: "",
  protocol: "TCP",
});
checkMade(
  "old topology goes",
  slice("IPv4", { deprecatedTopology: { a: "b" } }),
  ({ endpoints }) => Object.keys(endpoints[0]),
  ["addresses"],
);
checkWarnings(
  "leading zeros",
  slice("IPv4", { addresses: ["010.0.0.1"] }),
  'endpoints[0].addresses[0]: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
);
