/* Counts of many kinds, from several threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tally.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define ROUNDS	20000
#define KEYS	7
#define LIMIT	3

static struct tally *tally;
static unsigned refused[THREADS];

static void
counts_to_the_limit(void **state)
{
	struct tally *t = tally_open();

	(void)state;
	assert_non_null(t);
	assert_int_equal(tally_take(t, "a", 1, 2), 0);
	assert_int_equal(tally_take(t, "a", 1, 2), 0);
	assert_int_equal(tally_take(t, "a", 1, 2), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(tally_take(t, "b", 1, 2), 0);
	assert_int_equal(tally_take(t, "aa", 2, 2), 0);
	assert_int_equal(tally_kinds(t), 3);
	tally_give(t, "a", 1);
	assert_int_equal(tally_take(t, "a", 1, 2), 0);
	assert_int_equal(tally_take(t, "c", 1, 0), -1);
	tally_give(t, "c", 1); /* never taken */
	tally_give(t, "a", 1);
	tally_give(t, "a", 1);
	tally_give(t, "b", 1);
	tally_give(t, "aa", 2);
	assert_int_equal(tally_kinds(t), 0);
	free(t);
}

static void
takes_many_kinds(void **state)
{
	struct tally *t = tally_open();

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(tally_take(t, &i, sizeof(i), 1), 0);
	assert_int_equal(tally_kinds(t), 100000);
	for (uint32_t i = 0; i < 100000; i++)
		tally_give(t, &i, sizeof(i));
	assert_int_equal(tally_kinds(t), 0);
	free(t);
}

static void *
take_and_give(void *arg)
{
	unsigned thread = *(unsigned *)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned char key = (unsigned char)((i + thread) % KEYS);

		if (tally_take(tally, &key, 1, LIMIT) == 0)
			tally_give(tally, &key, 1);
		else
			refused[thread]++;
	}
	return NULL;
}

static void
serves_threads(void **state)
{
	pthread_t threads[THREADS];
	unsigned numbers[THREADS];

	(void)state;
	tally = tally_open();
	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL,
				     take_and_give, &numbers[i]),
		    0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(tally_kinds(tally), 0);
	for (unsigned i = 0; i < THREADS; i++)
		assert_true(refused[i] < ROUNDS);
	free(tally);
}

static int
is_same(const char *a, const char *b)
{
	unsigned char keys[2][TALLY_ADDRESS];
	union listen_address address;
	size_t lengths[2];
	char why[200];

	assert_int_not_equal(listen_parse(a, &address, why, sizeof(why)), 0);
	lengths[0] = tally_address(&address, keys[0]);
	assert_int_not_equal(listen_parse(b, &address, why, sizeof(why)), 0);
	lengths[1] = tally_address(&address, keys[1]);
	return lengths[0] == lengths[1] &&
	       memcmp(keys[0], keys[1], lengths[0]) == 0;
}

static int
is_network_same(const char *a, const char *b)
{
	unsigned char keys[2][TALLY_ADDRESS], place[TALLY_ADDRESS];
	const char *const texts[2] = {a, b};
	union listen_address address;
	size_t lengths[2];
	char why[200];

	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(
		    listen_parse(texts[i], &address, why, sizeof(why)), 0);
		lengths[i] = tally_network(
		    place, tally_address(&address, place), keys[i]);
	}
	return lengths[0] == lengths[1] &&
	       memcmp(keys[0], keys[1], lengths[0]) == 0;
}

static void
knows_networks(void **state)
{
	(void)state;
	assert_true(is_network_same("192.0.2.1:1", "192.0.2.255:2"));
	assert_false(is_network_same("192.0.2.1:1", "192.0.3.1:1"));
	assert_true(
	    is_network_same("[2001:db8:5::1]:1", "[2001:db8:5:9::1]:1"));
	assert_false(is_network_same("[2001:db8:5::1]:1", "[2001:db8:6::1]:1"));
	assert_false(is_network_same("[2001:db8:5::1]:1", "32.1.13.1:1"));
}

static void
knows_addresses(void **state)
{
	(void)state;
	assert_true(is_same("192.0.2.1:1", "192.0.2.1:2"));
	assert_false(is_same("192.0.2.1:1", "192.0.2.2:1"));
	assert_true(is_same("192.0.2.1:1", "[::ffff:192.0.2.1]:1"));
	assert_true(is_same("[2001:db8::1]:1", "[2001:db8::ffff:0:0:2]:1"));
	assert_false(is_same("[2001:db8::1]:1", "[2001:db8:0:1::1]:1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_to_the_limit),
	    cmocka_unit_test(takes_many_kinds),
	    cmocka_unit_test(serves_threads),
	    cmocka_unit_test(knows_addresses),
	    cmocka_unit_test(knows_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
