export { machineClock, machineRandom } from "./clock.ts";
export { machineDisk } from "./disk.ts";
export { machineExec } from "./exec.ts";
export { type Machine, machine, type Self, self } from "./machine.ts";
export { machineNet } from "./net.ts";
export { rpcClient } from "./rpc.ts";
export { spdyClient } from "./spdy.ts";
