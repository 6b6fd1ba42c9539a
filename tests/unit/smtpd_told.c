#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/told.h"

#include <arpa/inet.h>

static void
takes_attributes(void **state)
{
	struct told x;

	(void)state;
	assert_int_equal(told_parse("ADDR=192.0.2.1 PORT=25 NAME=a.example "
				    "helo=[192.0.2.1] PROTO=ESMTP LOGIN=a+40b "
				    "DESTADDR=IPV6:2001:db8::1 DESTPORT=587",
			     &x),
	    0);
	assert_true(x.has_address);
	assert_int_equal(x.address.in.sin_family, AF_INET);
	assert_int_equal(x.address.in.sin_addr.s_addr, htonl(0xc0000201));
	assert_int_equal(x.address.in.sin_port, htons(25));
	assert_string_equal(x.name, "a.example");
	assert_string_equal(x.helo, "[192.0.2.1]");
	assert_string_equal(x.login, "a@b");
}

static void
takes_ipv6(void **state)
{
	struct told x;

	(void)state;
	assert_int_equal(told_parse("PORT=1 ADDR=IPv6:::1", &x), 0);
	assert_int_equal(x.address.in6.sin6_family, AF_INET6);
	assert_int_equal(x.address.in6.sin6_port, htons(1));
}

static void
takes_what_is_not_known(void **state)
{
	struct told x;

	(void)state;
	assert_int_equal(
	    told_parse("ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL]", &x), 0);
	assert_false(x.has_address);
	assert_string_equal(x.name, "");
}

static void
refuses(void **state)
{
	static const char *const bad[] = {"", " ", "ADDR", "ADDR=", "ADDR=x",
	    "ADDR=::1", "ADDR=IPV6:1.2.3.4", "PORT=", "PORT=65536", "PORT=-1",
	    "PORT=1x", "NAME=a_b", "NAME=a+0Ab", "HELO=a b", "HELO=a+2",
	    "PROTO=HTTP", "FOO=bar", "=a", "DESTPORT=x", "DESTADDR=x"};
	struct told x;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(told_parse(bad[i], &x), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_attributes),
	    cmocka_unit_test(takes_ipv6),
	    cmocka_unit_test(takes_what_is_not_known),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
