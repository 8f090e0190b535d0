export { machineClock, machineRandom } from "./clock.ts";
export { machineDisk } from "./disk.ts";
export { machineExec } from "./exec.ts";
export { machineNet } from "./net.ts";
