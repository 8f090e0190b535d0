// The stand-ins: what each image of the notes is made of here. Contents come from Debian's packages.

/** What goes into an image. */
export interface Recipe {
  /** Names that it is pulled by. */
  names: readonly string[];
  /** Debian packages whose files it holds. */
  packages: readonly string[];
  /** Files of our own: path → content, or a link's target. */
  files?: Record<string, string | { link: string } | { run: string }>;
  /** Paths that are left out, as `tar` patterns. */
  without?: readonly string[];
  config: {
    Entrypoint?: string[];
    Cmd?: string[];
    Env?: string[];
    WorkingDir?: string;
    User?: string;
    ExposedPorts?: Record<string, object>;
    StopSignal?: string;
  };
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const accounts = {
  "etc/passwd":
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\nredis:x:999:999::/data:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\nredis:x:999:\n",
};

const nginxConfig = `daemon off;
user www-data;
worker_processes 1;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events { worker_connections 256; }
http {
  types { text/html html; text/plain txt; }
  access_log /dev/stdout;
  server { listen 80; root /usr/share/nginx/html; index index.html; }
}
`;

const nginxPage = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1></body>
</html>
`;

function nginx(version: string, names: readonly string[]): Recipe {
  return {
    names,
    packages: ["nginx", "nginx-common", "libc6", "libcrypt1", "libpcre2-8-0", "libssl3", "zlib1g", "busybox-static"],
    files: {
      ...accounts,
      "etc/nginx/nginx.conf": nginxConfig,
      "usr/share/nginx/html/index.html": nginxPage,
      "bin/sh": { link: "/usr/bin/busybox" },
      "bin/bash": { link: "/usr/bin/busybox" },
      "var/log/nginx/.keep": "",
      "var/lib/nginx/.keep": "",
      "run/.keep": "",
      ...applets([
        "cat",
        "chmod",
        "cp",
        "date",
        "echo",
        "env",
        "grep",
        "head",
        "hostname",
        "id",
        "ls",
        "mkdir",
        "mv",
        "ps",
        "rm",
        "sed",
        "sleep",
        "sort",
        "stat",
        "tail",
        "touch",
        "true",
        "false",
        "wc",
        "wget",
        "pwd",
        "mount",
        "df",
        "printenv",
        "tee",
        "test",
        "find",
        "ln",
        "whoami",
        "uname",
        "nc",
        "nslookup",
      ]),
    },
    without: [
      "./usr/share/doc",
      "./usr/share/man",
      "./etc/init.d",
      "./lib/systemd",
      "./usr/lib/x86_64-linux-gnu/gconv",
    ],
    config: {
      Cmd: ["/usr/sbin/nginx"],
      Env: [path, `NGINX_VERSION=${version}`],
      ExposedPorts: { "80/tcp": {} },
      StopSignal: "SIGQUIT",
    },
  };
}

function applets(names: readonly string[]): Record<string, { link: string }> {
  return Object.fromEntries(names.map((name) => [`bin/${name}`, { link: "/usr/bin/busybox" }]));
}

const everyApplet = { "bin/.applets": { run: "busybox --list" } };

const debianBase = [
  "base-files",
  "bash",
  "coreutils",
  "dash",
  "debianutils",
  "findutils",
  "grep",
  "gzip",
  "hostname",
  "libacl1",
  "libattr1",
  "libblkid1",
  "libbz2-1.0",
  "libc-bin",
  "libc6",
  "libcap2",
  "libcrypt1",
  "libgcc-s1",
  "libgcrypt20",
  "libgmp10",
  "libgpg-error0",
  "liblz4-1",
  "liblzma5",
  "libmount1",
  "libpcre2-8-0",
  "libproc2-0",
  "libselinux1",
  "libsmartcols1",
  "libsystemd0",
  "libtinfo6",
  "libuuid1",
  "libzstd1",
  "mount",
  "ncurses-bin",
  "procps",
  "sed",
  "tar",
  "util-linux",
  "zlib1g",
];

const withoutDocs = [
  "./usr/share/doc",
  "./usr/share/man",
  "./usr/share/locale",
  "./usr/share/info",
  "./usr/lib/x86_64-linux-gnu/gconv",
  "./lib/systemd",
];

/** What a cluster and the example application need: few, and under names of our own but for the sandbox's. */
export const baseImages: readonly Recipe[] = [
  {
    names: ["registry.k8s.io/pause:3.10.1", "registry.k8s.io/pause:3.8"],
    packages: ["catatonit"],
    without: withoutDocs,
    config: { Entrypoint: ["/usr/bin/catatonit", "-P"], User: "65535:65535" },
  },
  nginx("1", ["docker.io/typernetes/hello:1"]),
];

/** Every image that the notes and the tests use: stand-ins for what machines pull that reach a registry. */
export const catalog: readonly Recipe[] = [
  ...baseImages,
  {
    names: [
      "docker.io/library/busybox:latest",
      "docker.io/library/busybox:1.28",
      "docker.io/library/busybox:1.36",
      "docker.io/library/busybox:stable",
    ],
    packages: ["busybox-static"],
    files: { ...accounts, ...everyApplet, "tmp/.keep": "", "root/.keep": "" },
    without: withoutDocs,
    config: { Cmd: ["sh"], Env: [path] },
  },
  nginx("1.7.9", ["docker.io/library/nginx:1.7.9"]),
  nginx("1.14.2", ["docker.io/library/nginx:1.14.2"]),
  nginx("1.22.1", [
    "docker.io/library/nginx:latest",
    "docker.io/library/nginx:alpine",
    "hub.escapelife.site/library/nginx-test:v1",
  ]),
  {
    names: ["docker.io/library/redis:latest"],
    packages: [
      "redis-server",
      "redis-tools",
      "libc6",
      "libatomic1",
      "libgcc-s1",
      "libjemalloc2",
      "liblua5.1-0",
      "liblzf1",
      "lua-bitop",
      "lua-cjson",
      "libhiredis0.14",
      "libssl3",
      "libsystemd0",
      "liblzma5",
      "libzstd1",
      "liblz4-1",
      "libcap2",
      "libgcrypt20",
      "libgpg-error0",
      "libstdc++6",
      "busybox-static",
    ],
    files: {
      ...accounts,
      "data/.keep": "",
      "bin/sh": { link: "/usr/bin/busybox" },
      ...applets(["cat", "ls", "sleep", "echo", "env", "touch"]),
    },
    without: withoutDocs,
    config: {
      Cmd: ["/usr/bin/redis-server", "--protected-mode", "no", "--dir", "/data"],
      Env: [path],
      WorkingDir: "/data",
      ExposedPorts: { "6379/tcp": {} },
    },
  },
  {
    names: ["docker.io/library/debian:latest", "docker.io/library/ubuntu:latest"],
    packages: debianBase,
    files: { ...accounts, "tmp/.keep": "", "root/.keep": "", "usr/bin/sh": { link: "dash" } },
    without: withoutDocs,
    config: { Cmd: ["bash"], Env: [path] },
  },
  {
    names: ["docker.io/polinux/stress:latest"],
    packages: ["stress", "libc6"],
    files: accounts,
    without: withoutDocs,
    config: { Cmd: ["stress", "--help"], Env: [path] },
  },
  {
    names: ["k8s.gcr.io/test-webserver:latest", "gcr.io/google_containers/test-webserver:latest"],
    packages: ["busybox-static"],
    files: { ...accounts, ...everyApplet },
    without: withoutDocs,
    config: { Cmd: ["/bin/httpd", "-f", "-p", "80", "-h", "/"], Env: [path], ExposedPorts: { "80/tcp": {} } },
  },
  {
    names: ["gcr.io/google-samples/hello-app:2.0", "gcr.io/google-samples/hello-app:1.0"],
    packages: ["busybox-static"],
    files: {
      ...accounts,
      ...everyApplet,
      "www/cgi-bin/hello": {
        run: 'printf \'#!/bin/sh\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\n"\\necho "Hello, world!"\\necho "Hostname: $(hostname)"\\n\'',
      },
      "www/httpd.conf": "I:cgi-bin/hello\n",
    },
    without: withoutDocs,
    config: {
      Cmd: ["/bin/httpd", "-f", "-p", "8080", "-h", "/www", "-c", "/www/httpd.conf"],
      Env: [path],
      ExposedPorts: { "8080/tcp": {} },
    },
  },
];
