#!/bin/bash
# test.sh DEB [ROOT] -- installs the package in a fresh Debian made by
# debootstrap (or in a copy of ROOT, one that was made before), walks through
# docs/guide.md, and removes and purges it.  As root, in namespaces of its own.
#
# This outer part alone makes and removes the root, and never mounts anything:
# what tests/deb/inside.sh mounts is seen in its namespace only, and goes with
# it.
set -euo pipefail
cd "$(dirname "$0")/../.."

die() {
	echo "deb-test: $*" >&2
	exit 1
}

clean_up() {
	if grep -q " $root" /proc/self/mounts; then
		die "something is mounted below $root: it stays"
	fi
	rm -rf --one-file-system "$root" "$root.log"
}

[ "$(id -u)" = 0 ] || die "run me as root"
[ -s "${1:-}" ] || die "usage: $0 DEB [ROOT]"
root=$(mktemp -d "${TMPDIR:-/var/tmp}/ringmail-deb.XXXXXX")
trap clean_up EXIT
if [ -n "${2:-}" ]; then
	cp -a "$2/." "$root"
else
	# shellcheck disable=SC2016 # $(SITE) is apt-get's
	mirror=$(apt-get indextargets --format '$(SITE)' | sort | uniq -c |
		sort -rn | awk 'NR == 1 { print $2 }')
	unshare --mount --propagation private debootstrap --variant=minbase \
		bookworm "$root" "$mirror" >"$root.log" 2>&1 ||
		{ tail "$root.log"; die "debootstrap failed"; }
fi
chmod 755 "$root"
cp "$1" "$root/srv/"
cp /etc/resolv.conf "$root/etc/resolv.conf"
unshare --mount --propagation private --pid --fork --kill-child \
	tests/deb/inside.sh "$root" "/srv/$(basename "$1")"

echo "== systemd"
timeout 180 unshare --mount --propagation private --pid --net --uts --ipc \
	--cgroup --fork --kill-child tests/deb/boot.sh "$root" \
	"/srv/$(basename "$1")" || true # it is killed at the end
tail -n 1 "$root/srv/boot.said" | grep -q "all is well" ||
	{ tail -n 70 "$root/srv/boot.said"; die "systemd"; }
echo "deb-test: all is well"
