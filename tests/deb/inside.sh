#!/bin/bash
# inside.sh ROOT DEB -- for test.sh alone: in a mount and pid namespace, walks
# through the guide in ROOT, then upgrades, removes and purges the package.
# It removes nothing but files of the package.
set -euo pipefail
root=$1
deb=$2

cd "$(dirname "$0")/../.."
. tests/deb/parts.sh

# The same in a network of its own: nobody's ports are in the way.
alone() {
	nsenter --net="/proc/$keeper/ns/net" chroot "$root" /usr/bin/env -i \
		HOME=/root LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# The blocks of the guide that are for everybody, and those of this kind, each
# ended by an octet 1.
guide_blocks() { # rc, or another kind, which is then all
	awk -v kind="$1" '
	    /^```sh$/ && kind == "rc" { on = 1; next }
	    $0 == "```sh " kind { on = 1; next }
	    /^```/ { if (on) print "\001"; on = 0; next }
	    on { print }' docs/guide.md
}

run_blocks() { # KIND
	local text='' line

	while IFS= read -r line; do
		if [ "$line" = $'\001' ]; then
			run_block "$text" </dev/null
			text=
		else
			text+=$line$'\n'
		fi
	done < <(guide_blocks "$1")
}

# What certbot would have left.
make_certificate() {
	inside mkdir -p /etc/letsencrypt/live/mx.example.org
	inside openssl req -x509 -nodes -days 30 -subj /CN=mx.example.org \
		-newkey rsa:2048 \
		-keyout /etc/letsencrypt/live/mx.example.org/privkey.pem \
		-out /etc/letsencrypt/live/mx.example.org/fullchain.pem \
		>"$root/srv/said" 2>&1 || die "no certificate"
}

# The letter that the guide has sent.
fetch() {
	alone curl -sS --cacert /etc/ringmail/tls/mx.pem \
		--user 'ann@example.org:a long password' pop3s://localhost/"$1"
}

run_block() { # TEXT
	local where=alone
	number=$((number + 1))
	printf 'set -e\n%s\n' "$1" >"$root/srv/block.sh"
	echo "-- block $number: ${1%%$'\n'*}"
	[ "$number" -gt 1 ] || where=inside # the first one fetches packages
	"$where" bash /srv/block.sh >"$root/srv/said" 2>&1 || {
		tail -n 20 "$root/srv/said"
		die "block $number of the guide failed"
	}
}

# What of the package is there.
listing() {
	(cd "$root" && find etc run usr var \( -path '*ringmail*' -o \
		-path '*mailctl*' \) -not -path 'var/cache/*' \
		-not -path 'var/lib/apt/*' -not -path 'var/lib/dpkg/*') | sort
}

users() { # and groups
	cut -d: -f1 "$root/etc/passwd" "$root/etc/group" | sort
}

# Each link of a page leads to something that is installed too.
follow_links() {
	local page link

	while IFS=: read -r page link; do
		link=${link#*(} link=${link%%[#)]*}
		[[ $link != http* ]] || continue
		inside test -e "$(dirname "$page")/$link" ||
			die "$page: $link is not there"
	done < <(inside grep -ro --include='*.md' ']([^)]*)' \
		/usr/share/doc/ringmail)
}

# All is in the log, and stays so when that is rotated.
read_logs() {
	local id logs=/var/log/ringmail

	[ "$(stat -c %a "$root$logs")" = 750 ] || die "others may read $logs"
	id=$(grep -o 'message.accepted.* trace=[0-9a-f]*' \
		"$root$logs/smtpd.log" | sed -n '1s/.*trace=//p')
	inside logrotate -f /etc/logrotate.d/ringmail || die "logrotate"
	[ -s "$root$logs/smtpd.log.1" ] || die "nothing was rotated"
	fetch 1 >"$root/srv/said"
	grep -q 'session.end' "$root$logs/pop3d.log" || die "no log any more"
	[[ $(alone mailctl trace "$id") == *message.accepted* ]] ||
		die "no trace of $id"
}

# What an upgrade finds bad goes on as it is.
upgrade_with_bad_conf() {
	local running conf=$root/etc/ringmail/smtpd.conf

	running=$(alone service ringmail status)
	cp "$conf" "$root/srv/smtpd.conf"
	echo 'nonsense = 1' >>"$conf"
	inside dpkg -i "$deb" >"$root/srv/said" 2>&1 || die "the upgrade failed"
	grep -q nonsense "$root/srv/said" || die "nobody said what is bad"
	[ "$(alone service ringmail status)" = "$running" ] || die "it stopped"
	[[ $(fetch 1) == *"It works."* ]] || die "no letter with a bad conf"
	cp "$root/srv/smtpd.conf" "$conf"
}

mount -t proc proc /proc
mount -t proc proc "$root/proc"
make_dev
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
{
	inside apt-get update -q
	inside apt-get install -q -y --no-install-recommends openssl curl \
		init-system-helpers logrotate
} >"$root/srv/said" 2>&1 || { tail "$root/srv/said"; die "apt-get"; }
before=$(users)
unshare --net sleep 1000 &
keeper=$!
until [ "$(readlink "/proc/$keeper/ns/net")" != \
	"$(readlink /proc/self/ns/net)" ]; do
	sleep 0.1
done
nsenter --net="/proc/$keeper/ns/net" ip link set lo up

echo "== the guide"
number=0
make_certificate
run_blocks rc
[ "$number" -ge 10 ] || die "the guide has only $number blocks"
[[ $(fetch 1) == *"It works."* ]] || die "the message did not come out"
uidls=$(alone curl -sS --cacert /etc/ringmail/tls/mx.pem --request UIDL \
	--user 'ann@example.org:a long password' pop3s://localhost/)

echo "== pages, logs"
follow_links
read_logs

echo "== upgrade, removal, purge"
upgrade_with_bad_conf
running=$(alone service ringmail status)
inside dpkg -i "$deb" >/dev/null 2>&1 || die "the upgrade failed"
grep -q mx.example.org "$root/etc/ringmail/smtpd.conf" || die "no conf left"
sleep 2
[ "$(alone service ringmail status)" = "$running" ] ||
	die "the upgrade stopped it: $(alone service ringmail status)"
alone curl -sS http://127.0.0.1:9125/metrics >"$root/srv/said" ||
	die "no metrics after the upgrade"
for name in smtpd pop3d; do
	[ "$(stat -c %u:%g:%a "$root/run/ringmail/$name.admin")" = 0:0:700 ] ||
		die "whose is $name.admin?"
done
while read -r pid; do
	[[ $(readlink "/proc/$pid/exe") != *deleted* ]] ||
		die "the upgrade left the old program: $running"
done < <(grep -o '[0-9]*)' <<<"$running" | tr -d ')')
[[ $(fetch 1) == *"It works."* ]] || die "no letter after the upgrade"
alone service ringmail restart || die "restart"
inside dpkg -r ringmail >/dev/null 2>&1 || die "dpkg -r"
! alone pgrep -f /usr/libexec/ringmail 2>/dev/null || die "it still runs"
[ -s "$root/etc/ringmail/smtpd.conf" ] || die "removal took the conf"
[ -d "$root/var/lib/ringmail/accounts" ] || die "removal took the accounts"
rm "$root/etc/ringmail/keys/mx.key" "$root/etc/ringmail/tls/mx.pem"
rm -r "$root/var/mail/ringmail"
inside dpkg -P ringmail >/dev/null 2>&1 || die "dpkg -P"
left=$(listing)
[ -z "$left" ] || die "purge left: $left"
[ "$before" = "$(users)" ] || die "purge left users: $(users)"

echo "== restore"
inside dpkg -i "$deb" >/dev/null 2>&1 || die "dpkg -i"
run_blocks restore
alone service ringmail start || die "start after restore"
[[ $(fetch 1) == *"It works."* ]] || die "no letter after the restore"
[ "$(alone curl -sS --cacert /etc/ringmail/tls/mx.pem --request UIDL \
	--user 'ann@example.org:a long password' pop3s://localhost/)" = \
	"$uidls" ] || die "other UIDLs after the restore"
alone service ringmail stop || die "stop"

echo "== systemd"
inside apt-get install -q -y --no-install-recommends systemd \
	>"$root/srv/said" 2>&1 || { tail "$root/srv/said"; die "apt-get"; }
kill "$keeper"
