#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "../../smtpd/idn.h"

static void
makes_a_labels(void **state)
{
	char to[256];

	(void)state;
	assert_int_equal(idn_to_ascii("b\xc3\xbc"
				      "cher.example",
			     to, 256),
	    0);
	assert_string_equal(to, "xn--bcher-kva.example");
	assert_int_equal(idn_to_ascii("B\xc3\x9c"
				      "CHER.Example",
			     to, 256),
	    0);
	assert_string_equal(to, "xn--bcher-kva.example");
	/* IDNA 2008, not 2003: it is no "ss". */
	assert_int_equal(idn_to_ascii("fa\xc3\x9f.example", to, 256), 0);
	assert_string_equal(to, "xn--fa-hia.example");
}

static void
leaves_ascii(void **state)
{
	char to[256];

	(void)state;
	assert_int_equal(idn_to_ascii("Mx.Example", to, 256), 0);
	assert_string_equal(to, "Mx.Example");
	assert_int_equal(idn_to_ascii("[127.0.0.1]", to, 256), 0);
	assert_string_equal(to, "[127.0.0.1]");
}

static void
refuses_what_is_none(void **state)
{
	/* U+202E, which turns the direction of what follows, as octets: a
	 * literal would mislead a reader of this file too */
	char turned[] = "a???b.example";
	char to[256];

	(void)state;
	memcpy(turned + 1, (const unsigned char[]){0xe2, 0x80, 0xae}, 3);
	assert_int_equal(idn_to_ascii("\xe2\x98\x83\xff", to, 256), -1);
	assert_int_equal(idn_to_ascii(turned, to, 256), -1);
	assert_int_equal(idn_to_ascii("", to, 256), -1);
	assert_int_equal(idn_to_ascii("abcdef", to, 6), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(makes_a_labels),
	    cmocka_unit_test(leaves_ascii),
	    cmocka_unit_test(refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
