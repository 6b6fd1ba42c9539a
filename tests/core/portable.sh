#!/bin/sh
# The core with each of its switches: assembly for x86-64 and (under emulation)
# aarch64, and ucontext.  Usage: portable.sh FOLDER
set -eu
cd "$(dirname "$0")/../.."
mkdir -p "$1"
passed=0
failed=0

check() { # NAME RUNNER COMPILER...
	name=$1 runner=$2
	shift 2
	program=$folder/$name
	# shellcheck disable=SC2086 # a list of sources, a runner or none
	if "$@" -std=gnu17 -D_GNU_SOURCE -O2 -g -pthread -iquote common \
		-o "$program" $sources &&
		$runner "$program" >"$program.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		cat "$program.log"
	fi
}

folder=$1
modules=$(cat tests/core/modules)
sources="tests/core/portable.c tests/core/no_tls.c"
for module in $modules; do
	sources="$sources common/$module.c"
done
sources="$sources common/switch_x86_64.S common/switch_aarch64.S"
cross='aarch64-linux-gnu-gcc -static'

check assembly "timeout 300" cc
check ucontext "timeout 300" cc -DSWITCH_UCONTEXT
# shellcheck disable=SC2086 # a command and its option
check aarch64 "timeout 300 qemu-aarch64" $cross
# shellcheck disable=SC2086
check aarch64-ucontext "timeout 300 qemu-aarch64" $cross -DSWITCH_UCONTEXT
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
