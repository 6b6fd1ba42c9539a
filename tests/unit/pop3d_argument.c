#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/argument.h"

#include <string.h>

static int
split(const char *text, char *line, const char **verb, char **rest)
{
	memcpy(line, text, strlen(text) + 1);
	return argument_split(line, strlen(text), verb, rest);
}

static void
splits_a_line(void **state)
{
	char line[100], *rest;
	const char *verb;

	(void)state;
	assert_int_equal(split("quit", line, &verb, &rest), 0);
	assert_string_equal(verb, "QUIT");
	assert_null(rest);
	assert_int_equal(split("Top 1 2", line, &verb, &rest), 0);
	assert_string_equal(verb, "TOP");
	assert_string_equal(rest, "1 2");
	assert_int_equal(split("PASS  a b ", line, &verb, &rest), 0);
	assert_string_equal(rest, " a b ");
	assert_int_equal(split("NOOP ", line, &verb, &rest), 0);
	assert_string_equal(rest, "");
}

static void
refuses_what_is_no_command(void **state)
{
	static const char *const wrong[] = {"", " ", " NOOP", "XY", "LISTLIST",
	    "ST\tAT", "R\xc3\xa9T", "L-ST", "TOP\t1", "XCLIENTS"};
	char line[100], *rest;
	const char *verb;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(split(wrong[i], line, &verb, &rest), -1);
	memcpy(line, "LIST 1\0 2", 10);
	assert_int_equal(argument_split(line, 9, &verb, &rest), -1);
}

static void
takes_numbers(void **state)
{
	struct argument a;

	(void)state;
	assert_null(argument_read(ARGUMENT_NUMBER, "1", &a));
	assert_int_equal(a.number, 1);
	assert_null(argument_read(ARGUMENT_NUMBER, "4294967297", &a));
	assert_true(a.number == UINT64_C(4294967297));
	assert_null(argument_read(ARGUMENT_NUMBER, "18446744073709551615", &a));
	assert_true(a.number == UINT64_MAX);
	assert_null(argument_read(ARGUMENT_PERHAPS, NULL, &a));
	assert_false(a.given);
	assert_null(argument_read(ARGUMENT_PERHAPS, "07", &a));
	assert_true(a.given);
	assert_int_equal(a.number, 7);
	assert_null(argument_read(ARGUMENT_NUMBERS, "3 0", &a));
	assert_int_equal(a.number, 3);
	assert_int_equal(a.lines, 0);
}

static void
says_what_is_wrong_with_numbers(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"", "an argument that is no number"},
	    {"0", "a message number that is 0"},
	    {"00", "a message number that is 0"},
	    {"-1", "a negative number"},
	    {"+1", "an argument that is no number"},
	    {"1xyz", "an argument that is no number"},
	    {"0x1", "an argument that is no number"},
	    {" 1", "an argument that is no number"},
	    {"1 ", "too many arguments"},
	    {"1 2", "too many arguments"},
	    {"18446744073709551616", "a number that is too large"},
	    {"99999999999999999999999", "a number that is too large"},
	};
	struct argument a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_string_equal(
		    argument_read(ARGUMENT_NUMBER, rows[i].text, &a),
		    rows[i].why);
		assert_string_equal(
		    argument_read(ARGUMENT_PERHAPS, rows[i].text, &a),
		    rows[i].why);
	}
	assert_string_equal(
	    argument_read(ARGUMENT_NUMBER, NULL, &a), "too few arguments");
	assert_string_equal(
	    argument_read(ARGUMENT_NUMBERS, "1", &a), "too few arguments");
	assert_string_equal(argument_read(ARGUMENT_NUMBERS, "1 ", &a),
	    "an argument that is no number");
	assert_string_equal(argument_read(ARGUMENT_NUMBERS, "1  2", &a),
	    "an argument that is no number");
	assert_string_equal(
	    argument_read(ARGUMENT_NUMBERS, "1 -1", &a), "a negative number");
	assert_string_equal(
	    argument_read(ARGUMENT_NUMBERS, "1 2 3", &a), "too many arguments");
}

static void
takes_words(void **state)
{
	struct argument a;

	(void)state;
	assert_null(argument_read(ARGUMENT_WORD, "jack", &a));
	assert_string_equal(a.text, "jack");
	assert_non_null(argument_read(ARGUMENT_WORD, "jack jill", &a));
	assert_non_null(argument_read(ARGUMENT_WORD, "", &a));
	assert_non_null(argument_read(ARGUMENT_WORD, NULL, &a));
	assert_null(argument_read(ARGUMENT_REST, " a b ", &a));
	assert_string_equal(a.text, " a b ");
	assert_non_null(argument_read(ARGUMENT_REST, "", &a));
	assert_null(argument_read(ARGUMENT_NONE, NULL, &a));
	assert_non_null(argument_read(ARGUMENT_NONE, "", &a));
	assert_non_null(argument_read(ARGUMENT_NONE, "x", &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(splits_a_line),
	    cmocka_unit_test(refuses_what_is_no_command),
	    cmocka_unit_test(takes_numbers),
	    cmocka_unit_test(says_what_is_wrong_with_numbers),
	    cmocka_unit_test(takes_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
