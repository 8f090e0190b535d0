// One table a kind of networking.k8s.io.

import { checksOf } from "../../../test/declarations.ts";
import { ipAddresses, serviceCidrs } from "./addresses.ts";
import { ingressClasses, ingresses } from "./ingress.ts";
import { networkPolicies } from "./networkpolicy.ts";

const backend = (value: object) => ({ spec: { defaultBackend: value } });
const web = { service: { name: "web", port: { number: 80 } } };
const path = (value: object) => ({ spec: { rules: [{ http: { paths: [{ backend: web, ...value }] } }] } });
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const ingress = checksOf(ingresses);
ingress.check("a service", backend(web));
ingress.check("a resource", backend({ resource: { apiGroup: "example.com", kind: "Bucket", name: "b" } }));
ingress.check(
  "both is one error",
  backend({ service: {}, resource: {} }),
  'spec.defaultBackend: Invalid value: "": cannot set both resource and service backends',
);
ingress.check(
  "neither",
  backend({}),
  'spec.defaultBackend: Invalid value: "": resource or service backend is required',
);
ingress.check(
  "a resource without a name",
  backend({ resource: { apiGroup: "A", kind: "a/b" } }),
  `spec.defaultBackend.resource.apiGroup: Invalid value: "A": ${subdomain}`,
  "spec.defaultBackend.resource.kind: Invalid value: \"a/b\": may not contain '/'",
  "spec.defaultBackend.resource.name: Required value",
);
ingress.check(
  "port number",
  backend({ service: { name: "web", port: { number: 70000 } } }),
  "spec.defaultBackend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive",
);
ingress.check(
  "every mistake in a path",
  path({ path: "a//b/..", pathType: "Prefix" }),
  'spec.rules[0].http.paths[0].path: Invalid value: "a//b/..": must be an absolute path',
  "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": must not contain '//'",
  "spec.rules[0].http.paths[0].path: Invalid value: \"a//b/..\": cannot end with '/..'",
);
ingress.check(
  "an implementation's path may look like anything",
  path({ path: "/a//b", pathType: "ImplementationSpecific" }),
);
ingress.check(
  "a v6 host",
  { spec: { rules: [{ host: "::1" }] } },
  'spec.rules[0].host: Invalid value: "::1": must be a DNS name, not an IP address',
  `spec.rules[0].host: Invalid value: "::1": ${subdomain}`,
);
ingress.check(
  "secret name",
  { spec: { ...backend(web).spec, tls: [{ secretName: "A" }] } },
  `spec.tls[0].secretName: Invalid value: "A": ${subdomain}`,
);
ingress.checkStatus(
  "names of balancers are no addresses",
  backend(web),
  {},
  { loadBalancer: { ingress: [{ hostname: "1.2.3.4" }] } },
  'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
);
const annotated = { annotations: { "kubernetes.io/ingress.class": "x" } };
ingress.checkWarnings(
  "the annotation alone",
  { ...backend(web), metadata: annotated },
  "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead",
);
ingress.checkWarnings("the annotation beside the field", {
  metadata: annotated,
  spec: { ...backend(web).spec, ingressClassName: "x" },
});
ingress.checkRow(
  "addresses are sorted, each once",
  { ...backend(web), status: { loadBalancer: { ingress: [{ ip: "2.2.2.2" }, { ip: "1.1.1.1" }, { ip: "2.2.2.2" }] } } },
  "<none>",
  "*",
  "1.1.1.1,2.2.2.2",
  "80",
);

const classWith = (parameters: object) => ({ spec: { controller: "example.com/c", parameters } });
const classes = checksOf(ingressClasses);
classes.checkMade("scope", classWith({ kind: "K", name: "n" }), ({ spec }) => spec.parameters.scope, "Cluster");
classes.check(
  "no kind and no name",
  classWith({}),
  "spec.parameters.kind: Required value",
  "spec.parameters.name: Required value",
);
classes.check(
  "a namespace in the cluster",
  classWith({ kind: "K", name: "n", namespace: "ns" }),
  "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
);
classes.check(
  "no namespace in a namespace",
  classWith({ kind: "K", name: "n", scope: "Namespace" }),
  "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
);
classes.check(
  "controller's length",
  { spec: { controller: `example.com/${"x".repeat(250)}` } },
  "spec.controller: Too long: may not be more than 250 bytes",
);

const policy = (rule: object) => ({ spec: { podSelector: {}, ingress: [rule] } });
const block = (ipBlock: object) => policy({ from: [{ ipBlock }] });
const policies = checksOf(networkPolicies);
policies.check(
  "a block beside a selector",
  policy({ from: [{ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }] }),
  "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
);
policies.check(
  "except what is not in it",
  block({ cidr: "10.0.0.0/8", except: ["11.0.0.0/9", "10.0.0.0/8"] }),
  'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/9": must be a strict subset of `cidr`',
  'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
);
policies.check(
  "a range that ends before it begins",
  policy({ ports: [{ port: 10, endPort: 9 }] }),
  "spec.ingress[0].ports[0].endPort: Invalid value: 9: must be greater than or equal to `port`",
);
policies.check(
  "end of a named port, and the name",
  policy({ ports: [{ port: "1", endPort: 9 }] }),
  "spec.ingress[0].ports[0].endPort: Invalid value: 9: may not be specified when `port` is non-numeric",
  'spec.ingress[0].ports[0].port: Invalid value: "1": must contain at least one letter (a-z)',
);
policies.checkWarnings(
  "v6 as it should be written",
  block({ cidr: "2001:DB8::/32" }),
  'spec.ingress[0].from[0].ipBlock.cidr: IPv6 CIDR value "2001:DB8::/32" should be in RFC 5952 canonical format ("2001:db8::/32")',
);
policies.checkMade("types", { spec: { egress: [{}] } }, ({ spec }) => spec.policyTypes, ["Ingress", "Egress"]);

const addresses = checksOf(ipAddresses);
const parent = { resource: "services", name: "s", namespace: "ns" };
addresses.check("an address", { metadata: { name: "10.0.0.1" }, spec: { parentRef: parent } });
addresses.check("no parent", { metadata: { name: "10.0.0.1" } }, "spec.parentRef: Required value");
addresses.check(
  "parts of a parent",
  { metadata: { name: "10.0.0.1" }, spec: { parentRef: { group: "A", namespace: "a/b" } } },
  `spec.parentRef.group: Invalid value: "A": ${subdomain}`,
  "spec.parentRef.resource: Required value",
  "spec.parentRef.name: Required value",
  "spec.parentRef.namespace: Invalid value: \"a/b\": may not contain '/'",
);

const ranges = (...cidrs: string[]) => ({ spec: { cidrs } });
const cidrs = checksOf(serviceCidrs);
cidrs.check(
  "of one family",
  ranges("10.0.0.0/16", "10.1.0.0/16"),
  'spec.cidrs: Invalid value: ["10.0.0.0/16","10.1.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
);
cidrs.checkUpdate("a second family", ranges("10.0.0.0/16"), ranges("10.0.0.0/16", "fd00::/64"));
cidrs.checkUpdate(
  "another range",
  ranges("10.0.0.0/16"),
  ranges("10.1.0.0/16"),
  'spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable',
);
cidrs.checkUpdate(
  "one less",
  ranges("10.0.0.0/16", "fd00::/64"),
  ranges("10.0.0.0/16"),
  'spec.cidrs: Invalid value: ["10.0.0.0/16"]: field is immutable',
);
