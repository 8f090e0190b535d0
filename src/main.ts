// argv to a component, a cluster or kubectl. Each is loaded only when it is asked for: a start is quick.

import { machine, self } from "./host/mod.ts";

const [command = "help", ...args] = self.args;

if (command === "kubectl") {
  self.endWithReader();
  const { runKubectl } = await import("./kubectl/mod.ts");
  await self.exit(await runKubectl(args, machine, self));
} else {
  const { runCommand } = await import("./cluster/mod.ts");
  await self.exit(await runCommand(command, args, machine, self));
}
