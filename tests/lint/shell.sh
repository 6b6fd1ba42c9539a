#!/bin/sh
# Shell scripts are clean under shellcheck.
. "$(dirname "$0")/files.sh"
{ files '*.sh'; echo .ci/run; } |
	xargs shellcheck -x -P SCRIPTDIR -s bash -e SC1091,SC2317
