import type { Machine, Self } from "../host/mod.ts";
import { HelpWanted, parseFlags } from "./flags.ts";

const usage = `typernetes: Kubernetes v1.36 in one command

Usage:
  typernetes up | down | status | kubeconfig        the cluster
  typernetes kubectl …                              the client
  typernetes images load FILE | images build …      images
  typernetes store copy --from … --to …             a cluster's state, from one store to another
  typernetes apiserver | scheduler | controller-manager | kubelet | proxy
                                                    one component, in the foreground
`;

/** Runs one command of the program and gives its exit code. */
export async function runCommand(
  command: string,
  args: readonly string[],
  machine: Machine,
  self: Self,
): Promise<number> {
  const report = (error: unknown) =>
    self.printError(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  try {
    switch (command) {
      case "apiserver": {
        const { apiServerFlags, runApiServer } = await import("./apiserver.ts");
        await using _served = await runApiServer(parseFlags(args, apiServerFlags), machine, report);
        await self.asked();
        return 0;
      }
      case "scheduler":
      case "controller-manager":
      case "kubelet":
      case "proxy": {
        const { runComponent } = await import("./components.ts");
        self.onLost(report);
        await runComponent(command, args, machine, self, report);
        return 0;
      }
      case "server": {
        const { runServer } = await import("./server.ts");
        const { clusterFlags } = await import("./up.ts");
        const { placesOf } = await import("./settings.ts");
        const flags = parseFlags(args, clusterFlags);
        self.onLost(report);
        await runServer(placesOf(flags.string("name")!, flags.string("data-dir")!), machine, self, report);
        return 0;
      }
      case "up":
        return await (await import("./up.ts")).up(args, machine, self);
      case "down":
        return await (await import("./down.ts")).down(args, machine, self);
      case "status":
        return await (await import("./status.ts")).status(args, machine, self);
      case "kubeconfig": {
        const { clusterFlags } = await import("./up.ts");
        const { placesOf } = await import("./settings.ts");
        const flags = parseFlags(args, clusterFlags);
        const { kubeconfig } = placesOf(flags.string("name")!, flags.string("data-dir")!);
        if (!(await machine.disk.stat(kubeconfig)))
          throw new Error(`there is no cluster ${JSON.stringify(flags.string("name"))}`);
        self.print(await machine.disk.readText(kubeconfig));
        return 0;
      }
      case "store":
        return await (await import("./store_copy.ts")).storeCommand(args, machine, self);
      case "images":
        return await (await import("./images.ts")).images(args, machine, self);
      case "help":
      case "--help":
      case "-h":
        self.print(usage);
        return 0;
      default:
        self.printError(`Error: unknown command ${JSON.stringify(command)} for "typernetes"\n`);
        return 1;
    }
  } catch (error) {
    if (error instanceof HelpWanted) {
      self.print(`Usage:\n  typernetes ${command} [flags]\n\nFlags:\n${error.message}\n`);
      return 0;
    }
    self.printError(`Error: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}
