import type { KubeObject } from "../../api/machinery/object.ts";
import { badRequest, notFound, StatusError } from "../../api/machinery/status.ts";
import type { HttpAnswer, HttpClient, HttpRequest, HttpTarget, Net, TlsIdentity } from "../../base/http.ts";
import type { Route } from "../http/route.ts";
import { cacheOf, type Registry, type Scope } from "../registry/scope.ts";
import { forward } from "./forward.ts";
import { checkLogOptions } from "./log_options.ts";

/** How the server reaches kubelets: the certificate that they know it by. */
export interface KubeletAccess {
  net: Net;
  identity?: TlsIdentity;
  ca?: string;
}

/** The address kinds by which a node is reached, best first (kube-apiserver's `--kubelet-preferred-address-types`). */
const addressTypes = ["InternalIP", "Hostname", "ExternalIP"];

/** Passes log, exec, attach, port-forward and proxy requests on to the kubelet or the pod. */
export function connector(registry: () => Registry, access: KubeletAccess) {
  const clients = new Map<string, HttpClient>();

  function client(target: HttpTarget): HttpClient {
    const known = clients.get(target.url);
    if (known) return known;
    const made = access.net.httpClient(target);
    clients.set(target.url, made);
    return made;
  }

  function kubeletOf(nodeName: string): HttpClient {
    const nodes = registry().resources.byId("nodes")!;
    const node = cacheOf(registry(), nodes).get(nodeName)?.object;
    if (!node) throw notFound(nodes, nodeName);
    const addresses: { type: string; address: string }[] = node.status?.addresses ?? [];
    const address = addressTypes.map((type) => addresses.find((each) => each.type === type)).find(Boolean)?.address;
    if (!address)
      throw new StatusError({
        code: 500,
        reason: "InternalError",
        message: `no preferred addresses found; known addresses: []`,
      });
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 10250;
    // Kubelets serve with a certificate of their own making unless a CA is given, as with kube-apiserver.
    const trust = access.ca ? { ca: access.ca } : { insecureSkipVerify: true };
    return client({ url: `https://${bracket(address)}:${port}`, identity: access.identity, ...trust });
  }

  function podOf(scope: Scope, name: string): KubeObject {
    const pod = cacheOf(registry(), scope.resource).get(`${scope.namespace}/${name}`)?.object;
    if (!pod) throw notFound(scope.resource, name);
    return pod;
  }

  async function streamTo(
    verb: string,
    scope: Scope,
    name: string,
    route: Route,
    request: HttpRequest,
  ): Promise<HttpAnswer> {
    const pod = podOf(scope, name);
    // A port is the whole pod's; a command is one container's.
    const container = verb === "portForward" ? "" : chooseContainer(pod, route.query.get("container") ?? "");
    if (!pod.spec.nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
    const query = kubeletQuery(route.query);
    const { namespace, uid } = pod.metadata;
    const path =
      verb === "portForward"
        ? `/portForward/${namespace}/${name}/${uid}`
        : `/${verb}/${namespace}/${name}/${uid}/${container}`;
    return forward(request, kubeletOf(pod.spec.nodeName), `${path}?${query}`);
  }

  async function logs(scope: Scope, name: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    checkLogOptions(name, route.query);
    const pod = podOf(scope, name);
    const container = chooseContainer(pod, route.query.get("container") ?? "");
    // Nothing has run yet: nothing to read.
    if (!pod.spec.nodeName) return { status: 204, headers: {} };
    const answer = await forward(
      request,
      kubeletOf(pod.spec.nodeName),
      `/containerLogs/${scope.namespace}/${name}/${container}?${route.query}`,
    );
    if (answer.status >= 400) throw await kubeletError(answer);
    return { ...answer, headers: { "content-type": answer.headers["content-type"] ?? "text/plain" } };
  }

  async function proxyPod(scope: Scope, name: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    const [scheme, podName, port] = splitTarget(name);
    const pod = cacheOf(registry(), scope.resource).get(`${scope.namespace}/${podName}`)?.object;
    if (!pod) throw notFound(scope.resource, podName);
    const ip = pod.status?.podIP;
    if (!ip) throw badRequest("address not allowed");
    const portNumber =
      port ||
      String(
        pod.spec.containers?.flatMap((each: any) => each.ports ?? [])[0]?.containerPort ??
          (scheme === "https" ? 443 : 80),
      );
    return forward(
      request,
      client({ url: `${scheme}://${bracket(ip)}:${portNumber}`, insecureSkipVerify: true }),
      restUrl(route),
    );
  }

  async function proxyService(scope: Scope, name: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    const [scheme, serviceName, port] = splitTarget(name);
    const service = cacheOf(registry(), scope.resource).get(`${scope.namespace}/${serviceName}`)?.object;
    if (!service) throw notFound(scope.resource, serviceName);
    const servicePort = (service.spec.ports ?? []).find(
      (each: any) => port === "" || each.name === port || String(each.port) === port,
    );
    if (!servicePort)
      throw new StatusError({
        code: 503,
        reason: "ServiceUnavailable",
        message: `no service port ${JSON.stringify(port)} found for service ${JSON.stringify(serviceName)}`,
      });
    const slices = registry().resources.byId("endpointslices.discovery.k8s.io")!;
    const targets: string[] = [];
    for (const { object: slice } of cacheOf(registry(), slices).list(scope.namespace)) {
      if (slice.metadata.labels?.["kubernetes.io/service-name"] !== serviceName) continue;
      const slicePort = (slice.ports ?? []).find((each: any) => (each.name ?? "") === (servicePort.name ?? ""));
      if (!slicePort) continue;
      for (const endpoint of slice.endpoints ?? [])
        if (endpoint.conditions?.ready !== false) targets.push(`${bracket(endpoint.addresses[0])}:${slicePort.port}`);
    }
    if (targets.length === 0)
      throw new StatusError({
        code: 503,
        reason: "ServiceUnavailable",
        message: `no endpoints available for service ${JSON.stringify(serviceName)}`,
      });
    const target = targets[Math.floor(registry().random.next() * targets.length)]!;
    return forward(request, client({ url: `${scheme}://${target}`, insecureSkipVerify: true }), restUrl(route));
  }

  async function proxyNode(name: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    const [, nodeName] = splitTarget(name);
    return forward(request, kubeletOf(nodeName), restUrl(route));
  }

  return {
    exec: (scope: Scope, name: string, route: Route, request: HttpRequest) =>
      streamTo("exec", scope, name, route, request),
    attach: (scope: Scope, name: string, route: Route, request: HttpRequest) =>
      streamTo("attach", scope, name, route, request),
    portForward: (scope: Scope, name: string, route: Route, request: HttpRequest) =>
      streamTo("portForward", scope, name, route, request),
    logs,
    proxyPod,
    proxyService,
    proxyNode,
    close() {
      for (const each of clients.values()) each.close();
    },
  };
}

function chooseContainer(pod: KubeObject, asked: string): string {
  const all = [
    ...(pod.spec.containers ?? []),
    ...(pod.spec.initContainers ?? []),
    ...(pod.spec.ephemeralContainers ?? []),
  ].map((each: any) => each.name as string);
  const { name } = pod.metadata;
  if (asked !== "") {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [first, ...others] = (pod.spec.containers ?? []).map((each: any) => each.name as string);
  if (others.length === 0) return first;
  const inits = (pod.spec.initContainers ?? []).map((each: any) => each.name);
  const more = inits.length > 0 ? ` or one of the init containers: [${inits.join(" ")}]` : "";
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${[first, ...others].join(" ")}]${more}`,
  );
}

/** exec's options in the kubelet's words: `stdin=true` is `input=1`, and so on. */
function kubeletQuery(query: URLSearchParams): URLSearchParams {
  const names: Record<string, string> = { stdin: "input", stdout: "output", stderr: "error", tty: "tty" };
  const out = new URLSearchParams();
  for (const [name, value] of query) {
    if (name === "container") continue;
    const other = names[name];
    if (!other) out.append(name, value);
    else if (value === "true" || value === "1") out.append(other, "1");
  }
  return out;
}

async function kubeletError(answer: HttpAnswer): Promise<StatusError> {
  const decoder = new TextDecoder();
  let text = "";
  if (answer.body && "stream" in answer.body)
    for await (const chunk of answer.body.stream) text += decoder.decode(chunk, { stream: true });
  const reason = answer.status === 404 ? "NotFound" : answer.status === 400 ? "BadRequest" : "InternalError";
  return new StatusError({ code: answer.status, reason, message: text.trim() });
}

/** `https:name:port`, `name:port` or `name`. */
function splitTarget(text: string): [scheme: string, name: string, port: string] {
  const parts = text.split(":");
  if (parts.length === 3) return [parts[0] || "http", parts[1]!, parts[2]!];
  return ["http", parts[0]!, parts[1] ?? ""];
}

function restUrl(route: Route): string {
  const query = route.query.size > 0 ? `?${route.query}` : "";
  const at = route.path.indexOf("/proxy");
  const rest = route.path.slice(at + "/proxy".length);
  return `${rest === "" ? "/" : rest}${query}`;
}

function bracket(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
