// A kubelet with real containers against the API in memory.
import { machineClock, machineDisk, machineExec, machineNet, machineRandom } from "../../../src/host/mod.ts";
import { rpcClient } from "../../../src/host/rpc.ts";
import { spdyClient } from "../../../src/host/spdy.ts";
import type { Kubelet } from "../../../src/kubelet/mod.ts";
import { startKubelet } from "../../../src/kubelet/mod.ts";
import type { MemoryApi } from "./api.ts";
import { memoryApi } from "./api.ts";
import type { TestNode } from "./node.ts";
import { testNode } from "./node.ts";

export interface TestCluster extends AsyncDisposable {
  api: MemoryApi;
  node: TestNode;
  kubelet: Kubelet;
  /** Ends the kubelet and starts another. */
  restart(): Promise<void>;
}

export async function testCluster(): Promise<TestCluster> {
  const node = await testNode();
  const api = memoryApi();
  const start = () =>
    startKubelet({
      client: api.client,
      clock: machineClock,
      random: machineRandom,
      net: machineNet,
      rpc: rpcClient,
      spdy: spdyClient,
      runtime: node.runtime,
      machine: {
        disk: machineDisk,
        exec: machineExec,
        dataDir: `${node.directory}/kubelet`,
        cgroupParent: node.cgroupParent,
      },
      nodeName: "node-a",
      nodeIps: ["10.199.0.1"],
      port: 10250,
      clusterDns: ["10.96.0.10"],
    });
  const cluster = {
    api,
    node,
    kubelet: await start(),
    async restart() {
      await cluster.kubelet.stop();
      cluster.kubelet = await start();
    },
    async [Symbol.asyncDispose]() {
      await cluster.kubelet.stop();
      await node[Symbol.asyncDispose]();
    },
  };
  return cluster;
}
