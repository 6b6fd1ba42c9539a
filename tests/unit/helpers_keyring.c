/* Keys whose files have gone: how long they stay, and what makes them go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/keyring.h"
#include "clock.h"

#include <openssl/ec.h>
#include <string.h>

#define LONG (3600 * CLOCK_SECOND)

static EVP_PKEY *shared;

/* A key of this number; its name is made up. */
static struct key
make(unsigned number)
{
	struct key k = {.key = shared};

	memcpy(k.name, &number, sizeof(number));
	assert_int_equal(EVP_PKEY_up_ref(shared), 1);
	return k;
}

static void
put(struct keyring *r, unsigned number)
{
	struct key k = make(number);

	assert_int_equal(keyring_add(r, &k), 1);
}

/* A reading that finds the keys from first to end. */
static void
read_keys(struct keyring *r, unsigned first, unsigned end, int64_t keep)
{
	keyring_begin(r);
	for (unsigned i = first; i < end; i++)
		put(r, i);
	keyring_end(r, keep);
}

static const struct keyring_key *
find(const struct keyring *r, unsigned number)
{
	unsigned char name[KEYS_NAME] = {0};

	memcpy(name, &number, sizeof(number));
	return keyring_find(r, name);
}

static int
set_up(void **state)
{
	static struct keyring r;

	*state = &r;
	if (shared == NULL)
		shared = EVP_EC_gen("P-256");
	return shared == NULL || keyring_open(&r) == -1;
}

static int
tear_down(void **state)
{
	keyring_close(*state);
	return 0;
}

static void
old_keys_stay_beside_new_ones(void **state)
{
	struct keyring *r = *state;

	read_keys(r, 0, 2, LONG);
	assert_int_equal(keyring_old(r), 0);
	assert_int_equal(keyring_expire(r), CLOCK_NEVER);
	read_keys(r, 1, 3, LONG);
	assert_int_equal(r->count, 3);
	assert_int_equal(keyring_old(r), 1);
	assert_true(find(r, 0)->gone <= clock_now());
	assert_true(find(r, 1)->gone == CLOCK_NEVER);
	assert_true(keyring_expire(r) == find(r, 0)->until);
	assert_int_equal(r->count, 3);
}

/* Another reading does not make it last longer. */
static void
time_counts_from_the_first_reading(void **state)
{
	struct keyring *r = *state;
	int64_t until;

	read_keys(r, 0, 1, LONG);
	read_keys(r, 1, 2, LONG);
	until = find(r, 0)->until;
	read_keys(r, 1, 2, 2 * LONG);
	assert_true(find(r, 0)->until == until);
}

static void
they_go_in_time(void **state)
{
	struct keyring *r = *state;

	read_keys(r, 0, 3, LONG);
	read_keys(r, 1, 2, 0);
	keyring_expire(r);
	assert_int_equal(r->count, 1);
	assert_null(find(r, 0));
	assert_non_null(find(r, 1));
	assert_null(find(r, 2));
	read_keys(r, 0, 0, CLOCK_NEVER - 1);
	assert_int_equal(keyring_old(r), 1);
	keyring_expire(r);
	assert_non_null(find(r, 1));
}

/* A file that was away for one reading. */
static void
what_comes_back_stays(void **state)
{
	struct keyring *r = *state;

	read_keys(r, 0, 2, LONG);
	read_keys(r, 1, 2, LONG);
	read_keys(r, 0, 2, 0);
	assert_int_equal(keyring_expire(r), CLOCK_NEVER);
	assert_int_equal(r->count, 2);
	assert_int_equal(keyring_old(r), 0);
}

static void
a_reading_without_an_end(void **state)
{
	struct keyring *r = *state;

	read_keys(r, 0, 2, LONG);
	keyring_begin(r);
	put(r, 2);
	keyring_begin(r);
	put(r, 0);
	keyring_end(r, LONG);
	assert_int_equal(r->count, 3);
	assert_int_equal(keyring_old(r), 2);
	assert_true(find(r, 0)->gone == CLOCK_NEVER);
}

/* Old ones make room, the first first; those that are there do not. */
static void
there_is_room(void **state)
{
	struct keyring *r = *state;
	struct key k;
	int added = 0;

	read_keys(r, 0, KEYS_MAX, LONG);
	read_keys(r, KEYS_MAX, 2 * KEYS_MAX, LONG);
	assert_int_equal(r->count, KEYRING_MAX);
	/* The one that goes first. */
	for (size_t i = 0; i < r->count; i++)
		if (&r->keys[i] == find(r, 7))
			r->keys[i].until -= LONG / 2;
	read_keys(r, KEYS_MAX, 2 * KEYS_MAX + 1, LONG);
	assert_int_equal(r->count, KEYRING_MAX);
	assert_null(find(r, 7));
	assert_non_null(find(r, 2 * KEYS_MAX));
	assert_non_null(find(r, 8));
	keyring_begin(r);
	for (unsigned i = 0; i < KEYRING_MAX; i++) {
		k = make(i + 3 * KEYS_MAX);
		added += keyring_add(r, &k);
	}
	assert_int_equal(added, KEYS_MAX - 1);
	assert_int_equal(r->count, KEYRING_MAX);
	assert_int_equal(keyring_old(r), 0);
	assert_non_null(find(r, KEYS_MAX));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(old_keys_stay_beside_new_ones),
	    TEST(time_counts_from_the_first_reading),
	    TEST(they_go_in_time),
	    TEST(what_comes_back_stays),
	    TEST(a_reading_without_an_end),
	    TEST(there_is_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
