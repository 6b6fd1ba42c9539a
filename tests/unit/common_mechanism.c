#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mechanism.h"

#include <string.h>

static void
fits_the_channel(void **state)
{
	struct sasl_channel c = {.is_tls = 0};

	(void)state;
	assert_true(mechanism_fits("SCRAM-SHA-256", &c, 0));
	assert_true(mechanism_fits("CRAM-MD5", &c, 0));
	assert_false(mechanism_fits("PLAIN", &c, 0));
	assert_true(mechanism_fits("plain", &c, 1));
	assert_false(mechanism_fits("XOAUTH2", &c, 0));
	c.exporter_length = 32; /* without TLS it means nothing */
	assert_false(mechanism_fits("SCRAM-SHA-1-PLUS", &c, 1));
	strcpy(c.certificate, "ann@example.org");
	assert_false(mechanism_fits("EXTERNAL", &c, 1));
	c.is_tls = 1;
	assert_true(mechanism_fits("SCRAM-SHA-1-PLUS", &c, 0));
	assert_true(mechanism_fits("EXTERNAL", &c, 0));
	assert_true(mechanism_fits("PLAIN", &c, 0));
	c.exporter_length = 0;
	assert_false(mechanism_fits("SCRAM-SHA-1-PLUS", &c, 0));
	c.end_point_length = 32;
	assert_true(mechanism_fits("SCRAM-SHA-1-PLUS", &c, 0));
	c.certificate[0] = '\0';
	assert_false(mechanism_fits("EXTERNAL", &c, 0));
}

static void
knows_names(void **state)
{
	char why[100] = "";

	(void)state;
	assert_int_equal(mechanism_check("scram-sha-1-plus", why, 100), 0);
	assert_int_equal(mechanism_check("GSSAPI", why, sizeof(why)), -1);
	assert_string_equal(why, "'GSSAPI' is no mechanism that we know");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fits_the_channel),
	    cmocka_unit_test(knows_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
