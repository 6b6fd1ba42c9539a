#!/bin/bash
# parts.sh -- for the other scripts here, which source it: a fresh Debian below
# a folder, and what is mounted in it.

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Makes $root, which goes with the caller: by debootstrap, from where this
# machine's packages come from, or as a copy of a folder that was made so.
# Nothing is ever mounted in it but in namespaces, with which the mounts go.
make_root() { # [FOLDER]
	local mirror

	[ "$(id -u)" = 0 ] || die "run me as root"
	root=$(mktemp -d "${TMPDIR:-/var/tmp}/ringmail-root.XXXXXX")
	trap remove_root EXIT
	if [ -n "${1:-}" ]; then
		cp -a "$1/." "$root"
	else
		# shellcheck disable=SC2016 # $(SITE) is apt-get's
		mirror=$(apt-get indextargets --format '$(SITE)' | sort |
			uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
		unshare --mount --propagation private debootstrap \
			--variant=minbase bookworm "$root" "$mirror" \
			>"$root.log" 2>&1 ||
			{ tail "$root.log"; die "debootstrap failed"; }
	fi
	chmod 755 "$root"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
}

remove_root() {
	if grep -q " $root" /proc/self/mounts; then
		die "something is mounted below $root: it stays"
	fi
	rm -rf --one-file-system "$root" "$root.log"
}

# In a mount namespace: a /dev for $root, never that of the machine.
make_dev() {
	local name major minor

	mount -t tmpfs -o mode=755 dev "$root/dev"
	while read -r name major minor; do
		mknod -m 666 "$root/dev/$name" c "$major" "$minor"
	done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s /proc/self/fd/0 "$root/dev/stdin"
	ln -s /proc/self/fd/1 "$root/dev/stdout"
	ln -s /proc/self/fd/2 "$root/dev/stderr"
	mkdir "$root/dev/shm" "$root/dev/pts" "$root/dev/mqueue"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 pts "$root/dev/pts"
	ln -s pts/ptmx "$root/dev/ptmx"
}

inside() {
	chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C TERM=dumb \
		DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
