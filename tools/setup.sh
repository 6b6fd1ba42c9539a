#!/bin/sh
# setup.sh LIST... -- makes this machine ready: installs the Debian packages of
# tools/packages/LIST.txt that are missing and, for the list "run", creates the
# system users of ringmail's processes.  What is there already is left alone.
# "LIST?" can be done without: where it can't be installed, that is said.
set -eu
cd "$(dirname "$0")"

users='ringdns ringacct ringhash ringtoken ringstat ringbox ringkey ringsmtp'
users="$users ringpop ringmail"

die() {
	echo "setup: $*" >&2
	exit 1
}

installed() { # PACKAGE
	# Another's Node.js brings an npm that Debian's can't stand beside.
	[ "$1" != npm ] || ! command -v npm >/dev/null || return 0
	status=$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) &&
		[ "$status" = installed ]
}

add() { # PACKAGE...
	[ "$(id -u)" = 0 ] || {
		echo "setup: run me as root (sudo) to install: $*" >&2
		return 1
	}
	echo "setup: installing $*"
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	{ apt-get update -q &&
		apt-get install -q -y --no-install-recommends "$@"
	} >"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		echo "setup: apt-get failed; all that it said is in $log" >&2
		return 1
	}
	rm -f "$log"
}

missing="" extra=""
for list in "$@"; do
	while read -r package; do
		if installed "$package"; then
			continue
		elif [ "$list" = "${list%\?}" ]; then
			missing="$missing $package"
		else
			extra="$extra $package"
		fi
	done <"packages/${list%\?}.txt"
done
# shellcheck disable=SC2086 # lists of names
{
	[ -z "$missing" ] || add $missing || exit 1
	[ -z "$extra" ] || add $extra ||
		echo "setup: tests that need these are left out:$extra" >&2
}

case " $* " in *' run '*) ;; *) exit 0 ;; esac
for user in $users; do
	getent passwd "$user" >/dev/null && continue
	[ "$(id -u)" = 0 ] || die "run me as root (sudo) to create user $user"
	echo "setup: creating system user $user"
	useradd --system --user-group --no-create-home \
		--home-dir /nonexistent --shell /usr/sbin/nologin "$user"
done
