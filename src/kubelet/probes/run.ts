import type { Net, RpcClient } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import type { Runtime } from "../cri/runtime.ts";
import { runtimeMessage } from "../cri/runtime.ts";
import type { Container, Probe } from "../pods/pod.ts";
import { textOf } from "../support/bytes.ts";
import { actionUrl, dialMessage, httpGet, portNumber } from "./http.ts";

/** What one try of a probe found. `warning` counts as a success and is told all the same. */
export type ProbeOutcome =
  | { result: "success" }
  | { result: "warning"; output: string }
  | { result: "failure"; output: string }
  /** It could not be tried: counts neither way. */
  | { result: "unknown"; output: string };

/** The gRPC health service (grpc.health.v1), as much of it as a probe asks. */
const healthProto = `
syntax = "proto3";
package grpc.health.v1;
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse) {} }
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
`;

export interface ProbeWorld {
  runtime: Pick<Runtime, "execSync">;
  net: Net;
  clock: Clock;
  rpc(options: { target: string; protos: readonly string[] }): RpcClient;
}

const outputLengthMax = 1024;

/** Tries a probe once. Never rejects. */
export async function runProbe(
  probe: Probe,
  container: Container,
  id: string,
  ip: string,
  world: ProbeWorld,
): Promise<ProbeOutcome> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  try {
    if (probe.exec) return await execProbe(probe.exec.command ?? [], id, timeoutSeconds, world);
    if (probe.httpGet) return await httpProbe(probe, container, ip, timeoutSeconds * 1000, world);
    if (probe.tcpSocket) return await tcpProbe(probe, container, ip, timeoutSeconds * 1000, world.net);
    if (probe.grpc) return await grpcProbe(probe.grpc, ip, timeoutSeconds, world);
  } catch (error) {
    return { result: "unknown", output: (error as Error).message };
  }
  return { result: "unknown", output: `missing probe handler for ${container.name}` };
}

async function execProbe(
  command: readonly string[],
  id: string,
  timeoutSeconds: number,
  { runtime }: ProbeWorld,
): Promise<ProbeOutcome> {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(id, command, timeoutSeconds);
    if (exitCode === 0) return { result: "success" };
    return { result: "failure", output: (textOf(stdout) + textOf(stderr)).slice(0, outputLengthMax) };
  } catch (error) {
    const message = runtimeMessage(error);
    const timedOut = (error as { code?: number }).code === 4 || /timeout|timed out/i.test(message);
    if (timedOut)
      return {
        result: "failure",
        output: `command timed out: ${JSON.stringify(command.join(" "))} timed out after ${timeoutSeconds}s`,
      };
    return { result: "unknown", output: `rpc error: code = Unknown desc = ${message}` };
  }
}

async function httpProbe(
  probe: Probe,
  container: Container,
  ip: string,
  timeoutMs: number,
  world: ProbeWorld,
): Promise<ProbeOutcome> {
  const action = probe.httpGet!;
  const url = actionUrl(action, container, ip);
  try {
    const { status, body, leftHost } = await httpGet(world, url, action.httpHeaders ?? [], timeoutMs);
    if (leftHost) return { result: "warning", output: `Probe terminated redirects, Response body: ${body}` };
    if (status >= 200 && status < 400) return { result: "success" };
    return { result: "failure", output: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    return { result: "failure", output: (error as Error).message };
  }
}

async function tcpProbe(
  probe: Probe,
  container: Container,
  ip: string,
  timeoutMs: number,
  net: Net,
): Promise<ProbeOutcome> {
  const { port, host } = probe.tcpSocket!;
  const to = { host: host || ip, port: portNumber(port, container) };
  try {
    (await net.dial(to, { timeoutMs })).close();
    return { result: "success" };
  } catch (error) {
    return { result: "failure", output: dialMessage(error, `${to.host}:${to.port}`) };
  }
}

async function grpcProbe(
  { port, service }: NonNullable<Probe["grpc"]>,
  ip: string,
  timeoutSeconds: number,
  { rpc }: ProbeWorld,
): Promise<ProbeOutcome> {
  const target = ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  const client = rpc({ target, protos: [healthProto] });
  try {
    const request = { service: service ?? "" };
    const options = { timeoutMs: timeoutSeconds * 1000 };
    const { status } = await client.call<{ status: string }>("grpc.health.v1.Health", "Check", request, options);
    if (status === "SERVING") return { result: "success" };
    return { result: "failure", output: `service unhealthy (responded with ${JSON.stringify(status)})` };
  } catch (error) {
    const { code } = error as { code?: number };
    if (code === 4)
      return {
        result: "failure",
        output: `timeout: failed to connect service ${JSON.stringify(target)} within ${timeoutSeconds}s: context deadline exceeded`,
      };
    if (code === 12)
      return {
        result: "failure",
        output:
          "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health",
      };
    if (code === 14)
      return {
        result: "failure",
        output: `error: failed to connect service at ${JSON.stringify(target)}: connection error: desc = ${JSON.stringify(runtimeMessage(error))}`,
      };
    return { result: "failure", output: `error: health rpc probe failed: ${runtimeMessage(error)}` };
  } finally {
    client.close();
  }
}
