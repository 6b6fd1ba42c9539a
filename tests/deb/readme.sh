#!/bin/bash
# readme.sh [ROOT] -- the two commands of README.md in a fresh Debian made by
# debootstrap (or in a copy of ROOT, one that was made before), on a clone of
# what is committed here.  As root, in namespaces of its own, but for the
# network, by which packages come.
#
# WHOLE=1: all of "make test", half an hour; otherwise its set-up, STEPS of it
# ("lint unit") and some of the system tests.  SMTP_PORT, POP3_PORT: as
# tools/run.sh has them.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/deb/parts.sh

[ "$#" -le 1 ] || die "usage: $0 [ROOT]"
make_root "${1:-}"
git clone -q --no-local . "$root/srv/ringmail"
unshare --mount --propagation private --pid --ipc --uts --fork --kill-child \
	tests/deb/readme_inside.sh "$root"
echo "root-test: all is well"
