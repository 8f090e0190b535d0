import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoute } from "../http/route.ts";
import { auditVerdict, parseAuditPolicy } from "./policy.ts";

const head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";

/** `user groups | METHOD url` → the level, by rules written as YAML flow. */
function check(what: string, rules: string, asked: string, wanted: string): void {
  test(what, () => {
    const [who = "", request = ""] = asked.split(" | ");
    const [username = "", ...groups] = who.split(" ");
    const [method = "", url = ""] = request.split(" ");
    const { level, omitStages, omitManagedFields } = auditVerdict(
      parseAuditPolicy(`${head}rules: [${rules}]`),
      { username, groups },
      parseRoute(method, url),
    );
    assert.equal([level, ...omitStages, omitManagedFields ? "trimmed" : ""].filter(Boolean).join(" "), wanted);
  });
}

function checkRefused(what: string, text: string, wanted: string): void {
  test(what, () => assert.throws(() => parseAuditPolicy(text), { message: `audit policy: ${wanted}` }));
}

const pods = "/api/v1/namespaces/n/pods";
const rest = "{level: Metadata}";

check("no rule, no record", "{level: Request, users: [bob]}", `ann | GET ${pods}`, "None");
check("the first rule that fits", "{level: None, users: [ann]}, {level: Request}", `ann | GET ${pods}`, "None");
check("groups: any of them", "{level: Request, userGroups: [a, b]}", `ann x b | GET ${pods}`, "Request");
check("verbs", `{level: Request, verbs: [list]}, ${rest}`, `ann | GET ${pods}/p`, "Metadata");
check(
  "resources of a group",
  `{level: Request, resources: [{group: apps}]}, ${rest}`,
  "ann | GET /apis/apps/v1/deployments",
  "Request",
);
check("a group is no other", `{level: Request, resources: [{group: apps}]}, ${rest}`, `ann | GET ${pods}`, "Metadata");
const named = (resources: string) => `{level: Request, resources: [{group: "", resources: [${resources}]}]}, ${rest}`;
check("a resource is not its subresources", named("pods"), `ann | GET ${pods}/p/log`, "Metadata");
check("a subresource by name", named("pods/log"), `ann | GET ${pods}/p/log`, "Request");
check("all subresources", named('"pods/*"'), `ann | GET ${pods}/p/log`, "Request");
check("all subresources are not the resource", named('"pods/*"'), `ann | GET ${pods}/p`, "Metadata");
check("a subresource of everything", named('"*/log"'), `ann | GET ${pods}/p/log`, "Request");
check("everything", named('"*"'), `ann | GET ${pods}/p/log`, "Request");
check(
  "names",
  `{level: Request, resources: [{group: "", resources: [pods], resourceNames: [p]}]}, ${rest}`,
  `ann | GET ${pods}/q`,
  "Metadata",
);
check("namespaces", `{level: Request, namespaces: ["n"]}, ${rest}`, `ann | GET ${pods}`, "Request");
check(
  "the cluster is the empty namespace",
  `{level: Request, namespaces: [""]}, ${rest}`,
  "ann | GET /api/v1/nodes",
  "Request",
);
check("paths are not in namespaces", `{level: Request, namespaces: [""]}, ${rest}`, "ann | GET /version", "Metadata");
check("a path", '{level: Request, nonResourceURLs: ["/version"]}', "ann | GET /version", "Request");
check("paths by their start", '{level: Request, nonResourceURLs: ["/healthz*"]}', "ann | GET /healthz/ping", "Request");
check("paths are no resources", '{level: Request, nonResourceURLs: ["*"]}', `ann | GET ${pods}`, "None");
check(
  "stages and managed fields",
  "{level: Request, omitStages: [RequestReceived], omitManagedFields: true}",
  `ann | GET ${pods}`,
  "Request RequestReceived trimmed",
);

checkRefused("another kind", "apiVersion: v1\nkind: Policy\n", "wanted a Policy of audit.k8s.io/v1");
checkRefused("no rules", head, "rules: wanted at least one");
checkRefused(
  "a level that is none",
  `${head}rules: [{level: All}]`,
  'rules[0].level: Unsupported value: "All": supported values: None, Metadata, Request, RequestResponse',
);
checkRefused("a field that is none", `${head}rules: [{level: None, user: [a]}]`, 'unknown field "rules[0].user"');
checkRefused(
  "paths and resources in one rule",
  `${head}rules: [{level: None, namespaces: [a], nonResourceURLs: ["/a"]}]`,
  "rules[0].nonResourceURLs: rules cannot apply to both regular resources and non-resource URLs",
);
checkRefused(
  "a star in the middle",
  `${head}rules: [{level: None, nonResourceURLs: ["/a*/b"]}]`,
  'rules[0].nonResourceURLs: "/a*/b": wanted a path, or one with * at the end',
);
