/** Where a private containerd lives and how it runs; every path is absolute. */
export interface ContainerdOptions {
  /** Persistent data: images, snapshots, metadata. */
  root: string;
  /** What a reboot forgets; socket paths are limited to 107 bytes, so keep it short. */
  state: string;
  socket: string;
  cniConfDir: string;
  cniBinDir: string;
  /** Holds `<registry host>/hosts.toml` files. */
  registryConfigDir?: string;
  sandboxImage: string;
  /** Where exec, attach and port-forward are served. */
  streamAddress?: string;
  streamPort?: number;
  /** True where systemd is the machine's init and manages the cgroups. */
  systemdCgroup: boolean;
  /** True unless this process may lower OOM scores (CAP_SYS_RESOURCE). */
  restrictOomScoreAdj: boolean;
  disableAppArmor: boolean;
  /** The OCI runtime's binary, if not the `runc` on the path. */
  runtimeBinary?: string;
  snapshotter?: string;
}

/** Plugins that only slow the start down, or log errors on machines without their file systems. */
const disabledPlugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
  "io.containerd.internal.v1.opt",
];

const criPlugin = 'plugins."io.containerd.grpc.v1.cri"';

/**
 * The config.toml of a containerd of our own. Pure. Version 2 of the format: containerd 1.6 and 1.7 read it as it is,
 * 2.x converts it.
 */
export function containerdConfig(options: ContainerdOptions): string {
  const runtime = `${criPlugin}.containerd.runtimes.runc`;
  return toml([
    [
      "",
      {
        version: 2,
        root: options.root,
        state: options.state,
        disabled_plugins: disabledPlugins,
        oom_score: options.restrictOomScoreAdj ? 0 : -999,
      },
    ],
    ["grpc", { address: options.socket, max_recv_message_size: 64 << 20, max_send_message_size: 64 << 20 }],
    ["ttrpc", { address: `${options.socket}.ttrpc` }],
    ["debug", { level: "warn" }],
    ["metrics", { address: "" }],
    [
      criPlugin,
      {
        sandbox_image: options.sandboxImage,
        stream_server_address: options.streamAddress ?? "127.0.0.1",
        stream_server_port: String(options.streamPort ?? 0),
        enable_selinux: false,
        disable_apparmor: options.disableAppArmor,
        // Else all containerds of a machine share /var/run/netns.
        netns_mounts_under_state_dir: true,
        restrict_oom_score_adj: options.restrictOomScoreAdj,
        tolerate_missing_hugetlb_controller: true,
        max_concurrent_downloads: 3,
        max_container_log_line_size: 16 << 10,
      },
    ],
    [
      `${criPlugin}.containerd`,
      { snapshotter: options.snapshotter ?? "overlayfs", default_runtime_name: "runc", discard_unpacked_layers: false },
    ],
    [runtime, { runtime_type: "io.containerd.runc.v2" }],
    [
      `${runtime}.options`,
      {
        SystemdCgroup: options.systemdCgroup,
        ...(options.runtimeBinary ? { BinaryName: options.runtimeBinary } : {}),
      },
    ],
    [`${criPlugin}.cni`, { bin_dir: options.cniBinDir, conf_dir: options.cniConfDir, max_conf_num: 1 }],
    [`${criPlugin}.registry`, options.registryConfigDir ? { config_path: options.registryConfigDir } : {}],
  ]);
}

type TomlValue = string | number | boolean | readonly string[];

function toml(tables: [name: string, values: Record<string, TomlValue>][]): string {
  const lines: string[] = [];
  for (const [name, values] of tables) {
    if (name) lines.push("", `[${name}]`);
    for (const [key, value] of Object.entries(values)) lines.push(`${key} = ${tomlValue(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** JSON's strings, numbers and arrays are TOML's too, as long as no exponent or control character is in them. */
function tomlValue(value: TomlValue): string {
  return JSON.stringify(value);
}
