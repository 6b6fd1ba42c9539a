/* Sessions' numbers: unlike each other, and counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "service_id.h"

#include <stdlib.h>

#define IDS 10000

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
are_unlike(void **state)
{
	static uint64_t ids[IDS];
	uint64_t ones = 0;

	(void)state;
	service_id_begin();
	for (size_t i = 0; i < IDS; i++) {
		ids[i] = service_id_next();
		/* Each differs from the one before in about half of its bits.
		 */
		if (i > 0)
			ones +=
			    (uint64_t)__builtin_popcountll(ids[i] ^ ids[i - 1]);
	}
	assert_int_equal(service_id_count(), IDS);
	assert_in_range(ones / (IDS - 1), 30, 33);
	qsort(ids, IDS, sizeof(ids[0]), compare);
	for (size_t i = 1; i < IDS; i++)
		assert_true(ids[i] != ids[i - 1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(are_unlike)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
