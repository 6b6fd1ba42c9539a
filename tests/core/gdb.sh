#!/bin/sh
# common/gdb.py on a process with parked fibers.
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

run_gdb() { # ARGUMENT... : all that it says goes to the log
	timeout 120 gdb -batch -nx -ex 'set debuginfod enabled off' "$@" \
		</dev/null >"$log" 2>&1 || true # the log is what counts
}

run_gdb -ex 'break parked_now' -ex run -ex 'source common/gdb.py' \
	-ex 'info fibers' -ex 'fiber 2 bt' -ex 'fiber 9 bt' -ex kill "$program"
expect 'a running fiber' ' 1 +0 main +running +- +parked_now \(.*parked\.c:'
expect 'a parked fiber with a deadline' \
	' 2 +0 sleeper +parked +(1000|99[0-9])\.[0-9] s +wait_for_mail \('
expect 'one without' ' 3 +0 caller +parked +- +caller \('
expect 'one in a connection' ' 4 +0 reader +parked .*conn\.c:'
expect 'one that has not begun' ' 5 +0 latecomer +ready +- +switch_start'
expect 'the stack of a parked fiber' '^#[0-9]+ +wait_for_mail at .*parked\.c:'
expect 'which begins with the fiber' '^#[0-9]+ +fiber_entry at '
expect 'a fiber that is not there' '^usage: fiber N bt'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
