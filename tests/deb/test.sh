#!/bin/bash
# test.sh DEB [ROOT] -- installs the package in a fresh Debian made by
# debootstrap (or in a copy of ROOT, one that was made before), walks through
# docs/guide.md, and removes and purges it.  As root, in namespaces of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

. tests/deb/parts.sh

[ -s "${1:-}" ] || die "usage: $0 DEB [ROOT]"
make_root "${2:-}"
cp "$1" "$root/srv/"
unshare --mount --propagation private --pid --fork --kill-child \
	tests/deb/inside.sh "$root" "/srv/$(basename "$1")"

echo "== systemd"
timeout 300 unshare --mount --propagation private --pid --net --uts --ipc \
	--cgroup --fork --kill-child tests/deb/boot.sh "$root" \
	"/srv/$(basename "$1")" || true # it is killed at the end
tail -n 1 "$root/srv/boot.said" | grep -q "all is well" ||
	{ tail -n 70 "$root/srv/boot.said"; die "systemd"; }
echo "deb-test: all is well"
