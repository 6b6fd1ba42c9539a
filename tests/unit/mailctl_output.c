#include "../../mailctl/output.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What print writes to standard output. */
static const char *
printed(void (*print)(void))
{
	static char text[4096];
	FILE *file = tmpfile();
	int kept = dup(STDOUT_FILENO);
	ssize_t n;

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	print();
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	n = pread(fileno(file), text, sizeof(text) - 1, 0);
	fclose(file);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
print_list(void)
{
	output_begin(1);
	output_next();
	output_text("a", "x");
	output_number("n", UINT64_MAX);
	output_next();
	output_text("a", NULL);
	output_words("w", " b@c,  d@e, f ");
	output_words("none", "");
	output_end();
}

static void
print_nothing(void)
{
	output_begin(1);
	output_end();
}

static void
print_odd_text(void)
{
	output_begin(0);
	output_next();
	output_text("k\"", "a\"b\\c\n\x7f gr\xc3\xbc\xc3\x9f \xff\xc3(");
	output_end();
}

/* Three texts. */
static const char *
next_text(void)
{
	static const char *const texts[] = {"a", "b \"c\"", "", NULL};
	static int i;

	if (texts[i] == NULL) {
		i = 0;
		return NULL;
	}
	return texts[i++];
}

static void
print_numbers(void)
{
	output_begin(0);
	output_next();
	output_truth("yes", 2);
	output_truth("no", 0);
	output_real("real", 0.25);
	output_real("large", 1e12);
	output_real("none", NAN);
	output_real("endless", INFINITY);
	output_texts("texts", next_text);
	output_end();
}

static void
lists_and_things_are_json(void **state)
{
	(void)state;
	output_json = 1;
	assert_string_equal(printed(print_list),
	    "[\n{\"a\": \"x\", \"n\": 18446744073709551615},\n"
	    "{\"a\": null, \"w\": [\"b@c\", \"d@e\", \"f\"], "
	    "\"none\": []}\n]\n");
	assert_string_equal(printed(print_nothing), "[\n]\n");
	assert_string_equal(printed(print_odd_text),
	    "{\"k\\\"\": \"a\\\"b\\\\c\\u000a\\u007f gr\xc3\xbc\xc3\x9f "
	    "\\ufffd\\ufffd(\"}\n");
}

static void
numbers_and_texts(void **state)
{
	(void)state;
	output_json = 1;
	assert_string_equal(printed(print_numbers),
	    "{\"yes\": true, \"no\": false, \"real\": 0.25, "
	    "\"large\": 1000000000000, \"none\": null, "
	    "\"endless\": null, \"texts\": [\"a\", \"b \\\"c\\\"\", "
	    "\"\"]}\n");
}

/* As JSON has what next_text gives. */
#define TEXTS "[\"a\", \"b \\\"c\\\"\", \"\"]"

/* Nothing was begun, or what was is not ended. */
static void
finish(void)
{
	output_finish(0, next_text);
}

static void
fail_before_a_thing(void)
{
	output_begin(1);
	finish();
}

static void
fail_in_a_list(void)
{
	output_begin(1);
	output_next();
	output_text("a", "x");
	finish();
}

static void
fail_in_a_thing(void)
{
	output_begin(0);
	output_next();
	output_text("a", "x");
	finish();
}

static void
end_well(void)
{
	print_nothing();
	finish();
}

static void
what_fails_is_one_value(void **state)
{
	(void)state;
	output_json = 1;
	assert_string_equal(printed(fail_before_a_thing),
	    "{\"done\": false, \"errors\": " TEXTS "}\n");
	assert_string_equal(printed(fail_in_a_list),
	    "[\n{\"a\": \"x\"},\n{\"done\": false, \"errors\": " TEXTS
	    "}\n]\n");
	assert_string_equal(printed(fail_in_a_thing),
	    "{\"a\": \"x\", \"done\": false, \"errors\": " TEXTS "}\n");
	assert_string_equal(printed(end_well), "[\n]\n");
}

static void
print_plain(void)
{
	output_plain("a b~ \x1b[31m\x07\n\x7f gr\xc3\xbc\xc3\x9f \xc2\x9b"
		     "1m \xff\x9b\xc3"
		     "x");
}

/* A terminal would obey. */
static void
control_characters_are_not_printed(void **state)
{
	(void)state;
	assert_string_equal(
	    printed(print_plain), "a b~ ?[31m??? gr\xc3\xbc\xc3\x9f ?1m ???x");
}

static void
without_json_nothing_is_printed(void **state)
{
	(void)state;
	output_json = 0;
	assert_string_equal(printed(print_list), "");
	assert_string_equal(printed(print_odd_text), "");
	assert_string_equal(printed(fail_in_a_list), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists_and_things_are_json),
	    cmocka_unit_test(control_characters_are_not_printed),
	    cmocka_unit_test(what_fails_is_one_value),
	    cmocka_unit_test(numbers_and_texts),
	    cmocka_unit_test(without_json_nothing_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
