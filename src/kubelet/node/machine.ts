import type { KubeObject } from "../../api/machinery/object.ts";
import type { Clock, Disk, Exec } from "../../base/world.ts";
import type { Client } from "../../client/mod.ts";
import { containerConfig, podLogName } from "../config/container.ts";
import type { DnsConfig } from "../config/dns.ts";
import { parseResolvConf, podDns } from "../config/dns.ts";
import { containerEnv } from "../config/env.ts";
import { podHostname, podHosts } from "../config/hosts.ts";
import { linuxResources } from "../config/resources.ts";
import { sandboxConfig } from "../config/sandbox.ts";
import { containerSecurity, rootRefusal } from "../config/security.ts";
import { StartFailure } from "../images/images.ts";
import type { PodMachine } from "../pods/machine.ts";
import type { Pod } from "../pods/pod.ts";
import type { References } from "../support/references.ts";
import { tokenCache } from "../volumes/tokens.ts";
import { volumeManager } from "../volumes/volumes.ts";
import type { Cgroups } from "./cgroups.ts";
import { lastWords } from "./last_words.ts";
import { containerMounts } from "./mounts.ts";

export interface MachineOptions {
  disk: Disk;
  exec: Exec;
  clock: Clock;
  client: Client;
  references: References;
  services(): readonly KubeObject[];
  cgroups: Cgroups;
  dataDir: string;
  logDir: string;
  clusterDns: readonly string[];
  clusterDomain: string;
  memoryCapacityBytes: number;
  allocatable: Record<string, string>;
}

const lookAgainMs = 10_000;

/** The machine that real pods run on. */
export function realMachine(options: MachineOptions): PodMachine {
  const { disk, exec, clock, cgroups, dataDir, logDir } = options;
  const tokens = tokenCache(options.client, clock);
  const seccompRoot = `${dataDir}/seccomp`;
  const podDir = (uid: string) => `${dataDir}/pods/${uid}`;
  const objects = (pod: Pod) => {
    const namespace = pod.metadata.namespace ?? "";
    return {
      configMap: (name: string) => options.references.get("configmaps", namespace, name),
      secret: (name: string) => options.references.get("secrets", namespace, name),
      allocatable: options.allocatable,
    };
  };
  const volumes = volumeManager({
    disk,
    exec,
    clock,
    client: options.client,
    dataDir,
    sources: (pod) => ({ ...objects(pod), token: (request) => tokens.get(pod, request) }),
  });
  let hostDns: DnsConfig | undefined;

  async function dnsOf(pod: Pod): Promise<DnsConfig> {
    hostDns ??= parseResolvConf(await disk.readText("/etc/resolv.conf").catch(() => ""));
    return podDns(pod, { clusterDns: options.clusterDns, clusterDomain: options.clusterDomain, host: hostDns });
  }

  async function writeHosts(pod: Pod, ips: readonly string[]): Promise<string> {
    const path = `${podDir(pod.metadata.uid)}/etc-hosts`;
    const hostFile = pod.spec.hostNetwork ? await disk.readText("/etc/hosts").catch(() => "") : "";
    const text = podHosts(pod, ips, podHostname(pod, options.clusterDomain), hostFile);
    if ((await disk.readText(path).catch(() => "")) !== text) await disk.write(path, text, { mode: 0o644 });
    return path;
  }

  return {
    mount: (pod) => volumes.mount(pod),
    async refresh(pod) {
      await volumes.refresh(pod);
      return tokens.renewAtMs(pod.metadata.uid);
    },
    async sandbox(pod, attempt) {
      const logDirectory = `${logDir}/${podLogName(pod)}`;
      const { hostname } = podHostname(pod, options.clusterDomain);
      await Promise.all([
        disk.makeDirectory(podDir(pod.metadata.uid), { mode: 0o750 }),
        disk.makeDirectory(logDirectory, { mode: 0o755 }),
        cgroups.create(pod),
      ]);
      const dns = await dnsOf(pod);
      return sandboxConfig(pod, {
        attempt,
        hostname,
        dns,
        logDirectory,
        cgroupParent: cgroups.parentOf(pod),
        seccompRoot,
      });
    },
    async container(pod, container, { attempt, image, ips, targetId }) {
      const refusal = rootRefusal(pod, container, image);
      const retry = { untilMs: clock.now() + lookAgainMs };
      if (refusal) throw new StartFailure("CreateContainerConfigError", refusal, retry);
      try {
        const sources = { ...objects(pod), services: options.services };
        const env = await containerEnv(pod, container, sources);
        const hostsPath = await writeHosts(pod, ips);
        const mounts = await containerMounts(pod, container, {
          attempt,
          env,
          hostsPath,
          podDir: podDir(pod.metadata.uid),
          volumes,
          disk,
          exec,
        });
        const node = { memoryCapacityBytes: options.memoryCapacityBytes, cgroupV2: cgroups.v2 };
        return containerConfig(pod, container, {
          attempt,
          imageRef: image.id,
          env,
          mounts,
          resources: linuxResources(pod, container, node),
          security: containerSecurity(pod, container, image, { seccompRoot, targetId }),
        });
      } catch (error) {
        throw new StartFailure("CreateContainerConfigError", (error as Error).message, retry);
      }
    },
    resize: (pod) => cgroups.create(pod),
    terminationMessage: (pod, container) =>
      lastWords(pod, container, {
        podDir: podDir(pod.metadata.uid),
        logDirectory: `${logDir}/${podLogName(pod)}`,
        disk,
      }),
    async removeLog(pod, container) {
      const directory = `${logDir}/${podLogName(pod)}/${container.name}`;
      // Rotated parts have the log's name before their own.
      for (const name of await disk.list(directory).catch(() => []))
        if (name.startsWith(`${container.attempt}.log`)) await disk.remove(`${directory}/${name}`);
    },
    async release(uid) {
      tokens.forget(uid);
      await volumes.unmount(uid);
      await cgroups.remove(uid);
    },
    async forget(uid) {
      await disk.remove(podDir(uid), { recursive: true });
      for (const name of await disk.list(logDir).catch(() => []))
        if (name.endsWith(`_${uid}`)) await disk.remove(`${logDir}/${name}`, { recursive: true });
    },
    async remains() {
      const uids = await disk.list(`${dataDir}/pods`).catch(() => []);
      const memory = await disk.list(`${dataDir}/memory`).catch(() => []);
      return [...new Set([...uids, ...memory, ...(await cgroups.pods())])];
    },
  };
}
