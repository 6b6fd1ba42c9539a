#!/bin/bash
# run.sh [BUILD] -- starts all of ringmail on loopback in a fresh folder, sends
# a message with swaks, fetches it with curl, and stays up until Ctrl-C.
# Environment: SMTP_PORT (2525), POP3_PORT (2110).
set -eu
build=$(cd "${1:-build}" && pwd)
domain=example.test
smtp=${SMTP_PORT:-2525} pop3=${POP3_PORT:-2110}
pids=()

say() { printf '%s\n' "$*"; }
title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
if ! [ -t 1 ]; then title() { printf '\n%s\n' "$*"; }; fi
indent() { sed 's/^/    /'; }
die() {
	printf 'run: %s\n' "$*" >&2
	exit 1
}

finish() {
	local code=$? i
	trap - EXIT INT TERM
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		kill -TERM "${pids[i]}" 2>/dev/null || true
		wait "${pids[i]}" 2>/dev/null || true
	done
	if [ -z "${home:-}" ]; then
		exit "$code"
	elif [ "$code" = 0 ]; then
		rm -rf "$home"
		say "Stopped; $home is removed."
	else
		say "Stopped; logs are kept in $home/log."
	fi
	exit "$code"
}

free_port() { # PORT WHAT
	if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
		die "port $1 of 127.0.0.1 is taken, and $2 wants it;" \
			"end the other program first (ss -ltnp shows it)," \
			"or choose another: SMTP_PORT=N POP3_PORT=N"
	fi
}

lay_down() {
	home=$(mktemp -d /var/tmp/ringmail.XXXXXX)
	chmod 755 "$home"
	mkdir "$home"/{conf,run,state,mail,log}
	chown ringmail:ringmail "$home/mail"
	# Not used before ringmail speaks TLS.
	openssl req -x509 -nodes -days 7 -subj "/CN=mx.$domain" \
		-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
		-addext "subjectAltName=DNS:mx.$domain,IP:127.0.0.1" \
		-keyout "$home/conf/key.pem" -out "$home/conf/cert.pem" \
		2>/dev/null
	chmod 600 "$home/conf/key.pem"
	cat >"$home/conf/helpers.conf" <<-E
		run = "$home/run"
		state = "$home/state"
		log { target = "stderr" }
		accounts { default_domain = "$domain" }
		mail { root = "$home/mail" }
	E
	cat >"$home/conf/smtpd.conf" <<-E
		hostname = "mx.$domain"
		listen = {"127.0.0.1:$smtp"}
		run = "$home/run/smtpd"
		log { target = "stderr" }
		limits { sessions = 1000 }
	E
	cat >"$home/conf/pop3d.conf" <<-E
		hostname = "mx.$domain"
		listen = {"127.0.0.1:$pop3"}
		run = "$home/run/pop3d"
		log { target = "stderr" }
		limits { sessions = 1000 }
	E
}

mailctl() { "$build/bin/mailctl" -c "$home/conf/helpers.conf" "$@"; }

launch() { # NAME COMMAND... : starts it, and waits until COMMAND works
	local name=$1 log=$home/log/$1 i
	shift
	# In a session of its own: Ctrl-C is for this script, which ends them.
	setsid "$build/bin/$name" -c "$home/conf/$name.conf" \
		</dev/null 2>"$log" &
	pids+=($!)
	for ((i = 0; i < 200; i++)); do
		if "$@" >/dev/null 2>&1; then
			say "    $name runs as process ${pids[-1]}, log in $log"
			return
		fi
		kill -0 "${pids[-1]}" 2>/dev/null || break
		sleep 0.05
	done
	tail -n 5 "$log" | indent >&2
	die "$name does not start"
}

connects() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }

show_first_message() {
	title "Sending with swaks"
	swaks --server "127.0.0.1:$smtp" --helo client.example \
		--from "you@elsewhere.example" --to "alice@$domain" \
		--header "Subject: Hello, Alice" --body "The pair works." \
		--hide-informational | indent
	title "Fetching with curl"
	curl -sS "pop3://alice:$alice@127.0.0.1:$pop3/1" | tr -d '\r' | indent
}

show_what_next() {
	local control="sudo $build/bin/mailctl -c $home/conf/helpers.conf"
	title "All is up: SMTP on 127.0.0.1:$smtp, POP3 on 127.0.0.1:$pop3"
	cat <<-E
		    alice@$domain  password $alice
		    bob@$domain    password $bob
	E
	title "Try next, in another terminal"
	indent <<-E
		swaks --server 127.0.0.1:$smtp --to bob@$domain
		curl pop3://bob:$bob@127.0.0.1:$pop3/1
		curl telnet://127.0.0.1:$smtp    # speak SMTP yourself

		$control user list
		$control user add carol@$domain
		$control alias add team@$domain alice@$domain bob@$domain

		ps -eo pid,user,args | grep $home
		sudo find $home/mail -type f
		tail -f $home/log/*
	E
	title "Ctrl-C stops all and removes $home."
}

[ "$(id -u)" = 0 ] || die "run me as root: sudo make run"
free_port "$smtp" smtpd
free_port "$pop3" pop3d
trap finish EXIT
trap 'exit 0' INT TERM
lay_down
alice=$(openssl rand -hex 6) bob=$(openssl rand -hex 6)

title "Starting ringmail in $home"
launch helpers mailctl domain list
launch smtpd connects "$smtp"
launch pop3d connects "$pop3"
mailctl domain add "$domain"
mailctl user add "alice@$domain" <<<"$alice"
mailctl user add "bob@$domain" <<<"$bob"
show_first_message
show_what_next

# Until Ctrl-C, or until a service ends that should not.
wait -n "${pids[@]}" || true
tail -n 3 "$home"/log/* | indent >&2
die "a service has ended"
