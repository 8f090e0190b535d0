import assert from "node:assert/strict";
import { test } from "node:test";
import { containerdConfig } from "./config.ts";

test("containerd's configuration", () => {
  const config = containerdConfig({
    root: "/r",
    state: "/s",
    socket: "/s/c.sock",
    cniConfDir: "/cni",
    cniBinDir: "/usr/lib/cni",
    registryConfigDir: "/certs.d",
    sandboxImage: "registry.k8s.io/pause:3.10",
    systemdCgroup: false,
    restrictOomScoreAdj: true,
    disableAppArmor: true,
  });
  const tables = config.split(/\n(?=\[)/);
  const table = (name: string) => tables.find((one) => one.startsWith(`[${name}]`)) ?? "";
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  assert.match(
    tables[0]!,
    /^version = 2\nroot = "\/r"\nstate = "\/s"\ndisabled_plugins = \[".*aufs".*\]\noom_score = 0\n/,
  );
  assert.match(table("grpc"), /^address = "\/s\/c.sock"$/m);
  assert.match(table(cri), /^sandbox_image = "registry.k8s.io\/pause:3.10"$/m);
  assert.match(table(cri), /^restrict_oom_score_adj = true$/m);
  assert.match(table(`${cri}.cni`), /^conf_dir = "\/cni"$/m);
  assert.match(table(`${cri}.registry`), /^config_path = "\/certs.d"$/m);
  assert.match(table(`${cri}.containerd.runtimes.runc.options`), /^SystemdCgroup = false$/m);
});
