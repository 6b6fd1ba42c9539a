#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/cmd.h"
#include "../../smtpd/command.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static void
assert_split(const char *text, const char *verb, const char *argument)
{
	char line[100], *got_verb, *got;

	snprintf(line, sizeof(line), "%s", text);
	got = command_split(line, &got_verb);
	assert_string_equal(got_verb, verb);
	assert_string_equal(got, argument);
}

static void
splits_lines(void **state)
{
	(void)state;
	assert_split("QUIT", "QUIT", "");
	assert_split("QUIT  \t ", "QUIT", "");
	assert_split("EHLO  a.b ", "EHLO", "a.b");
	assert_split("MAIL FROM:<a b> X=1", "MAIL", "FROM:<a b> X=1");
	assert_split("", "", "");
	assert_split("   ", "", "");
	assert_split(" QUIT", "", "QUIT");
}

static void
finds_prefixes(void **state)
{
	(void)state;
	assert_string_equal(command_after("FROM:<>", "FROM:"), "<>");
	assert_string_equal(command_after("from:  <>", "FROM:"), "<>");
	assert_null(command_after("FROM <>", "FROM:"));
	assert_null(command_after("FRO", "FROM:"));
	assert_null(command_after("TO:<>", "FROM:"));
}

static void
reads_parameters(void **state)
{
	const char *text = " SIZE=12  body=8BITMIME X-Y";
	struct command_param p;
	long long octets;

	(void)state;
	assert_int_equal(command_param(&text, &p), 1);
	assert_true(command_is(p.keyword, p.keyword_length, "size"));
	assert_int_equal(command_size(&p, &octets), 0);
	assert_int_equal(octets, 12);
	assert_int_equal(command_param(&text, &p), 1);
	assert_true(command_is(p.keyword, p.keyword_length, "BODY"));
	assert_true(command_is(p.value, p.value_length, "8bitmime"));
	assert_false(command_is(p.value, p.value_length, "8bitmim"));
	assert_int_equal(command_param(&text, &p), 1);
	assert_null(p.value);
	assert_int_equal(command_size(&p, &octets), -1);
	assert_int_equal(command_param(&text, &p), 0);
}

static void
refuses_bad_parameters(void **state)
{
	static const char *const wrong[] = {"SIZE=1", " =1", " A=", " -A=1",
	    " A=b=c", " A=\x7f", " A=\xe9", " A,", " ", "\tA", " A\t", NULL};
	struct command_param p;

	(void)state;
	for (size_t i = 0; wrong[i] != NULL; i++) {
		const char *text = wrong[i];

		assert_int_equal(command_param(&text, &p), -1);
	}
}

static int
size_of(const char *value, long long *octets)
{
	struct command_param p = {
	    .value = value, .value_length = strlen(value)};

	return command_size(&p, octets);
}

static void
reads_sizes(void **state)
{
	long long octets;

	(void)state;
	assert_int_equal(size_of("0", &octets), 0);
	assert_int_equal(octets, 0);
	assert_int_equal(size_of("9223372036854775807", &octets), 0);
	assert_true(octets == LLONG_MAX);
	assert_int_equal(size_of("9223372036854775808", &octets), 0);
	assert_true(octets == LLONG_MAX);
	assert_int_equal(size_of("99999999999999999999", &octets), 0);
	assert_true(octets == LLONG_MAX);
	assert_int_equal(size_of("18446744073709551617", &octets), 0);
	assert_true(octets == LLONG_MAX);
	assert_int_equal(size_of("000000000000000000000", &octets), -1);
	assert_int_equal(size_of("-1", &octets), -1);
	assert_int_equal(size_of("1k", &octets), -1);
}

static void
knows_its_commands(void **state)
{
	(void)state;
	assert_ptr_equal(cmd_find("rCpT", KIND_MX)->run, smtp_cmd_rcpt);
	assert_int_equal(
	    cmd_find("RCPT", KIND_MX)->states, STATE_MAIL | STATE_RCPT);
	assert_null(cmd_find("RCP", KIND_MX));
	assert_null(cmd_find("RCPTT", KIND_MX));
	assert_null(cmd_find("", KIND_MX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_lines),
	    cmocka_unit_test(finds_prefixes),
	    cmocka_unit_test(reads_parameters),
	    cmocka_unit_test(refuses_bad_parameters),
	    cmocka_unit_test(reads_sizes),
	    cmocka_unit_test(knows_its_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
