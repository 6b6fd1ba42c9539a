#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "network.h"

#include <stdio.h>
#include <string.h>

static int
has(const char *network, const char *host)
{
	union listen_address a;
	struct network n;
	char why[200], text[100];

	snprintf(
	    text, sizeof(text), strchr(host, ':') ? "[%s]:1" : "%s:1", host);
	assert_int_not_equal(listen_parse(text, &a, why, sizeof(why)), 0);
	assert_int_equal(network_parse(network, &n, why, sizeof(why)), 0);
	return network_has(&n, &a);
}

static void
knows_what_lies_inside(void **state)
{
	(void)state;
	assert_true(has("192.0.2.1", "192.0.2.1"));
	assert_false(has("192.0.2.1", "192.0.2.2"));
	assert_true(has("10.0.0.0/8", "10.255.0.1"));
	assert_false(has("10.0.0.0/8", "11.0.0.0"));
	assert_true(has("192.0.2.128/25", "192.0.2.128"));
	assert_false(has("192.0.2.128/25", "192.0.2.127"));
	assert_true(has("192.0.2.4/31", "192.0.2.5"));
	assert_true(has("0.0.0.0/0", "255.255.255.255"));
	assert_false(has("0.0.0.0/0", "::1"));
	assert_false(has("::/0", "127.0.0.1"));
	assert_true(has("::/0", "2001:db8::1"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::"));
	assert_true(has("::1", "::1"));
	/* IPv4 inside IPv6. */
	assert_true(has("127.0.0.0/8", "::ffff:127.0.0.9"));
	assert_false(has("::/0", "::ffff:127.0.0.9"));
}

static void
refuses_what_is_wrong(void **state)
{
	static const char *const wrong[] = {"", "/", "/8", "10.0.0.0/",
	    "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8x",
	    "10.0.0.1/8", "10.0.0/8", "::/129", "::1/127", "[::1]", "localhost",
	    "10.0.0.0/8/8", "10.0.0.0 /8",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		why[0] = '\0';
		assert_int_equal(network_check(wrong[i], why, sizeof(why)), -1);
		assert_string_not_equal(why, "");
	}
}

static void
looks_through_a_list(void **state)
{
	char first[] = "10.0.0.0/8", second[] = "::1";
	char *items[] = {first, second};
	struct conf_list list = {items, 2}, none = {NULL, 0};
	union listen_address a;
	char why[200];

	(void)state;
	listen_parse("[::1]:110", &a, why, sizeof(why));
	assert_true(network_list_has(&list, &a));
	assert_false(network_list_has(&none, &a));
	listen_parse("[::2]:110", &a, why, sizeof(why));
	assert_false(network_list_has(&list, &a));
	memset(&a, 0, sizeof(a));
	assert_false(network_list_has(&list, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_what_lies_inside),
	    cmocka_unit_test(refuses_what_is_wrong),
	    cmocka_unit_test(looks_through_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
