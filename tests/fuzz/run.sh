#!/bin/sh
# run.sh FOLDER SECONDS NAME... -- runs each fuzz target of FOLDER/target for
# so long, beginning with what tests/fuzz/corpus/NAME holds.  What makes one
# fail is kept in FOLDER/found, its corpus in FOLDER/corpus.  The last line is
# "N passed, N failed".
set -eu
folder=$1
seconds=$2
shift 2
passed=0
failed=0
mkdir -p "$folder/found"
for name in "$@"; do
	mkdir -p "$folder/corpus/$name"
	seeds=$(dirname "$0")/corpus/$name
	[ -d "$seeds" ] || seeds=
	if "$folder/target/$name" -max_total_time="$seconds" -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$folder/found/$name-" \
		"$folder/corpus/$name" ${seeds:+"$seeds"} \
		>"$folder/$name.log" 2>&1; then
		passed=$((passed + 1))
		runs=$(sed -n 's/.*number_of_executed_units: *//p' \
			"$folder/$name.log")
		echo "ok   $name: $runs runs"
	else
		failed=$((failed + 1))
		echo "FAIL $name: see $folder/$name.log"
		tail -n 20 "$folder/$name.log" | sed 's/^/     | /'
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
