import { parseIp } from "../../api/machinery/ip.ts";
import type { KubeObject } from "../../api/machinery/object.ts";
import { badRequest, notFound, StatusError } from "../../api/machinery/status.ts";
import type { HttpAnswer, HttpRequest, HttpTarget, Net, TlsIdentity } from "../../base/http.ts";
import type { Route } from "../http/route.ts";
import { bytesInWebSocket, webSocketUpgrade } from "../http/web_socket.ts";
import { cacheOf, type Registry, type Scope } from "../registry/scope.ts";
import { clientPool } from "./client_pool.ts";
import { forward } from "./forward.ts";
import { checkLogOptions } from "./log_options.ts";
import { checkAddress, podUrl, proxyName, proxyTo, serviceUrls, targetUrl } from "./proxy.ts";

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
  const pool = clientPool(access.net);

  /** Where a node's kubelet is reached. */
  function kubeletOf(nodeName: string): { target: HttpTarget; address: string; port: string } {
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
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || 10250;
    // Kubelets serve with a certificate of their own making unless a CA is given, as with kube-apiserver.
    const trust = access.ca ? { ca: access.ca } : { insecureSkipVerify: true };
    const url = targetUrl("https", address, String(port), nodeName);
    return { target: { url, identity: access.identity, ...trust }, address, port: String(port) };
  }

  function askKubelet(request: HttpRequest, nodeName: string, url: string): Promise<HttpAnswer> {
    const { target } = kubeletOf(nodeName);
    return pool.use(target, (client) => forward(request, client, url), request.signal);
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
    return askKubelet(request, pod.spec.nodeName, `${path}?${query}`);
  }

  async function logs(scope: Scope, name: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    checkLogOptions(name, route.query);
    const pod = podOf(scope, name);
    const container = chooseContainer(pod, route.query.get("container") ?? "");
    // Nothing has run yet: nothing to read.
    if (!pod.spec.nodeName) return { status: 204, headers: {} };
    const upgrade = webSocketUpgrade(request);
    const answer = await askKubelet(
      upgrade ? { ...request, upgrade: undefined } : request,
      pod.spec.nodeName,
      `/containerLogs/${scope.namespace}/${name}/${container}?${route.query}`,
    );
    if (answer.status >= 400) throw await kubeletError(answer);
    if (upgrade) return bytesInWebSocket(upgrade, answer);
    return { ...answer, headers: { "content-type": answer.headers["content-type"] ?? "text/plain" } };
  }

  function proxy(request: HttpRequest, route: Route, target: HttpTarget): Promise<HttpAnswer> {
    return pool.use(target, (client) => proxyTo(request, client, target.url, route), request.signal);
  }

  async function proxyPod(scope: Scope, id: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    const asked = proxyName(id, "pod");
    const url = podUrl(podOf(scope, asked.name), asked);
    return proxy(request, route, { url, insecureSkipVerify: true });
  }

  async function proxyService(scope: Scope, id: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    const asked = proxyName(id, "service");
    const service = cacheOf(registry(), scope.resource).get(`${scope.namespace}/${asked.name}`)?.object;
    if (!service) throw notFound(scope.resource, asked.name);
    const { resources, random } = registry();
    const pods = cacheOf(registry(), resources.byId("pods")!);
    const slices = [...cacheOf(registry(), resources.byId("endpointslices.discovery.k8s.io")!).list(scope.namespace)]
      .map(({ object }) => object)
      .filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === asked.name);
    const urls = serviceUrls(service, slices, (namespace, name) => pods.get(`${namespace}/${name}`)?.object, asked);
    const url = urls[Math.floor(random.next() * urls.length)]!;
    return proxy(request, route, { url, insecureSkipVerify: true });
  }

  /** A node may be known by a name: what it stands for must be an address that one may be passed on to. */
  async function checkHost(host: string): Promise<void> {
    if (parseIp(host)) return checkAddress(host);
    const addresses = await access.net.lookup(host).catch((error: Error) => {
      throw badRequest(error.message);
    });
    for (const address of addresses) checkAddress(address);
  }

  async function proxyNode(id: string, route: Route, request: HttpRequest): Promise<HttpAnswer> {
    const asked = proxyName(id, "node");
    const { target, address, port } = kubeletOf(asked.name);
    await checkHost(address);
    // The kubelet knows us by our certificate; whatever else listens on the node must not see it.
    if (asked.port === "" || asked.port === port) return proxy(request, route, target);
    const url = targetUrl(asked.scheme, address, asked.port, asked.name);
    return proxy(request, route, { url, insecureSkipVerify: true });
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
    close: () => pool.close(),
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
    if (name === "ports") {
      out.append("port", value);
      continue;
    }
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
