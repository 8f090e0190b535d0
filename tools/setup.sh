#!/bin/sh
# Installs what is missing: Debian's packages, npm's, the generated schemas, the built program. Quick when nothing is.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

say() { printf '%s\n' "$*" >&2; }

# program to look for → the package that has it
missing=""
while read -r path package; do
  [ -e "$path" ] || missing="$missing $package"
done <<END
/usr/bin/containerd containerd
/usr/sbin/runc runc
/usr/lib/cni/bridge containernetworking-plugins
/usr/sbin/nft nftables
/usr/sbin/ip iproute2
/usr/sbin/sysctl procps
/usr/bin/nsenter util-linux
/usr/bin/busybox busybox-static
/usr/bin/catatonit catatonit
/usr/bin/curl curl
/usr/bin/etcd etcd-server
END
if [ -n "$missing" ]; then
  say "installing Debian packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Programs are started by us: no package's service is.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
# Contents of images are downloaded from Debian too: the lists must be there.
[ -n "$(ls /var/lib/apt/lists/*Packages* 2>/dev/null | head -n 1)" ] || apt-get update -qq

if [ ! -d node_modules ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  say "installing npm packages"
  # Not `npm ci`: it refuses a lock file that lists the packages of this platform only.
  npm install --no-save --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

node tools/generate.ts
node tools/build.ts
