#!/bin/sh
# run.sh FOLDER SECONDS NAME... -- runs each fuzz target of FOLDER/target for
# so long, beginning with what tests/fuzz/corpus/NAME holds and seeds.py makes.
# What makes one fail is kept in FOLDER/found, its corpus in FOLDER/corpus.  The
# last line is "N passed, N failed".
set -eu
here=$(dirname "$0")
folder=$1
seconds=$2
shift 2
passed=0
failed=0
mkdir -p "$folder/found"
"$here/seeds.py" "$folder/seeds"
for name in "$@"; do
	words=$here/${name%%_*}.dict # of its protocol
	[ -f "$words" ] || words=
	kept=$here/corpus/$name
	[ -d "$kept" ] || kept=
	mkdir -p "$folder/corpus/$name" "$folder/seeds/$name"
	if "$folder/target/$name" -max_total_time="$seconds" -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$folder/found/$name-" \
		${words:+"-dict=$words"} "$folder/corpus/$name" \
		"$folder/seeds/$name" ${kept:+"$kept"} \
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
