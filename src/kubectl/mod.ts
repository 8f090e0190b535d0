export { runKubectl } from "./run.ts";
export type { Machine, Self } from "./world.ts";
