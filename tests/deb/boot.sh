#!/bin/bash
# boot.sh ROOT DEB -- for test.sh alone: as the first process of namespaces of
# its own, installs the package in ROOT and becomes its systemd, beside which
# booted.sh runs.  What came of it stands in ROOT/srv/boot.said, the last line
# of which is "all is well".  All mounts go with the namespace.
set -euo pipefail
[ $$ = 1 ] || exit 1 # a halt at the end is that of the namespace alone
root=$1
deb=$2
. tests/deb/parts.sh

make_proc() { # what belongs to the machine is for reading alone
	mount -t proc proc "$root/proc"
	mount --bind "$root/proc/sys" "$root/proc/sys"
	mount -o remount,bind,ro "$root/proc/sys"
	mount -t sysfs -o ro sys "$root/sys"
	if [ -d /sys/fs/cgroup/systemd ]; then
		mount -t tmpfs -o mode=755 cgroup "$root/sys/fs/cgroup"
		mkdir "$root/sys/fs/cgroup/systemd"
		mount -t cgroup -o none,name=systemd cgroup \
			"$root/sys/fs/cgroup/systemd"
	else
		mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
	fi
}

# The guide's first or second block for systemd.
guide_block() { # NUMBER
	awk -v number="$1" '$0 == "```sh systemd" { on = ++n == number; next }
	    /^```/ { on = 0 } on { print }' docs/guide.md
}

# What helpers(8) has for a drop-in of its unit.
drop_in() { # WORDS of the item
	echo '[Service]'
	sed -n "/^\.It .*$1/,/^\.\(It\|El\)/s/^\.Li \([A-Za-z]*=.*\)/\1/p" \
		helpers/helpers.8 | sed 's/ [.,]$//'
}

# What runs in there, beside systemd: booted.sh, with what the pages say.
write_test() {
	guide_block 1 >"$root/srv/first"
	guide_block 2 >"$root/srv/second"
	drop_in 'with pam_unix' >"$root/srv/pam.conf"
	drop_in 'that asks another machine' >"$root/srv/other.conf"
	cp tests/deb/booted.sh "$root/srv/"
	printf 'Subject: x\n\nx\n' >"$root/srv/letter"
}

# Another machine, 192.0.2.2: it knows of each of its files what is in it.
make_other() {
	local folder=$root/srv/other keeper

	unshare --net sleep 1000 &
	keeper=$!
	until [ "$(readlink "/proc/$keeper/ns/net")" != \
		"$(readlink /proc/self/ns/net)" ]; do
		sleep 0.1
	done
	ip link add to-other type veth peer name eth0 netns "$keeper"
	ip address add 192.0.2.1/24 dev to-other
	ip link set to-other up
	nsenter --net="/proc/$keeper/ns/net" \
		sh -c 'ip address add 192.0.2.2/24 dev eth0 &&
		    ip link set eth0 up && ip link set lo up'
	mkdir "$folder"
	openssl req -x509 -nodes -days 30 -subj /CN=other -newkey rsa:2048 \
		-addext subjectAltName=IP:192.0.2.2 \
		-keyout "$folder/key.pem" -out "$folder/other.pem" 2>/dev/null
	printf 'HTTP/1.0 200 OK\r\n\r\nactive ann@example.org\n' \
		>"$folder/a-token"
	nsenter --net="/proc/$keeper/ns/net" chroot "$root" \
		sh -c 'cd /srv/other && exec openssl s_server -quiet -HTTP \
		    -accept 8443 -cert other.pem -key key.pem' \
		</dev/null >/dev/null 2>&1 &
}

mount -t proc proc /proc
mount --bind "$root" "$root"
make_proc
make_dev
mount -t tmpfs -o mode=755 run "$root/run"
ip link set lo up
make_other
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	DEBIAN_FRONTEND=noninteractive dpkg -i "$deb" >/dev/null 2>&1
write_test
cd "$root"
pivot_root . mnt
umount -l /mnt
bash -c 'bash /srv/booted.sh; sync; systemctl --force --force halt' \
	</dev/null >/dev/null 2>&1 &
exec /usr/bin/env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --system --unit=basic.target --log-target=journal \
	</dev/null >/dev/null 2>&1
