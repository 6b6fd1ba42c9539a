/* Capabilities of backends, and what ours promise beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/backend_capa.h"

static void
reads_lines(void **state)
{
	(void)state;
	assert_int_equal(backend_capa_read("TOP"), BACKEND_CAPA_TOP);
	assert_int_equal(backend_capa_read("uidl"), BACKEND_CAPA_UIDL);
	assert_int_equal(
	    backend_capa_read("EXPIRE NEVER"), BACKEND_CAPA_EXPIRE_NEVER);
	assert_int_equal(backend_capa_read("EXPIRE 30"), 0);
	assert_int_equal(
	    backend_capa_read("SASL CRAM-MD5 plain"), BACKEND_CAPA_PLAIN);
	assert_int_equal(backend_capa_read("SASL PLAINER XPLAIN"), 0);
	assert_int_equal(backend_capa_read("SASL"), 0);
	assert_int_equal(backend_capa_read("XCLIENT"), BACKEND_CAPA_XCLIENT);
	assert_int_equal(backend_capa_read("TOPS"), 0);
	assert_int_equal(backend_capa_read("TO"), 0);
	assert_int_equal(backend_capa_read(""), 0);
	assert_int_equal(backend_capa_read(" TOP"), 0);
}

static void
compares(void **state)
{
	static char top[] = "top", lang[] = "LANG";
	static char *items[] = {top, lang};
	const struct conf_list none = {NULL, 0}, without = {items, 2};
	char text[128], little[8];

	(void)state;
	assert_int_equal(backend_capa_lacks(~0U, &none, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_true(
	    backend_capa_lacks(BACKEND_CAPA_UIDL | BACKEND_CAPA_RESP_CODES |
				   BACKEND_CAPA_AUTH_RESP_CODE,
		&none, text, sizeof(text)) > 0);
	assert_string_equal(text, "TOP PIPELINING EXPIRE UTF8 LANG");
	backend_capa_lacks(0, &without, text, sizeof(text));
	assert_string_equal(
	    text, "UIDL RESP-CODES AUTH-RESP-CODE PIPELINING EXPIRE UTF8");
	backend_capa_lacks(0, &none, little, sizeof(little));
	assert_string_equal(little, "TOP UID");
	assert_true(backend_capa_is_without(&without, "TOP"));
	assert_false(backend_capa_is_without(&without, "UIDL"));
}

static void
checks_names(void **state)
{
	char why[128] = "";

	(void)state;
	assert_int_equal(backend_capa_check("pipelining", why, sizeof(why)), 0);
	assert_int_equal(backend_capa_check("SASL", why, sizeof(why)), -1);
	assert_string_not_equal(why, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_lines),
	    cmocka_unit_test(compares),
	    cmocka_unit_test(checks_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
