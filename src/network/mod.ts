export { freeIndex, setUpNetwork, tearDownNetwork, writeCniConfig } from "./network.ts";
export { kubeletPort, type NodeNetwork, type NodeNetworkFacts, nodeNetwork, type Uplink } from "./plan.ts";
