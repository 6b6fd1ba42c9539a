#!/bin/bash
# booted.sh -- for boot.sh alone, which has put it into the root beside what the
# pages say of systemd: walks through that, an upgrade, a removal and a purge.
exec >/srv/boot.said 2>&1
set -eu

await() { # COMMAND... : up to a minute
	local i

	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	echo "in vain: $*"
	return 1
}

letter() {
	curl -sS --cacert /etc/ringmail/tls/mx.pem \
		--user 'ann@example.org:a long password' pop3s://localhost/1 |
		grep 'It works'
}

send() { # TO
	curl -sS --url smtp://127.0.0.1:25 --mail-from you@example.net \
		--mail-rcpt "$1" --upload-file /srv/letter --crlf
}

parents() {
	systemctl show -P MainPID ringmail-helpers ringmail-smtpd \
		ringmail-pop3d ringmail-resolver
}

start_by_guide() {
	. /srv/first
	for unit in helpers resolver smtpd pop3d; do
		systemctl is-active "ringmail-$unit"
		[ "$(systemctl show -P StatusText "ringmail-$unit")" = Serving ]
	done
	letter
	send ann@example.org
}

upgrade_and_reload() {
	local before

	before=$(parents)
	mailctl upgrade
	sleep 2
	[ "$before" = "$(parents)" ]
	letter
	dpkg -i /srv/ringmail_*.deb
	sleep 2
	[ "$before" = "$(parents)" ]
	letter
	systemctl reload ringmail-helpers ringmail-resolver ringmail-smtpd \
		ringmail-pop3d
	letter
}

sessions() {
	local name port

	for name in smtpd:ringsmtp pop3d:ringpop; do
		[ "$(stat -c %U:%G:%a "/run/ringmail/${name%:*}.admin")" = \
			"${name#*:}:${name#*:}:700" ]
	done
	for port in 25 110; do
		# shellcheck disable=SC2016 # for another shell
		bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0 && read -r hello <&3 &&
			youngest=$(mailctl sessions | grep 127.0.0.1 |
			tail -n 1) && mailctl sessions drop \
			"$(echo $youngest | cut -d" " -f2)" && cat <&3' "$port"
	done
}

both_are_shown() {
	[ "$(curl -sS http://127.0.0.1:9125/metrics |
		grep -c '^ringmail_up.* 1$')" = 2 ]
}

add_rights() { # FILE
	mkdir -p /etc/systemd/system/ringmail-helpers.service.d
	cp "$1" /etc/systemd/system/ringmail-helpers.service.d/
	systemctl daemon-reload
}

bob() { # PASSWORD
	curl -sS --cacert /etc/ringmail/tls/mx.pem \
		--user "bob@example.org:$1" pop3s://localhost/1
}

pam_and_metrics() {
	cat >/etc/pam.d/ringmail <<-END
		auth required pam_unix.so
		account required pam_unix.so
	END
	useradd -m bob
	echo 'bob:a system password' | chpasswd
	add_rights /srv/pam.conf
	echo 'pam { service = "ringmail" }' >>/etc/ringmail/helpers.conf
	echo 'metrics { listen = {"127.0.0.1:9125"} }' \
		>>/etc/ringmail/helpers.conf
	. /srv/second
	await both_are_shown
	mailctl user add --system --pam bob@example.org
	send bob@example.org
	[ "$(stat -c %U:%a ~bob/Maildir/new)" = bob:700 ]
	bob 'a system password' | grep 'Subject: x'
	! bob 'another password' || exit 1
	mailctl upgrade helpers
	letter
	curl -sS http://127.0.0.1:9125/ | grep -q '<svg'
}

by_token() { # TOKEN
	curl -sS --cacert /etc/ringmail/tls/mx.pem --oauth2-bearer "$1" \
		--login-options AUTH=OAUTHBEARER --user ann@example.org: \
		pop3s://localhost/1 | grep 'It works'
}

# Whose a token is, another machine says, once the unit lets the program ask it.
tokens() {
	install -m 644 /srv/other/other.pem /etc/ringmail/tls/other.pem
	cat >/usr/local/bin/ask-token <<-'END'
		#!/bin/sh
		read -r token || exit 2
		answer=$(curl -sS --max-time 5 \
			--cacert /etc/ringmail/tls/other.pem \
			"https://192.0.2.2:8443/$token") || exit 2
		case $answer in
		active*) echo "$answer" ;;
		*) exit 1 ;;
		esac
	END
	chmod 755 /usr/local/bin/ask-token
	echo 'tokens { program = "/usr/local/bin/ask-token" }' \
		>>/etc/ringmail/helpers.conf
	local names='mechanisms = {"PLAIN", "USER", "OAUTHBEARER"}'
	sed -i "s/^accounts {/& $names\n/" /etc/ringmail/helpers.conf
	echo "$names" >>/etc/ringmail/pop3d.conf
	systemctl reload ringmail-pop3d
	systemctl restart ringmail-helpers
	! by_token a-token || exit 1
	add_rights /srv/other.conf
	systemctl restart ringmail-helpers
	by_token a-token
	! by_token another-token || exit 1
	letter
}

is_gone() {
	! pgrep -f /usr/libexec/ringmail
}

remove_and_purge() {
	dpkg -r ringmail
	await is_gone
	[ -z "$(systemctl list-units --no-legend --state=active 'ringmail*')" ]
	[ -z "$(systemctl list-units --failed --no-legend 'ringmail*')" ]
	rm -r /etc/systemd/system/ringmail-helpers.service.d
	dpkg -P ringmail
	[ -z "$(find /etc/systemd /var/lib/systemd /run/systemd/system \
		-name '*ringmail*')" ]
	[ -z "$(systemctl list-unit-files --no-legend 'ringmail*')" ]
}

await test -S /run/systemd/private
systemctl is-system-running --wait || true
rm -f /usr/sbin/policy-rc.d
trap 'journalctl --no-pager -o cat -n 60' EXIT
for part in start_by_guide upgrade_and_reload sessions pam_and_metrics tokens \
	remove_and_purge; do
	echo "-- $part"
	"$part"
done
trap - EXIT
echo "all is well"
