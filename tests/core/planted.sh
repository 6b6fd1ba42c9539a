#!/bin/bash
# Faults planted into a copy of the core, one in each copy: each must be caught
# by a test, in bounded time.  Usage: planted.sh BUILD-FOLDER
set -eu
cd "$(dirname "$0")/../.."
build=$1
folder=$build/planted
flags='-std=gnu17 -D_GNU_SOURCE -O1 -g -pthread -fno-omit-frame-pointer'
asan='-fsanitize=address'
modules=$(cat tests/core/modules)
names= # of what was planted, in that order
running=0
rm -rf "$folder"
mkdir -p "$folder"

# Compiles FILES into FOLDER, two at a time; headers are of the core.
compile() { # FOLDER FLAGS FILE...
	into=$1 with=$2
	shift 2
	mkdir -p "$into"
	[ $# != 0 ] || return 0
	# shellcheck disable=SC2016 # the inner shell's
	printf '%s\n' "$@" | xargs -P2 -I{} sh -c \
		'exec cc $2 -iquote common -c -o "$1/$(basename "$3").o" "$3"' \
		sh "$into" "$flags $with" {}
}

# What stays as it is, compiled once for each FLAGS: the core in core-FLAGS,
# the tests in TEST-FLAGS.
prepare() { # TEST FLAGS
	core=$folder/core$2 tests=$folder/$1$2
	if [ ! -d "$core" ]; then
		sources=
		for module in $modules; do
			sources="$sources common/$module.c"
		done
		# shellcheck disable=SC2086 # a list of files
		compile "$core" "$2" $sources common/switch_*.S \
			tests/core/no_tls.c || return
	fi
	if [ ! -d "$tests" ]; then
		sources=tests/unit/$1.c
		[ "$1" != stress ] || sources=$(echo tests/core/stress*.c)
		# shellcheck disable=SC2086 # a list of files
		compile "$tests" "$2" $sources
	fi
}

# Builds TEST, with FLAGS, on the core with FILE changed, and runs it.  Where a
# fault is, a wait of 3 seconds is one; where none is, the machine may be busy.
run() { # TEST FLAGS [FILE]
	case $1 in
	stress)
		libs='' args='-l 3 15'
		[ "${3-}" ] || args='-l 60 5'
		;;
	*) args='' libs=-lcmocka ;;
	esac
	# shellcheck disable=SC2086 # lists of flags
	{
		prepare "$1" "$2" && rm -rf "$copy/o" && mkdir "$copy/o" &&
			cp "$core"/*.o "$tests"/*.o "$copy/o" &&
			compile "$copy/o" "$2" ${3:+"$copy/$3"} &&
			cc $flags $2 -o "$copy/test" "$copy"/o/*.o $libs
	} >"$log" 2>&1 || {
		result "does not compile"
		return 1
	}
	# shellcheck disable=SC2016,SC2086 # the inner shell's, a list
	ASAN_OPTIONS=abort_on_error=1 sh -c 'ulimit -c 0; timeout 90 "$@"' \
		sh "$copy/test" $args >"$log" 2>&1 && code=0 || code=$?
}

# As run, again while all is well: on a busy machine it takes a while until the
# moment comes in which a fault shows.
hunt() { # TEST FLAGS FILE
	for _ in 1 2 3 4 5; do
		run "$@" || return
		[ "$code" = 0 ] || return 0
	done
}

# Has TEST run on the core with `sed -E SCRIPT` applied to FILE: a good end is
# bad.  SAYS is what it must say.
plant() { # NAME FILE SCRIPT TEST SAYS [FLAGS]
	if [ $running = 2 ]; then
		wait -n || :
		running=1
	fi
	names="$names $1" running=$((running + 1))
	plant_one "$@" >"$folder/$1.result" &
}

plant_one() {
	name=$1 copy=$folder/$1 log=$folder/$1.log
	mkdir -p "$copy"
	sed -E "$3" "common/$2" >"$copy/$2"
	if cmp -s "common/$2" "$copy/$2"; then
		result "is not planted: the code has changed"
	elif ! hunt "$4" "${6-}" "$2"; then
		:
	elif [ "$code" = 0 ]; then
		result "is not caught"
	elif ! grep -Eq -- "$5" "$log"; then
		result "is caught, but not by \"$5\""
	else
		result
	fi
}

# Nothing planted: nothing must be caught.
control() {
	name='no fault' copy=$folder/nothing log=$folder/nothing.log
	mkdir -p "$copy"
	if ! run stress ''; then
		:
	elif [ "$code" != 0 ]; then
		result "is caught, and there is none"
	else
		echo "ok   without a fault, the tests pass"
	fi
}

result() { # [WHY]
	if [ $# = 0 ]; then
		echo "ok   $name is caught"
	else
		echo "FAIL $name $1"
		tail -n 20 "$log" 2>/dev/null | sed 's/^/     | /'
	fi
}

lost='a wake-up was lost|a round does not end'

# What several have in common, before they run beside each other.
for test in stress common_port common_port_calls common_fiber \
	common_fiber_stack; do
	prepare $test ''
done
prepare stress "$asan"

control >"$folder/control.result"

# Stacks that sleepers keep: first, since it takes longest.
plant stack-not-given-back fiber.c 's/^\t\tstack_trim\(/if (0) &/' \
	common_fiber_stack 'FAILED.*test_sleepers_give_stack_back'

# Lost wake-ups, one for each link of the chain.
plant notification-forgotten ring.c \
	'/^ring_claim/,/^}/s/notified = 1/notified = 0/' stress "$lost"
plant doorbell-not-rung worker.c \
	's/if \(atomic_exchange\(&w->sleeping, 0\) &&/if (0 \&\&/' \
	stress "$lost"
# The moment in which that matters is short: usleep makes it longer.
plant sleeps-without-a-second-look worker.c \
	's/atomic_load\(&w->inbox\) != NULL \|\|/w->index < 0 ||/
	s/atomic_store\(&w->sleeping, 1\);/usleep(50); &/' stress "$lost"
plant timer-not-armed fiber.c 's/^\t\ttimer_arm\(.*/(void)f;/' \
	stress "$lost|overslept|after its deadline"
plant sender-not-woken port.c \
	'/^port_receive/,/^}/s/s = senders_next\(p\)/s = NULL/' stress "$lost"
plant turn-not-passed-on port.c '/^\t\tpass_turn\(p\);/d' common_port "FAILED"
plant cancel-lost fiber.c 's/end_wait\(f, ECANCELED\)/(void)f/' \
	stress "$lost|its end was lost"
plant joiner-not-woken fiber.c 's/wake_joiner\(f->joiner, 0\)/(void)f/' \
	stress "$lost|its end was lost"

# A doorbell rung for a worker that is awake: a system call too many.
plant doorbell-always-rung worker.c \
	's/if \(atomic_exchange\(&w->sleeping, 0\) &&/if (1 \&\&/' \
	common_port_calls 'FAILED.*test_no_system_call'

# Once too often.
plant woken-twice fiber.c \
	'/^end_wait/,/^}/s/r->waiter = NULL/;/' stress .
plant message-received-twice port.c \
	'/^port_receive/,/^}/s/p->head = m->next\)/p->head = NULL)/' stress .
plant stack-freed-twice fiber.c \
	'/^fiber_join/,/^}/s/^\tstack_put.*/&&/' common_fiber 'given back twice'
plant memory-freed-twice watch.c 's/^\tfree\(watches\);/&&/' \
	stress 'attempting double-free' "$asan"

# Stacks that nothing guards.
plant no-guard stack.c \
	'/^guard\(/,/^}/s/if \(madvise.*/if (low != NULL || page)/' \
	common_fiber_stack 'FAILED.*test_overflow_is_caught'
plant overflow-not-named stack.c \
	'/^stack_is_guard/,/^}/s/return at/return 0 \&\& at/' \
	common_fiber_stack 'FAILED.*test_overflow_is_caught'

wait
names="control $names"
for name in $names; do
	cat "$folder/$name.result"
done >"$folder/results"
cat "$folder/results"
passed=$(grep -c '^ok ' "$folder/results" || :)
failed=$(($(echo "$names" | wc -w) - passed))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
