#!/bin/sh
# Checks the model of the ring protocol with spin, and that each planted fault
# is caught.  Usage: check.sh MODEL FOLDER
set -eu
model=$(realpath "$1")
mkdir -p "$2"
cd "$2"
verify() { # FLAGS... : sets errors to spin's count
	spin "$@" -a "$model" >spin.log || exit
	cc -O2 -DSAFETY -o pan pan.c >cc.log 2>&1 || exit
	./pan -m100000 >pan.log
	errors=$(sed -n 's/.*errors: \([0-9]*\).*/\1/p' pan.log)
	[ -n "$errors" ] || exit
}
failed=0
passed=0
verify
if [ "$errors" = 0 ]; then
	passed=$((passed + 1))
	echo "ok   the ring protocol loses no wake-up"
else
	failed=$((failed + 1))
	echo "FAIL the ring protocol; see $PWD/pan.log"
fi
for fault in LOST_DOORBELL LOST_SLEEP LOST_NOTIFIED DOUBLE_WAKE; do
	verify -D$fault
	if [ "$errors" != 0 ]; then
		passed=$((passed + 1))
		echo "ok   $fault is caught"
	else
		failed=$((failed + 1))
		echo "FAIL $fault is not caught"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
