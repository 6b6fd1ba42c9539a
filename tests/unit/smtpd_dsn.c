#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/dsn.h"

#include <string.h>

static int
notify(const char *text)
{
	return dsn_notify(text, strlen(text));
}

static void
reads_notify(void **state)
{
	(void)state;
	assert_int_equal(notify("NEVER"), DSN_NEVER);
	assert_int_equal(notify("success"), DSN_SUCCESS);
	assert_int_equal(notify("SUCCESS,FAILURE"), DSN_SUCCESS | DSN_FAILURE);
	assert_int_equal(notify("delay,Failure,SUCCESS"),
	    DSN_SUCCESS | DSN_FAILURE | DSN_DELAY);
	assert_int_equal(notify("NEVER,SUCCESS"), -1);
	assert_int_equal(notify("SUCCESS,"), -1);
	assert_int_equal(notify(",SUCCESS"), -1);
	assert_int_equal(notify("SUCCES"), -1);
	assert_int_equal(notify(""), -1);
}

static void
reads_ret(void **state)
{
	(void)state;
	assert_int_equal(dsn_ret("FULL", 4), DSN_RET_FULL);
	assert_int_equal(dsn_ret("hdrs", 4), DSN_RET_HDRS);
	assert_int_equal(dsn_ret("hdr", 3), -1);
	assert_int_equal(dsn_ret("", 0), -1);
}

static void
knows_xtext(void **state)
{
	static const char *const good[] = {"", "abc", "a+2Bb", "+00", "QQ314"};
	static const char *const bad[] = {
	    "a b", "a=b", "+", "+2", "+2b", "+GG", "\x7f", "\xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(dsn_is_xtext(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(dsn_is_xtext(bad[i], strlen(bad[i])));
}

static int
orcpt(const char *text, int is_utf8)
{
	return dsn_is_orcpt(text, strlen(text), is_utf8);
}

static void
knows_orcpt(void **state)
{
	(void)state;
	assert_true(orcpt("rfc822;a@b.example", 0));
	assert_true(orcpt("X-local;a+40b", 0));
	assert_true(orcpt("utf-8;a\\x{E4}@b.example", 0));
	assert_true(orcpt("utf-8;\xc3\xa4@b.example", 1));
	assert_false(orcpt("utf-8;\xc3\xa4@b.example", 0));
	assert_false(orcpt("rfc822;\xc3\xa4@b.example", 1));
	assert_false(orcpt("utf-8;a\\x{D800}@b", 0));
	assert_false(orcpt("utf-8;a\\x{110000}@b", 0));
	assert_false(orcpt("utf-8;a\\x{E}@b", 0));
	assert_false(orcpt("utf-8;a\\x{E4", 0));
	assert_false(orcpt("rfc822;", 0));
	assert_false(orcpt("rfc822", 0));
	assert_false(orcpt(";a@b", 0));
	assert_false(orcpt("r c;a@b", 0));
	assert_false(orcpt("r@c;a@b", 0));
	assert_false(orcpt("rfc822;a b", 0));
}

static void
decodes(void **state)
{
	char to[64];

	(void)state;
	assert_int_equal(dsn_decode("a+2Bb", to, sizeof(to)), 3);
	assert_string_equal(to, "a+b");
	/* Nothing breaks out of a header field. */
	dsn_decode("a+0D+0Ab+00+7F", to, sizeof(to));
	assert_string_equal(to, "a??b??");
	dsn_decode("\\x{E4}\\x{1F600}\xc3\xa4", to, sizeof(to));
	assert_string_equal(to, "\xc3\xa4\xf0\x9f\x98\x80\xc3\xa4");
	dsn_decode("\\x{0A}", to, sizeof(to));
	assert_string_equal(to, "?");
	for (size_t size = 0; size < 8; size++)
		assert_int_equal(dsn_decode("abcd", to, size), -1);
	assert_int_equal(dsn_decode("abcd", to, 8), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_notify),
	    cmocka_unit_test(reads_ret),
	    cmocka_unit_test(knows_xtext),
	    cmocka_unit_test(knows_orcpt),
	    cmocka_unit_test(decodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
