#!/bin/sh
# run.sh FOLDER SECONDS NAME... -- runs each fuzz target of FOLDER/target for
# so long, one on each CPU, beginning with what tests/fuzz/corpus/NAME holds and
# seeds.py makes.  What makes one fail is kept in FOLDER/found, its corpus in
# FOLDER/corpus.  The last line is "N passed, N failed".
set -eu
here=$(dirname "$0")

# run.sh one FOLDER SECONDS NAME: one target; ends with 0 also where it fails.
if [ "$1" = one ]; then
	folder=$2 seconds=$3 name=$4
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
		runs=$(sed -n 's/.*number_of_executed_units: *//p' \
			"$folder/$name.log")
		echo "ok   $name: $runs runs"
	else
		echo "FAIL $name: see $folder/$name.log"
		tail -n 20 "$folder/$name.log" | sed 's/^/     | /'
	fi
	exit 0
fi

folder=$1 seconds=$2
shift 2
mkdir -p "$folder/found"
"$here/seeds.py" "$folder/seeds"
printf '%s\n' "$@" |
	xargs -P"$(nproc)" -I{} "$0" one "$folder" "$seconds" {} |
	tee "$folder/results"
passed=$(grep -c '^ok ' "$folder/results" || :)
failed=$(($# - passed))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
