import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/machinery/status.ts";
import { parseRoute } from "../http/route.ts";
import { isProxyable, podUrl, proxyName, redirected, serviceUrls, splitProxyPath } from "./proxy.ts";

const said = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
};

test("addresses that a proxy may go to", () => {
  for (const good of ["10.0.0.1", "192.168.1.1", "8.8.8.8", "fd00::1", "2001:db8::1", "::ffff:10.0.0.1"])
    assert.ok(isProxyable(good), good);
  const bad = [
    ...["127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "224.0.0.1", "239.1.1.1", "255.255.255.255"],
    ...["::", "::1", "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254"],
    ...["", "localhost", "010.0.0.1", "10.0.0.1:80", "10.0.0.1@evil", "2130706433", "0x7f.1", "10.0.0"],
  ];
  for (const each of bad) assert.equal(isProxyable(each), false, each);
});

function checkPod(what: string, id: string, wanted: string, pod: object = {}): void {
  test(what, () => {
    const base = { spec: { containers: [{}, { ports: [{ containerPort: 8080 }] }] }, status: { podIP: "10.1.1.1" } };
    assert.equal(
      said(() => podUrl({ ...base, ...pod } as any, proxyName(id, "pod"))),
      wanted,
    );
  });
}

checkPod("a pod's first port", "p", "http://10.1.1.1:8080");
checkPod("a port", "p:81", "http://10.1.1.1:81");
checkPod("a scheme", "https:p:443", "https://10.1.1.1:443");
checkPod("a scheme without a port", "https:p:", "https://10.1.1.1:8080");
checkPod("no port at all", "p", "http://10.1.1.1", { spec: {} });
checkPod("IPv6", "p:81", "http://[fd00::1]:81", { status: { podIP: "fd00::1" } });
checkPod("a scheme that is none", "ftp:p:21", '400 invalid pod request "ftp:p:21"');
checkPod("too many parts", "a:b:c:d", '400 invalid pod request "a:b:c:d"');
checkPod("no name", ":80", '400 invalid pod request ":80"');
checkPod("a port that leads elsewhere", "p:80@evil.com", '400 invalid port "80@evil.com" of "p"');
checkPod("a port that cannot be", "p:99999", '400 invalid port "99999" of "p"');
checkPod("no address yet", "p", "400 address not allowed", { status: {} });
checkPod("this machine", "p", "400 address not allowed", { status: { podIP: "127.0.0.1" } });
checkPod("the neighbourhood", "p", "400 address not allowed", { status: { podIP: "169.254.169.254" } });

const service = {
  metadata: { name: "s", namespace: "n" },
  spec: {
    ports: [
      { name: "web", port: 80 },
      { name: "tls", port: 443 },
    ],
  },
};
const pods: Record<string, object> = {
  "n/a": { status: { podIP: "10.1.1.1", podIPs: [{ ip: "10.1.1.1" }, { ip: "fd00::1" }] } },
  "n/host": { status: { podIP: "127.0.0.1" } },
  "m/b": { status: { podIP: "10.1.1.2" } },
};

function checkService(what: string, id: string, endpoints: readonly object[], wanted: string): void {
  test(what, () => {
    const slice = {
      ports: [
        { name: "web", port: 8080 },
        { name: "tls", port: 8443 },
      ],
      endpoints,
    };
    const find = (namespace: string, name: string) => pods[`${namespace}/${name}`] as any;
    const urls = said(() => serviceUrls(service as any, [slice as any], find, proxyName(id, "service")));
    assert.equal(String(urls), wanted);
  });
}

const to = (address: string, name = "a", more: object = {}) => ({
  addresses: [address],
  targetRef: { kind: "Pod", name, namespace: "n" },
  ...more,
});
const none = '503 no endpoints available for service "s"';

checkService("a port's name", "s:web", [to("10.1.1.1")], "http://10.1.1.1:8080");
checkService("a port's number", "https:s:443", [to("10.1.1.1")], "https://10.1.1.1:8443");
checkService("a pod's other address", "s:web", [to("fd00::1")], "http://[fd00::1]:8080");
checkService("a port that there is not", "s:81", [to("10.1.1.1")], '503 no service port 81 found for service "s"');
checkService("a port's name that there is not", "s:x", [to("10.1.1.1")], none);
checkService("no endpoint", "s:web", [], none);
checkService("one that is not ready", "s:web", [to("10.1.1.1", "a", { conditions: { ready: false } })], none);
checkService("an address of nobody", "s:web", [{ addresses: ["10.1.1.1"] }], none);
checkService("an address that is not its pod's", "s:web", [to("10.1.1.9")], none);
checkService("a pod that is not there", "s:web", [to("10.1.1.1", "gone")], none);
checkService("a pod that claims this machine", "s:web", [to("127.0.0.1", "host")], none);
const elsewhere = { targetRef: { kind: "Pod", name: "b", namespace: "m" } };
checkService("a pod of another namespace", "s:web", [to("10.1.1.2", "b", elsewhere)], none);

function checkPath(what: string, url: string, wanted: string): void {
  test(what, () => {
    const { prefix, path, query } = splitProxyPath({ url } as any, parseRoute("GET", url));
    assert.equal(`${prefix} | ${path} | ${query}`, wanted);
  });
}

const base = "/api/v1/namespaces/n/pods/p/proxy";
checkPath("nothing after it", base, `${base} |  | `);
checkPath("escapes stay as they are", `${base}/a%2Fb/c%20d?x=%20+&y`, `${base} | /a%2Fb/c%20d | ?x=%20+&y`);
checkPath("doubled slashes too", `${base}//a//`, `${base} | //a// | `);
checkPath(
  "a namespace of that name",
  "/api/v1/namespaces/proxy/pods/proxy/proxy/proxy",
  "/api/v1/namespaces/proxy/pods/proxy/proxy | /proxy | ",
);
checkPath("a node", "/api/v1/nodes/vm/proxy/healthz", "/api/v1/nodes/vm/proxy | /healthz | ");
checkPath(
  "escaped slashes before it",
  "/api/v1/namespaces%2Fn/pods/p/proxy/a",
  "/api/v1/namespaces%2Fn/pods/p/proxy | /a | ",
);

function checkRedirect(what: string, location: string, wanted: string): void {
  test(what, () => assert.equal(redirected(location, ["10.1.1.1:8080", "us.example"], base), wanted));
}

checkRedirect("a redirect within the target", "/login?a=b#c", `${base}/login?a=b#c`);
checkRedirect("with the target's own name", "http://10.1.1.1:8080/login", `${base}/login`);
checkRedirect("with our name", "https://us.example/login", `${base}/login`);
checkRedirect("what is escaped stays so", "/a/../\u00e9%2f", `${base}/a/../\u00e9%2f`);
checkRedirect("another host without a scheme", "//example.com/a", "//example.com/a");
checkRedirect("beside the page", "login", "login");
checkRedirect("to elsewhere", "https://example.com/a", "https://example.com/a");
checkRedirect("to where it is already", `${base}/a`, `${base}/a`);
checkRedirect("one that is none", "http://[", "http://[");
