import { defineCommand } from "../command.ts";

export const clusterInfo = defineCommand({
  path: "cluster-info",
  usage: "[flags] [options]",
  summary: "Display cluster information",
  flags: {},
  async run(call) {
    const rest = await call.rest();
    const { url } = await call.access();
    const colour = (code: string, text: string) => (call.self.isTerminal() ? `\x1b[${code}m${text}\x1b[0m` : text);
    const say = (name: string, address: string) =>
      call.print(`${colour("0;32", name)} is running at ${colour("0;33", address)}\n`);
    const hint = "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n";
    const query = { labelSelector: "kubernetes.io/cluster-service=true" };
    const services = await rest.json({ path: "/api/v1/namespaces/kube-system/services", query }).catch((error) => {
      call.print(hint);
      throw error;
    });
    say("Kubernetes control plane", url);
    for (const { metadata, spec } of services.items ?? []) {
      const [port] = spec.ports ?? [];
      const scheme = port?.name === "https" || port?.port === 443 ? "https:" : "";
      const shown = metadata.labels?.["kubernetes.io/name"] || metadata.name;
      say(
        shown,
        `${url}/api/v1/namespaces/${metadata.namespace}/services/${scheme}${metadata.name}${port?.name || scheme ? `:${port?.name ?? ""}` : ""}/proxy`,
      );
    }
    call.print(hint);
  },
});
