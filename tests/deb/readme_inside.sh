#!/bin/bash
# readme_inside.sh ROOT -- for readme.sh alone: in a mount and pid namespace,
# the commands in ROOT, which has the source at /srv/ringmail.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/deb/parts.sh
root=$1

say() {
	printf '== %s (%d s)\n' "$*" "$SECONDS"
}

# Waits until "make run" has said so.
await() { # WORDS PID
	until grep -q "$1" "$root/srv/run"; do
		kill -0 -- "-$2" 2>/dev/null || {
			tail -n 40 "$root/srv/run"
			die "make run never said: $1"
		}
		sleep 1
	done
}

try_run() {
	local make

	: >"$root/srv/run"
	set -m # a group of its own, as one in a terminal
	inside SMTP_PORT="${SMTP_PORT:-2525}" POP3_PORT="${POP3_PORT:-2110}" \
		sh -c 'apt-get update -q && apt-get install -q -y make &&
		    cd /srv/ringmail && make run' \
		>"$root/srv/run" 2>&1 </dev/null &
	make=$!
	set +m
	await 'Ctrl-C stops all' "$make"
	kill -INT -- "-$make"
	await 'is removed\.' "$make"
	wait "$make" || true # make says that it was interrupted
	grep -q 'The pair works\.' "$root/srv/run" || die "no message came out"
	! compgen -G "$root/var/tmp/ringmail.*" || die "a folder was left"
}

try_test() {
	if [ -n "${WHOLE:-}" ]; then
		# By npm, as this machine gets its packages.
		cp /etc/ssl/certs/ca-certificates.crt "$root/srv/"
		inside NODE_EXTRA_CA_CERTS=/srv/ca-certificates.crt \
			make -C /srv/ringmail test
		return
	fi
	inside sh -c "cd /srv/ringmail && tools/setup.sh build run test &&
	    tests/run.py ${STEPS:-lint unit}"
	inside RINGMAIL_BUILD=/srv/ringmail/build sh -c 'cd /srv/ringmail &&
	    python3 -m pytest -q -p no:cacheprovider --rootdir=tests -n2 \
	    tests/system/test_install.py tests/system/test_rights.py \
	    tests/system/test_smtp.py tests/system/test_pop3.py \
	    tests/system/test_mailctl.py tests/system/test_backup.py'
}

# Tests make mount namespaces, which takes a root directory that is a mount.
mount --bind "$root" "$root"
mount -t proc proc /proc
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sys "$root/sys"
make_dev
# Tests of full disks mount images; the devices are let go with the namespace.
mknod -m 600 "$root/dev/loop-control" c 10 237
for number in {0..31}; do
	mknod -m 600 "$root/dev/loop$number" b 7 "$number"
done
say "make run"
try_run
say "make test"
try_test
say "done"
