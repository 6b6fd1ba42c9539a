#!/bin/bash
# boot.sh ROOT DEB -- for test.sh alone: as the first process of namespaces of
# its own, installs the package in ROOT and becomes its systemd, which runs the
# guide's block for it.  What came of it stands in ROOT/srv/boot.said, the last
# line of which is "all is well".  All mounts go with the namespace.
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

# What runs in there, beside systemd.
write_test() {
	{
		cat <<'END'
exec >/srv/boot.said 2>&1
set -eu
i=0
until [ -S /run/systemd/private ] || [ "$i" = 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
systemctl is-system-running --wait || true
trap 'journalctl --no-pager -o cat -n 60' EXIT
END
		guide_block 1
		cat <<'END'
for unit in helpers resolver smtpd pop3d; do
	systemctl is-active "ringmail-$unit"
	[ "$(systemctl show -P StatusText "ringmail-$unit")" = Serving ]
done
letter() {
	curl -sS --cacert /etc/ringmail/tls/mx.pem \
		--user 'ann@example.org:a long password' pop3s://localhost/1 |
		grep 'It works'
}
letter
curl -sS --url smtp://127.0.0.1:25 --mail-from you@example.net \
	--mail-rcpt ann@example.org --upload-file /srv/letter --crlf
before=$(systemctl show -P MainPID ringmail-helpers ringmail-smtpd)
mailctl upgrade
sleep 2
[ "$before" = "$(systemctl show -P MainPID ringmail-helpers ringmail-smtpd)" ]
letter
systemctl reload ringmail-helpers ringmail-resolver ringmail-smtpd \
	ringmail-pop3d
letter
for name in smtpd:ringsmtp pop3d:ringpop; do
	[ "$(stat -c %U:%G:%a "/run/ringmail/${name%:*}.admin")" = \
		"${name#*:}:${name#*:}:700" ]
done
for port in 25 110; do
	bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0 && read -r hello <&3 &&
		youngest=$(mailctl sessions | grep 127.0.0.1 | tail -n 1) &&
		mailctl sessions drop "$(echo $youngest | cut -d" " -f2)" &&
		cat <&3' "$port"
done
cat >/etc/pam.d/ringmail <<PAM
auth required pam_unix.so
account required pam_unix.so
PAM
useradd -m bob
echo 'bob:a system password' | chpasswd
mkdir /etc/systemd/system/ringmail-helpers.service.d
cat >/etc/systemd/system/ringmail-helpers.service.d/pam.conf <<UNIT
[Service]
CapabilityBoundingSet=CAP_AUDIT_WRITE
RestrictAddressFamilies=AF_NETLINK
UNIT
systemctl daemon-reload
echo 'pam { service = "ringmail" }' >>/etc/ringmail/helpers.conf
echo 'metrics { listen = {"127.0.0.1:9125"} }' >>/etc/ringmail/helpers.conf
END
		guide_block 2
		cat <<'END'
up() { # both services are shown
	[ "$(curl -sS http://127.0.0.1:9125/metrics |
		grep -c '^ringmail_up.* 1$')" = 2 ]
}
i=0
until up || [ "$i" = 100 ]; do
	sleep 0.1
	i=$((i + 1))
done
up
mailctl user add --system --pam bob@example.org
curl -sS --url smtp://127.0.0.1:25 --mail-from you@example.net \
	--mail-rcpt bob@example.org --upload-file /srv/letter --crlf
[ "$(stat -c %U:%a ~bob/Maildir/new)" = bob:700 ]
bob() { # PASSWORD
	curl -sS --cacert /etc/ringmail/tls/mx.pem \
		--user "bob@example.org:$1" pop3s://localhost/1
}
bob 'a system password' | grep 'Subject: x'
! bob 'another password' || exit 1
mailctl upgrade helpers
letter
curl -sS http://127.0.0.1:9125/ | grep -q '<svg'
systemctl stop 'ringmail*'
[ -z "$(systemctl list-units --failed --no-legend 'ringmail*')" ]
trap - EXIT
echo "all is well"
END
	} >"$root/srv/boot-test.sh"
	printf 'Subject: x\n\nx\n' >"$root/srv/letter"
}

mount --bind "$root" "$root"
make_proc
make_dev
mount -t tmpfs -o mode=755 run "$root/run"
ip link set lo up
chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	DEBIAN_FRONTEND=noninteractive dpkg -i "$deb" >/dev/null 2>&1
write_test
cd "$root"
pivot_root . mnt
umount -l /mnt
bash -c 'bash /srv/boot-test.sh; sync; systemctl --force --force halt' \
	</dev/null >/dev/null 2>&1 &
exec /usr/bin/env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --system --unit=basic.target --log-target=journal \
	</dev/null >/dev/null 2>&1
