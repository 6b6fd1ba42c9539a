#!/bin/bash
# ours.sh start DIR [key=value ...]    ours.sh stop DIR [key=value ...]
#
# Sets up ringmail in DIR, with ports of its own and the users u0 to u99 of
# bench.test, password pw, and starts it.  Prints one line for a benchmark:
#   name=ours smtp=PORT pop3=PORT pid=PID cg=bench-NAME mail=DIR/mail
# pid is the ancestor of all its processes; cg the control group that counts
# their CPU time, where there is one; a mailbox is DIR/mail/uN/{tmp,new,cur}.
#
# Keys: name (ours), smtp (25250), pop3 (11000), workers (0: one a core),
# log (file, off), sessions (11000), hashes (ours; cheap: of build/bench/users),
# and conf settings: helpers.journal.size=8M
# Environment: RINGMAIL_BUILD (build folder), USERS (100).
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
build=${RINGMAIL_BUILD:-$here/build}
users=${USERS:-100}
domain=bench.test

usage() {
	sed -n '2,/^# Environment/s/^# \{0,1\}//p' "$0" >&2
	exit 64
}
[ $# -ge 2 ] || usage
command=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2

option() { # KEY DEFAULT ARGS... : the value of KEY=value among ARGS
	local key=$1 value=$2 arg
	shift 2
	for arg in "$@"; do
		if [ "${arg%%=*}" = "$key" ]; then value=${arg#*=}; fi
	done
	printf '%s\n' "$value"
}

settings() { # SERVICE ARGS... : conf lines of SERVICE.BLOCK.NAME=value
	local service=$1 arg key
	shift
	for arg in "$@"; do
		key=${arg%%=*}
		case $key in
		"$service".*.*)
			key=${key#*.}
			echo "${key%%.*} { ${key#*.} = \"${arg#*=}\" }"
			;;
		"$service".*) echo "${key#*.} = \"${arg#*=}\"" ;;
		esac
	done
}

name=$(option name ours "$@")
smtp=$(option smtp 25250 "$@") pop3=$(option pop3 11000 "$@")
workers=$(option workers 0 "$@") sessions=$(option sessions 11000 "$@")
hashes=$(option hashes ours "$@")
groups=/sys/fs/cgroup/cpuacct
[ -d $groups ] || groups=/sys/fs/cgroup
group=$groups/bench-$name

lay_down() { # ARGS...
	local n
	chmod 755 "$dir"
	mkdir -p "$dir"/{conf,run,state,log,mail}
	for ((n = 0; n < users; n++)); do
		printf '%s\n' "$dir/mail/u$n"/{tmp,new,cur}
	done | xargs mkdir -p
	chmod -R go= "$dir/mail"
	chmod 755 "$dir/mail"
	chown -R ringmail:ringmail "$dir/mail"
	cat >"$dir/conf/helpers.conf" <<-E
		run = "$dir/run"
		state = "$dir/state"
		log { target = "stderr" }
		accounts {
			default_domain = "$domain"
			$([ "$hashes" = ours ] ||
				echo "hash_cost = 1 scram_iterations = 4096")
		}
		mail { root = "$dir/mail" layout = "%u" exclusive = "no" }
		$(settings helpers "$@")
	E
	cat >"$dir/conf/smtpd.conf" <<-E
		hostname = "mx.$domain"
		listen = {"127.0.0.1:$smtp"}
		run = "$dir/run/smtpd"
		workers = $workers
		log { target = "stderr" }
		limits { sessions = $sessions }
		$(settings smtpd "$@")
	E
	cat >"$dir/conf/pop3d.conf" <<-E
		hostname = "mx.$domain"
		listen = {"127.0.0.1:$pop3"}
		run = "$dir/run/pop3d"
		workers = $workers
		log { target = "stderr" }
		limits { sessions = $sessions }
		$(settings pop3d "$@")
	E
}

# Runs the three services until SIGTERM; the ancestor of them all.
supervise() { # LOG-FOLDER, or empty for none
	local pids=() service log
	trap 'kill "${pids[@]}" 2>/dev/null || true' TERM INT
	for service in helpers smtpd pop3d; do
		log=${1:+$1/$service}
		"$build/bin/$service" -c "$dir/conf/$service.conf" \
			2>>"${log:-/dev/null}" &
		pids+=($!)
	done
	wait || true # ends early at a signal; then for the services
	wait
}

wait_for() { # WHAT COMMAND... : ten seconds at most
	local what=$1 i
	shift
	for ((i = 0; i < 200; i++)); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.05
	done
	echo "ours: $what does not answer, see $dir/log" >&2
	stop
	exit 1
}

# shellcheck disable=SC2317 # called by wait_for
connects() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }
mailctl() { "$build/bin/mailctl" -c "$dir/conf/helpers.conf" "$@"; }

add_users() { # at once, while no helper runs, with cheap hashes
	[ -d "$dir/state/accounts" ] && return
	mkdir -p "$dir/state/accounts"
	"$build/bench/users" "$dir/state/accounts" $domain "$users"
	chown -R ringacct:ringacct "$dir/state/accounts"
}

start() { # ARGS...
	local n logs=$dir/log pid
	[ "$(option log file "$@")" = off ] && logs=
	lay_down "$@"
	if [ "$hashes" = cheap ]; then add_users; fi
	(
		if mkdir -p "$group" 2>/dev/null; then
			echo "$BASHPID" >"$group/cgroup.procs" || true
		fi
		ulimit -n "$(ulimit -Hn)"
		supervise "$logs"
	) </dev/null >/dev/null 2>>"$dir/log/start" &
	pid=$!
	echo "$pid" >"$dir/pid"
	wait_for helpers mailctl domain list
	wait_for smtpd connects "$smtp"
	wait_for pop3d connects "$pop3"
	if ! mailctl domain list | grep -qx "$domain"; then
		mailctl domain add "$domain"
		for ((n = 0; n < users; n++)); do
			mailctl user add "u$n@$domain" <<<pw
		done
	fi
	[ -d "$group" ] && pid="$pid cg=bench-$name"
	echo "name=$name smtp=$smtp pop3=$pop3 pid=$pid mail=$dir/mail"
}

stop() {
	local pid i
	[ -f "$dir/pid" ] || return 0
	pid=$(cat "$dir/pid")
	kill -TERM "$pid" 2>/dev/null || true
	for ((i = 0; i < 200; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null || true
	rm -f "$dir/pid"
	rmdir "$group" 2>/dev/null || true
}

case $command in
start) start "$@" ;;
stop) stop ;;
*) usage ;;
esac
