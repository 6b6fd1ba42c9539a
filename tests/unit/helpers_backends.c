/* Backends: which servers the conf allows, and how a user's is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../helpers/backends.h"
#include "../../helpers/record.h"

#include <string.h>

static void
reads_items_of_the_conf(void **state)
{
	static const char *const good[] = {"pop.example.org:995", "localhost:1",
	    "192.0.2.1:65535", "[2001:db8::1]:110", "a_b-c:25"};
	static const char *const bad[] = {"", ":", "pop.example.org",
	    "pop.example.org:", "pop.example.org:0", "pop.example.org:65536",
	    "pop.example.org:1x", ":110", "[]:110", "[::1:110", "::1]:110",
	    "a b:110", "a/b:110", "a:111111", "a:-1"};
	char why[128];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(backends_check(good[i], why, sizeof(why)), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why[0] = '\0';
		assert_int_equal(backends_check(bad[i], why, sizeof(why)), -1);
		assert_string_not_equal(why, "");
	}
}

static void
allows_what_is_named(void **state)
{
	static char one[] = "Pop.Example.org:995", two[] = "[::1]:110";
	static char *items[] = {one, two};
	const struct conf_list servers = {items, 2}, none = {NULL, 0};

	(void)state;
	assert_true(backends_allow(&servers, "pop.example.ORG", 995));
	assert_true(backends_allow(&servers, "::1", 110));
	assert_false(backends_allow(&servers, "pop.example.org", 110));
	assert_false(backends_allow(&servers, "example.org", 995));
	assert_false(backends_allow(&servers, "pop.example.org:995", 995));
	assert_false(backends_allow(&servers, "", 995));
	assert_false(backends_allow(&none, "pop.example.org", 995));
}

static void
stores_a_backend(void **state)
{
	const struct record_user user = {.hash = "h",
	    .backend = {.host = "pop.example.org",
		.user = "ann",
		.port = 65535,
		.tls = WIRE_BACKEND_STLS,
		.flags = RECORD_BACKEND_THERE | RECORD_BACKEND_LEARN}};
	unsigned char octets[RECORD_USER_MAX];
	struct record_user got;
	size_t length = record_put_user(&user, octets, sizeof(octets));

	(void)state;
	/* The version, the hash, the head, four octets, both texts. */
	assert_int_equal(length, 1 + 4 + 3 + 4 + 16 + 3);
	assert_int_equal(record_get_user(&got, octets, length), 0);
	assert_memory_equal(&got, &user, sizeof(got));
	assert_int_equal(record_put_user(&user, octets, length - 1), 0);
	for (size_t cut = 6; cut < length; cut++)
		assert_int_equal(record_get_user(&got, octets, cut), -1);
}

/* Where a password goes is not to be guessed of a damaged record. */
static void
refuses_a_damaged_one(void **state)
{
	static const unsigned char bad[][13] = {
	    {1, 9, 0, 7, 0, 0, 0, 0, 'a', 0, 'b'},     /* no port */
	    {1, 9, 0, 7, 0, 110, 3, 0, 'a', 0, 'b'},   /* what TLS? */
	    {1, 9, 0, 7, 0, 110, 0, 4, 'a', 0, 'b'},   /* which flags? */
	    {1, 9, 0, 7, 0, 110, 0, 0, 0, 'a', 'b'},   /* no host */
	    {1, 9, 0, 7, 0, 110, 0, 0, 'a', 'b', 'c'}, /* no end of it */
	};
	const unsigned char good[] = {1, 9, 0, 7, 0, 110, 0, 0, 'a', 0, 'b'};
	struct record_user got;

	(void)state;
	assert_int_equal(record_get_user(&got, good, sizeof(good)), 0);
	assert_string_equal(got.backend.user, "b");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(
		    record_get_user(&got, bad[i], sizeof(good)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_items_of_the_conf),
	    cmocka_unit_test(allows_what_is_named),
	    cmocka_unit_test(stores_a_backend),
	    cmocka_unit_test(refuses_a_damaged_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
