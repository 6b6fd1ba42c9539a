/* The heap of deadlines, against a plain search. */

#include "clock.h"
#include "timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdint.h>
#include <stdlib.h>

enum { TIMERS = 500, STEPS = 20000 };

static struct timer timers[TIMERS];
static int64_t deadlines[TIMERS]; /* 0: not armed */

static int64_t
earliest(void)
{
	int64_t least = CLOCK_NEVER;
	int i;

	for (i = 0; i < TIMERS; i++)
		if (deadlines[i] && deadlines[i] < least)
			least = deadlines[i];
	return least;
}

static void
test_random_steps(void **state)
{
	struct timers ts = {0};
	struct timer *t;
	int step, i;

	(void)state;
	srandom(7);
	assert_int_equal(timer_next(&ts), CLOCK_NEVER);
	assert_int_equal(timer_reserve(&ts, TIMERS), 0);
	for (step = 0; step < STEPS; step++) {
		i = (int)(random() % TIMERS);
		if (deadlines[i]) {
			timer_disarm(&ts, &timers[i]);
			timer_disarm(&ts, &timers[i]);
			deadlines[i] = 0;
		} else {
			deadlines[i] = 1 + random() % 1000;
			timer_arm(&ts, &timers[i], deadlines[i]);
		}
		if (step % 16 == 0)
			assert_int_equal(timer_next(&ts), earliest());
	}
	assert_null(timer_expire(&ts, earliest() - 1));
	while ((t = timer_expire(&ts, 1000)) != NULL) {
		assert_int_equal(deadlines[t - timers], earliest());
		deadlines[t - timers] = 0;
	}
	assert_int_equal(earliest(), CLOCK_NEVER);
	timer_free(&ts);
}

static void
test_a_million(void **state)
{
	enum { MILLION = 1000000 };
	struct timer *many = calloc(MILLION, sizeof(*many));
	struct timers ts = {0};
	int64_t last = 0;
	int i;

	(void)state;
	assert_non_null(many);
	assert_int_equal(timer_reserve(&ts, MILLION), 0);
	for (i = 0; i < MILLION; i++)
		timer_arm(&ts, &many[i], 1 + (int64_t)i * 7919 % MILLION);
	for (i = 0; i < MILLION; i += 2)
		timer_disarm(&ts, &many[i]);
	for (i = 0; i < MILLION / 2; i++) {
		assert_true(timer_next(&ts) > last);
		last = timer_next(&ts);
		assert_non_null(timer_expire(&ts, last));
	}
	assert_null(timer_expire(&ts, CLOCK_NEVER));
	timer_free(&ts);
	free(many);
}

static void
test_clock(void **state)
{
	int64_t now = clock_now();

	(void)state;
	assert_true(clock_after(0) >= now);
	assert_true(clock_after(CLOCK_SECOND) >= now + CLOCK_SECOND);
	assert_int_equal(clock_after(CLOCK_NEVER), CLOCK_NEVER);
	assert_true(clock_wall() > INT64_C(1700000000) * CLOCK_SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_steps),
	    cmocka_unit_test(test_a_million),
	    cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
