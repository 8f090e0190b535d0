// Containers, their states, probes, environment and mounts.

import { milliValue } from "../../api/machinery/quantity.ts";
import { type DescribeContext, type Lines, orNone, truth } from "./writer.ts";

interface Scene {
  context: DescribeContext;
  /** The pod, for values that come from its fields; undefined in templates. */
  pod?: any;
}

/** The containers under a title, with their statuses if there are some. `space` stands before everything in templates. */
export function containerLines(
  out: Lines,
  title: string,
  containers: readonly any[],
  statuses: readonly any[],
  space: string,
  scene: Scene,
): void {
  out.raw(`${space}${title}:${containers.length === 0 ? " <none>" : ""}\n`);
  for (const container of containers) {
    const status = statuses.find(({ name }) => name === container.name);
    basics(out, container, status, space);
    words(out, "Command", container.command);
    words(out, "Args", container.args);
    if (status) states(out, status, scene.context);
    resourceLines(out, container.resources, 2);
    probes(out, container);
    if (container.envFrom?.length > 0) envFrom(out, container.envFrom);
    environment(out, container, scene);
    mounts(out, container);
  }
}

function basics(out: Lines, container: any, status: any, space: string): void {
  out.line(1, `${space ? " " : ""}${container.name}:`);
  if (status) out.line(2, `Container ID:\t${status.containerID ?? ""}`);
  out.line(2, `Image:\t${container.image ?? ""}`);
  if (status) out.line(2, `Image ID:\t${status.imageID ?? ""}`);
  const list = (field: "containerPort" | "hostPort") =>
    (container.ports ?? [])
      .map((port: any) => `${port[field] ?? 0}/${port.protocol ?? "TCP"}${port.name ? ` (${port.name})` : ""}`)
      .join(", ");
  const [ports, hostPorts] = [list("containerPort"), list("hostPort")];
  out.line(2, `${ports.includes(",") ? "Ports" : "Port"}:\t${orNone(ports)}`);
  out.line(2, `${hostPorts.includes(",") ? "Host Ports" : "Host Port"}:\t${orNone(hostPorts)}`);
  const seccomp = container.securityContext?.seccompProfile;
  if (seccomp) {
    out.line(2, `SeccompProfile:\t${seccomp.type}`);
    if (seccomp.type === "Localhost") out.line(3, `LocalhostProfile:\t${seccomp.localhostProfile}`);
  }
}

function words(out: Lines, title: string, list: readonly string[] | undefined): void {
  if (!list || list.length === 0) return;
  out.line(2, `${title}:`);
  for (const word of list) for (const line of word.split("\n")) out.line(3, line);
}

function states(out: Lines, status: any, context: DescribeContext): void {
  stateLines(out, "State", status.state ?? {}, context);
  if (status.lastState?.terminated) stateLines(out, "Last State", status.lastState, context);
  out.line(2, `Ready:\t${truth(status.ready)}`);
  out.line(2, `Restart Count:\t${status.restartCount ?? 0}`);
}

function stateLines(out: Lines, title: string, { running, waiting, terminated }: any, context: DescribeContext): void {
  if (running) {
    out.line(2, `${title}:\tRunning`);
    out.line(3, `Started:\t${context.formatTime(running.startedAt)}`);
  } else if (terminated) {
    out.line(2, `${title}:\tTerminated`);
    if (terminated.reason) out.line(3, `Reason:\t${terminated.reason}`);
    if (terminated.message) out.line(3, `Message:\t${terminated.message}`);
    out.line(3, `Exit Code:\t${terminated.exitCode ?? 0}`);
    if (terminated.signal > 0) out.line(3, `Signal:\t${terminated.signal}`);
    out.line(3, `Started:\t${context.formatTime(terminated.startedAt)}`);
    out.line(3, `Finished:\t${context.formatTime(terminated.finishedAt)}`);
  } else {
    out.line(2, `${title}:\tWaiting`);
    if (waiting?.reason) out.line(3, `Reason:\t${waiting.reason}`);
  }
}

/** Limits and requests. */
export function resourceLines(out: Lines, resources: any, level: number): void {
  for (const [title, list] of [
    ["Limits", resources?.limits],
    ["Requests", resources?.requests],
  ] as const) {
    const names = Object.keys(list ?? {}).sort();
    if (names.length > 0) out.line(level, `${title}:`);
    for (const name of names) out.line(level + 1, `${name}:\t${list[name]}`);
  }
}

function probes(out: Lines, container: any): void {
  for (const [title, probe] of [
    ["Liveness", container.livenessProbe],
    ["Readiness", container.readinessProbe],
    ["Startup", container.startupProbe],
  ]) {
    if (probe) out.line(2, `${title}:\t${probeText(probe)}`);
  }
}

