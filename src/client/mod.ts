export type * from "./client.ts";
export { type Changed, type Informer, type InformerOptions, startInformer } from "./informer.ts";
export { accessFrom, type Kubeconfig, parseKubeconfig } from "./kubeconfig.ts";
export { type QueueOptions, type WorkQueue, workQueue } from "./queue.ts";
export { resourcePath, resourceRef } from "./resources.ts";
export { type HttpAccess, inProcess, overHttp } from "./transport.ts";
