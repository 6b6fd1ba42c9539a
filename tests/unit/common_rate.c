#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../common/rate.h"

#include "clock.h"

#include <stdlib.h>

#define START (1000 * CLOCK_SECOND)

static int
take(struct rate *r, const char *key, unsigned limit, int64_t seconds)
{
	return rate_take(r, key, 1, limit, START + seconds * CLOCK_SECOND);
}

static void
gives_a_minute_at_once(void **state)
{
	struct rate *r = rate_open();

	(void)state;
	assert_non_null(r);
	for (int i = 0; i < 30; i++)
		assert_int_equal(take(r, "a", 30, 0), 0);
	assert_int_equal(take(r, "a", 30, 0), -1);
	assert_int_equal(take(r, "a", 30, 1), -1);
	/* A refusal costs nothing. */
	assert_int_equal(take(r, "a", 30, 2), 0);
	assert_int_equal(take(r, "a", 30, 2), -1);
	assert_int_equal(take(r, "b", 30, 2), 0);
	for (int i = 0; i < 30; i++)
		assert_int_equal(take(r, "a", 30, 63), 0);
	assert_int_equal(take(r, "a", 30, 63), -1);
	free(r);
}

static void
one_a_minute(void **state)
{
	struct rate *r = rate_open();

	(void)state;
	assert_int_equal(take(r, "a", 1, 0), 0);
	assert_int_equal(take(r, "a", 1, 59), -1);
	assert_int_equal(take(r, "a", 1, 60), 0);
	free(r);
}

/* However many kinds there are, one that takes a lot is remembered. */
static void
remembers_the_greedy(void **state)
{
	struct rate *r = rate_open();
	int refused = 0;

	(void)state;
	for (uint32_t i = 0; i < 300000; i++) {
		rate_take(r, &i, sizeof(i), 1000, START);
		if (i % 10 == 0)
			refused += rate_take(r, "greedy", 6, 100, START) == -1;
	}
	assert_int_equal(refused, 30000 - 100);
	free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_a_minute_at_once),
	    cmocka_unit_test(one_a_minute),
	    cmocka_unit_test(remembers_the_greedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