function probeText(probe: any): string {
  const times = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`;
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec) return `exec [${(exec.command ?? []).join(" ")}] ${times}`;
  if (httpGet) {
    const path = httpGet.path ?? "";
    const slash = path === "" || path.startsWith("/") ? path : `/${path}`;
    return `http-get ${(httpGet.scheme ?? "HTTP").toLowerCase()}://${httpGet.host ?? ""}:${httpGet.port}${slash} ${times}`;
  }
  if (tcpSocket) return `tcp-socket ${tcpSocket.host ?? ""}:${tcpSocket.port} ${times}`;
  if (grpc) return `grpc <pod>:${grpc.port} ${grpc.service ?? ""} ${times}`;
  return `unknown ${times}`;
}

function envFrom(out: Lines, sources: readonly any[]): void {
  out.line(2, "Environment Variables from:");
  for (const { configMapRef, secretRef, prefix } of sources) {
    const ref = configMapRef ?? secretRef ?? {};
    const kind = configMapRef ? "ConfigMap" : "Secret";
    out.line(
      3,
      `${ref.name ?? ""}\t${kind}${prefix ? ` with prefix '${prefix}'` : ""}\tOptional: ${ref.optional ?? false}`,
    );
  }
}

function environment(out: Lines, container: any, scene: Scene): void {
  const env: any[] = container.env ?? [];
  out.line(2, `Environment:${env.length === 0 ? "\t<none>" : ""}`);
  for (const { name, value = "", valueFrom } of env) {
    if (!valueFrom) {
      for (const [at, line] of String(value).split("\n").entries())
        out.line(3, at === 0 ? `${name}:\t${line}` : `\t${line}`);
      continue;
    }
    const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef, fileKeyRef } = valueFrom;
    if (fieldRef)
      out.line(
        3,
        `${name}:\t${fieldValue(scene.pod, fieldRef.fieldPath)} (${fieldRef.apiVersion ?? "v1"}:${fieldRef.fieldPath})`,
      );
    else if (resourceFieldRef)
      out.line(3, `${name}:\t${resourceValue(container, resourceFieldRef)} (${resourceFieldRef.resource})`);
    else if (secretKeyRef)
      out.line(
        3,
        `${name}:\t<set to the key '${secretKeyRef.key}' in secret '${secretKeyRef.name}'>\tOptional: ${secretKeyRef.optional ?? false}`,
      );
    else if (configMapKeyRef)
      out.line(
        3,
        `${name}:\t<set to the key '${configMapKeyRef.key}' of config map '${configMapKeyRef.name}'>\tOptional: ${configMapKeyRef.optional ?? false}`,
      );
    else if (fileKeyRef)
      out.line(
        3,
        `${name}:\t<set to the key '${fileKeyRef.key}' in file '${fileKeyRef.path}'>\tOptional: ${fileKeyRef.optional ?? false}`,
      );
  }
}

/** What a pod's field holds, as the downward API would say. */
function fieldValue(pod: any, path: string): string {
  if (!pod) return "";
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1]!]?.[keyed[2]!] ?? "";
  let value = pod;
  for (const part of path.split(".")) value = value?.[part];
  if (value === undefined || value === null) return "";
  if (typeof value === "object")
    return Object.keys(value)
      .sort()
      .map((key) => `${key}=${JSON.stringify(value[key])}`)
      .join("\n");
  return String(value);
}

/** An amount in units of the divisor, rounded up. */
function resourceValue(container: any, { resource, divisor = "1" }: { resource: string; divisor?: string }): string {
  const [list, name] = resource.split(".") as [string, string];
  const amount = container.resources?.[list]?.[name];
  if (amount === undefined) return resource.startsWith("limits") ? "node allocatable" : "0";
  const unit = milliValue(divisor === "0" ? "1" : divisor);
  return String(Math.ceil(milliValue(amount) / unit));
}

function mounts(out: Lines, container: any): void {
  const list: any[] = [...(container.volumeMounts ?? [])].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
  out.line(2, `Mounts:${list.length === 0 ? "\t<none>" : ""}`);
  for (const { mountPath, name, readOnly, subPath } of list) {
    const flags = [readOnly ? "ro" : "rw", ...(subPath ? [`path=${JSON.stringify(subPath)}`] : [])];
    out.line(3, `${mountPath} from ${name} (${flags.join(",")})`);
  }
  const devices: any[] = [...(container.volumeDevices ?? [])].sort((a, b) => (a.devicePath < b.devicePath ? -1 : 1));
  if (devices.length > 0) out.line(2, "Devices:");
  for (const { devicePath, name } of devices) out.line(3, `${devicePath} from ${name}`);
}
