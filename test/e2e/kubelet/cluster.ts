// A kubelet with real containers against the API server of this process.
import { machineClock, machineDisk, machineExec, machineNet, machineRandom } from "../../../src/host/mod.ts";
import { rpcClient } from "../../../src/host/rpc.ts";
import { spdyClient } from "../../../src/host/spdy.ts";
import type { Kubelet } from "../../../src/kubelet/mod.ts";
import { startKubelet } from "../../../src/kubelet/mod.ts";
import type { TestApi } from "./api.ts";
import { testApi } from "./api.ts";
import type { TestNode } from "./node.ts";
import { testNode } from "./node.ts";

export interface TestCluster extends AsyncDisposable {
  api: TestApi;
  node: TestNode;
  kubelet: Kubelet;
  /** Ends the kubelet and starts another. */
  restart(): Promise<void>;
}

export async function testCluster(): Promise<TestCluster> {
  const node = await testNode();
  const api = await testApi();
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
      await api[Symbol.asyncDispose]();
    },
  };
  return cluster;
}
