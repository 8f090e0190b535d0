export { startLocalPorts } from "./localhost.ts";
export { type ProxyOptions, startProxy } from "./proxy.ts";
