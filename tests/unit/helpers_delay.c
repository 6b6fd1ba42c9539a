/* Tests of helpers/delay.c. */
#include "../../helpers/delay.h"
#include "log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/ringmail-delay-XXXXXX";
static struct delay *delay;

static int
set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	if ((fd = mkstemp(path)) == -1)
		return -1;
	close(fd);
	delay = delay_open(path, 1000, 8000);
	return delay == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	delay_close(&delay);
	return unlink(path);
}

static unsigned
failure(const char *client, const char *account)
{
	struct delay_who who;

	delay_identify(delay, client, account, &who);
	return delay_failed(delay, &who);
}

static unsigned
rank(const char *client, const char *account)
{
	struct delay_who who;

	delay_identify(delay, client, account, &who);
	return delay_rank(delay, &who);
}

static void
test_delays_grow(void **state)
{
	(void)state;
	assert_int_equal(failure("192.0.2.1", "ann"), 1000);
	assert_int_equal(failure("192.0.2.1", "ann"), 2000);
	assert_int_equal(failure("192.0.2.1", "bob"), 4000); /* by network */
	assert_int_equal(failure("192.0.2.9", "Ann"), 4000); /* by account */
	assert_int_equal(failure("192.0.2.1", "eve"), 8000);
	assert_int_equal(failure("192.0.2.1", "eve"), 8000); /* the most */
	assert_int_equal(failure("192.0.2.7", "zoe"), 1000);
}

static void
test_networks(void **state)
{
	(void)state;
	assert_int_equal(failure("2001:db8:1:2::1", "a"), 1000);
	assert_int_equal(failure("2001:db8:1:2:ffff::9", "b"), 2000);
	assert_int_equal(failure("2001:db8:1:3::1", "c"), 1000);
	assert_int_equal(failure("::ffff:192.0.2.1", "d"), 1000);
	assert_int_equal(failure("192.0.2.1", "e"), 2000);
	assert_int_equal(failure("no address", "f"), 1000);
	assert_int_equal(failure("", "g"), 1000);
}

static void
test_ranks(void **state)
{
	struct delay_who who;

	(void)state;
	assert_int_equal(rank("192.0.2.1", "ann"), 1);
	for (int i = 0; i < 5; i++)
		failure("192.0.2.66", "ann");
	/* Whom others attack stands before them. */
	assert_int_equal(rank("192.0.2.1", "bob"), 1);
	assert_true(rank("192.0.2.1", "ann") < rank("192.0.2.66", "ann"));
	assert_true(rank("192.0.2.66", "bob") > 1);
	delay_identify(delay, "192.0.2.66", "ann", &who);
	delay_good(delay, &who);
	assert_int_equal(rank("192.0.2.66", "ann"), 0);
	assert_true(rank("192.0.2.66", "bob") > 1);
	assert_true(rank("192.0.2.1", "ann") > 0);
}

static void
test_survives_a_restart(void **state)
{
	unsigned char before[32], after[32];

	(void)state;
	failure("192.0.2.1", "ann");
	delay_secret(delay, "salt", "ann", before);
	delay_close(&delay);
	assert_null(delay);
	delay = delay_open(path, 1000, 8000);
	assert_non_null(delay);
	assert_int_equal(failure("192.0.2.1", "ann"), 2000);
	delay_secret(delay, "salt", "ann", after);
	assert_memory_equal(before, after, sizeof(before));
	delay_secret(delay, "other", "ann", after);
	assert_memory_not_equal(before, after, sizeof(before));
}

/* A flood of names pushes no good login out, and the table stays as it is. */
static void
test_is_bounded(void **state)
{
	struct delay_who who;
	char name[32];

	(void)state;
	delay_identify(delay, "192.0.2.1", "ann", &who);
	delay_good(delay, &who);
	for (unsigned i = 0; i < 40000; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		failure("192.0.2.66", name);
	}
	assert_int_equal(rank("192.0.2.1", "ann"), 0);
	/* The worst of all is not forgotten either. */
	assert_true(rank("192.0.2.66", "somebody") > 100);
}

/* Any octets at all: they count as nothing, and nothing breaks. */
static void
test_damage(void **state)
{
	unsigned char junk[4096];
	FILE *file;

	(void)state;
	failure("192.0.2.1", "ann");
	delay_close(&delay);
	file = fopen(path, "r+");
	assert_non_null(file);
	memset(junk, 0xa5, sizeof(junk));
	fseek(file, 64, SEEK_SET);
	for (int i = 0; i < 128; i++)
		assert_int_equal(fwrite(junk, 1, sizeof(junk), file), 4096);
	fclose(file);
	delay = delay_open(path, 1000, 8000);
	assert_non_null(delay);
	assert_int_equal(rank("192.0.2.1", "ann"), 1);
	assert_int_equal(failure("192.0.2.1", "ann"), 1000);
	delay_close(&delay);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file); /* empty */
	delay = delay_open(path, 1000, 8000);
	assert_non_null(delay);
	assert_int_equal(failure("192.0.2.1", "ann"), 1000);
	delay_close(&delay);
	log_set_level(LEVEL_ERROR);
	assert_null(delay_open("/nonexistent/delays", 1000, 8000));
	delay = delay_open(NULL, 1000, 8000);
	assert_non_null(delay);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_delays_grow),
	    TEST(test_networks),
	    TEST(test_ranks),
	    TEST(test_survives_a_restart),
	    TEST(test_is_bounded),
	    TEST(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
