// Rules of services, a row each.

import { checksOf } from "../../../test/declarations.ts";
import { services } from "./service.ts";

const service = checksOf(services);
const ports = [{ port: 80 }];
const selector = { a: "b" };
const spec = (rest: object = {}) => ({ spec: { ports, selector, ...rest } });

const familiesOf = ({ spec }: any) => [spec.ipFamilyPolicy, spec.ipFamilies];
service.checkMade("has one family", spec(), familiesOf, ["SingleStack", ["IPv4"]]);
service.checkMade("prefers two", spec({ ipFamilyPolicy: "PreferDualStack" }), familiesOf, [
  "PreferDualStack",
  ["IPv4"],
]);
service.checkMade("without pods has all", spec({ clusterIP: "None", selector: {} }), familiesOf, [
  "RequireDualStack",
  ["IPv4", "IPv6"],
]);
service.checkMade(
  "without pods may have the other",
  spec({ clusterIP: "None", selector: {}, ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv6"] }),
  familiesOf,
  ["SingleStack", ["IPv6"]],
);
service.check(
  "of two families says so",
  spec({ ipFamilies: ["IPv4", "IPv6"] }),
  "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
);
service.check(
  "has families of the cluster",
  spec({ ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6"] }),
  'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
);
service.check(
  "has addresses of the cluster",
  spec({ clusterIP: "fd00::1" }),
  'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
);
service.check(
  "is told of families alone",
  { spec: { type: "x", ipFamilyPolicy: "y", ipFamilies: ["z"] } },
  'spec.ipFamilies[0]: Unsupported value: "z": supported values: "IPv4", "IPv6"',
  'spec.ipFamilyPolicy: Unsupported value: "y": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
);
service.check(
  "has one address a family",
  spec({ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1", "10.0.0.2"] }),
  'spec.clusterIPs: Invalid value: ["10.0.0.1","10.0.0.2"]: may specify no more than one IP for each IP family',
);
service.check(
  "has two addresses at most",
  spec({ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1", "fd00::1", "x"] }),
  'spec.clusterIPs[2]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  'spec.clusterIPs: Invalid value: ["10.0.0.1","fd00::1","x"]: may only hold up to 2 values',
);
service.check(
  "without an address has none",
  spec({ clusterIP: "None", clusterIPs: ["None", "10.0.0.1"] }),
  'spec.clusterIPs: Invalid value: ["None","10.0.0.1"]: \'None\' must be the first and only value',
);
service.check(
  "says where traffic goes in one way",
  {
    metadata: {
      annotations: { "service.kubernetes.io/topology-aware-hints": "a", "service.kubernetes.io/topology-mode": "b" },
    },
    ...spec(),
  },
  'metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "b": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified',
);
service.check(
  "sends traffic to what is near",
  spec({ trafficDistribution: "x" }),
  'spec.trafficDistribution: Unsupported value: "x": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"',
);
service.check(
  "has a node port once",
  spec({
    type: "NodePort",
    ports: [
      { name: "a", port: 80, nodePort: 30000 },
      { name: "b", port: 80, nodePort: 30000 },
      { name: "c", port: 80, nodePort: 30000, protocol: "UDP" },
    ],
  }),
  "spec.ports[1].nodePort: Duplicate value: 30000",
  'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
);
service.check(
  "has ranges that are ranges",
  spec({ type: "LoadBalancer", loadBalancerSourceRanges: [" 10.0.0.0/8 ", " x "] }),
  'spec.LoadBalancerSourceRanges[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
);
service.check(
  "inside the cluster has nothing of a load balancer",
  spec({ allocateLoadBalancerNodePorts: true, loadBalancerClass: "a", loadBalancerSourceRanges: ["10.0.0.0/8"] }),
  "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
  "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
  "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
);
service.check("may expose any port", spec({ type: "LoadBalancer", ports: [{ port: 10250 }] }));

service.checkChanged(
  "keeps a node port by its port's name",
  spec({ type: "NodePort", ports: [{ name: "a", port: 80, nodePort: 30000 }] }),
  spec({ type: "NodePort", ports: [{ name: "a", port: 81 }] }),
  ({ spec }) => spec.ports[0].nodePort,
  30000,
);
const given = spec({ clusterIP: "10.0.0.1" });
service.checkUpdate(
  "keeps its address",
  given,
  spec({ clusterIP: "10.0.0.2" }),
  'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
);
service.checkUpdate(
  "changed is looked at whole, its change first",
  given,
  spec({ clusterIP: "10.0.0.2", ports: [] }),
  'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
  "spec.ports: Required value",
);
service.checkUpdate(
  "may keep what is no longer allowed",
  spec({ externalIPs: ["010.0.0.1"], type: "LoadBalancer", loadBalancerSourceRanges: ["10.0.0.1/8"] }),
  spec({ externalIPs: ["010.0.0.1"], type: "LoadBalancer", loadBalancerSourceRanges: [" 10.0.0.1/8"] }),
);
service.checkChanged(
  "loses a family by saying so",
  spec({ clusterIP: "None", selector: {} }),
  spec({ clusterIP: "None", selector: {}, ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv4", "IPv6"] }),
  familiesOf,
  ["SingleStack", ["IPv4"]],
);
service.checkUpdate(
  "has a class with a name",
  spec({ type: "LoadBalancer" }),
  spec({ type: "LoadBalancer", loadBalancerClass: "a/b/c" }),
  'spec.loadBalancerClass: Invalid value: "a/b/c": may not change once set',
  ...[1, 2].map(
    () =>
      "spec.loadBalancerClass: Invalid value: \"a/b/c\": a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
  ),
);
service.checkStatus(
  "inside the cluster has no balancer's address",
  spec(),
  {},
  { loadBalancer: { ingress: [{ ip: "x" }] } },
  "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
);
