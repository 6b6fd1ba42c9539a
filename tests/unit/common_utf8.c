#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../common/utf8.h"

#include <string.h>

/* RFC 3629 3 and 4: the first and the last of each length, and what is none. */
static void
knows_characters(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
	    {"\xc2\x80", 2},
	    {"\xdf\xbf", 2},
	    {"\xe0\xa0\x80", 3},
	    {"\xed\x9f\xbf", 3},
	    {"\xee\x80\x80", 3},
	    {"\xef\xbf\xbf", 3},
	    {"\xf0\x90\x80\x80", 4},
	    {"\xf4\x8f\xbf\xbf", 4},
	    {"a\x80", 0},
	    {"\x80\x80", 0},
	    {"\xc0\x80", 0},
	    {"\xc1\xbf", 0},
	    {"\xc3", 0},
	    {"\xc3(", 0},
	    {"\xe0\x9f\xbf", 0},
	    {"\xe2\x82", 0},
	    {"\xe2\x82(", 0},
	    {"\xed\xa0\x80", 0},
	    {"\xf0\x8f\xbf\xbf", 0},
	    {"\xf0\x90\x80", 0},
	    {"\xf4\x90\x80\x80", 0},
	    {"\xf5\x80\x80\x80", 0},
	    {"\xff\xbf", 0},
	    {"", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    utf8_character(cases[i].text, strlen(cases[i].text)),
		    cases[i].length);
	assert_int_equal(utf8_character("\xc3\xa4", 1), 0);
}

static void
knows_ascii(void **state)
{
	(void)state;
	assert_false(utf8_is_needed("abc~\x7f", 5));
	assert_true(utf8_is_needed("ab\x80", 3));
	assert_false(utf8_is_needed("ab\x80", 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_characters),
	    cmocka_unit_test(knows_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
