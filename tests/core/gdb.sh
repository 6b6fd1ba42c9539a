#!/bin/bash
# common/gdb.py on a process with parked fibers, of this machine and of aarch64.
# Usage: gdb.sh build/core/parked
set -eu
cd "$(dirname "$0")/../.."
program=$1
log=$program.log
passed=0
failed=0

expect() { # WHAT PATTERN
	if grep -Eq "$2" "$log"; then
		passed=$((passed + 1))
		echo "ok   $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1: no line like $2"
		sed 's/^/     | /' "$log"
	fi
}

run_gdb() { # GDB ARGUMENT... : all that it says goes to the log
	timeout 300 "$1" -batch -nx -ex 'set debuginfod enabled off' \
		-ex "file $program" "${@:2}" -ex 'source common/gdb.py' \
		-ex 'info fibers' -ex 'fiber 2 bt' -ex 'fiber 9 bt' -ex kill \
		</dev/null >"$log" 2>&1 || true # the log is what counts
}

expect_all() { # MACHINE
	expect "$1: a running fiber" \
		' 1 +0 main +running +- +parked_now \(.*parked\.c:'
	expect "$1: a parked fiber with a deadline" \
		' 2 +0 sleeper +parked +(1000|9..)\.. s +wait_for_mail \('
	expect "$1: one without" ' 3 +0 caller +parked +- +caller \('
	expect "$1: one in a connection" ' 4 +0 reader +parked .*conn\.c:'
	expect "$1: one that has not begun" \
		' 5 +0 latecomer +ready +- +switch_start'
	expect "$1: the stack of a parked fiber" \
		'^#[0-9]+ +wait_for_mail at .*parked\.c:'
	expect "$1: which begins with the fiber" '^#[0-9]+ +fiber_entry at '
	expect "$1: a fiber that is not there" '^usage: fiber N bt'
}

run_gdb gdb -ex 'break parked_now' -ex run
expect_all "$(uname -m)"

# The same for aarch64, under emulation.
folder=$(mktemp -d)
program=$1-aarch64 log=$1-aarch64.log
modules=$(cat tests/core/modules)
sources="tests/core/parked.c tests/core/no_tls.c"
for module in $modules; do
	sources="$sources common/$module.c"
done
# shellcheck disable=SC2086 # a list
aarch64-linux-gnu-gcc -static -std=gnu17 -D_GNU_SOURCE -O2 -g -pthread \
	-iquote common -o "$program" $sources common/switch_aarch64.S
qemu-aarch64 -g "$folder/gdb" "$program" &
emulator=$!
trap 'kill $emulator 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 600); do
	[ -S "$folder/gdb" ] && break
	sleep 0.1
done
run_gdb gdb-multiarch -ex "target remote $folder/gdb" -ex 'break parked_now' \
	-ex continue
expect_all aarch64
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
