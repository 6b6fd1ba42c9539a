/* The arguments of XCLIENT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/xclient.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void
reads_what_dovecot_says(void **state)
{
	char text[LISTEN_TEXT_MAX];
	struct xclient x;

	(void)state;
	assert_int_equal(xclient_parse("ADDR=192.0.2.7 PORT=4711 "
				       "SESSION=qwErty+/1 TTL=4 FORWARD=eA==",
			     &x),
	    0);
	assert_true(x.has_address);
	listen_text(&x.address, text);
	assert_string_equal(text, "192.0.2.7");
	assert_int_equal(ntohs(x.address.in.sin_port), 4711);
	assert_string_equal(x.session, "qwErty+/1");
	assert_int_equal(x.hops, 4);
}

static void
reads_the_rest(void **state)
{
	char text[LISTEN_TEXT_MAX];
	struct xclient x;

	(void)state;
	assert_int_equal(xclient_parse("PORT=1 addr=IPV6:2001:db8::1", &x), 0);
	listen_text(&x.address, text);
	assert_string_equal(text, "2001:db8::1");
	assert_int_equal(ntohs(x.address.in6.sin6_port), 1);
	assert_int_equal(x.hops, -1);
	assert_int_equal(xclient_parse("ADDR=::1", &x), 0);
	assert_int_equal(x.address.any.sa_family, AF_INET6);
	assert_int_equal(xclient_parse("NAME=[UNAVAILABLE] X=", &x), 0);
	assert_false(x.has_address);
}

static void
refuses_what_is_wrong(void **state)
{
	static const char *const wrong[] = {" ", "ADDR", "=1.1.1.1",
	    "ADDR=", "ADDR=1.1.1.256", "ADDR=host", "ADDR=1.1.1.1  PORT=1",
	    " ADDR=1.1.1.1", "ADDR=1.1.1.1 ADDR=1.1.1.2", "PORT=", "PORT=65536",
	    "PORT=-1", "PORT=1x", "TTL=256", "TTL=", "TTL=+1", "SESSION=\x01",
	    "SESSION=\xc3\xa4"};
	char longest[1200];
	struct xclient x;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(xclient_parse(wrong[i], &x), -1);
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "SESSION=", 8);
	longest[8 + 63] = '\0';
	assert_int_equal(xclient_parse(longest, &x), 0);
	longest[8 + 63] = 'x';
	longest[8 + 64] = '\0';
	assert_int_equal(xclient_parse(longest, &x), -1);
	memcpy(longest, "FORWARD=", 8);
	longest[8 + 64] = 'x';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(xclient_parse(longest, &x), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_what_dovecot_says),
	    cmocka_unit_test(reads_the_rest),
	    cmocka_unit_test(refuses_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
