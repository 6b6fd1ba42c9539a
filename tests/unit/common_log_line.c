#include "log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A line with these fields; without its time. */
static const char *
written(enum log_format format, const struct log_field *fields)
{
	static struct log_line l;

	log_line_begin(&l, format, false, LEVEL_WARN, "smtpd", "e");
	for (; fields->key != NULL; fields++)
		log_line_add(&l, fields);
	log_line_end(&l);
	assert_in_range(l.length, 1, LOG_LINE_MAX - 1);
	l.text[l.length] = '\0';
	return l.text;
}

static void
json_has_head_and_fields(void **state)
{
	const char *line;
	char expected[256];

	(void)state;
	line = written(LOG_AS_JSON,
	    log_fields(log_text("to", "a@b"), log_int("code", -550),
		log_id("trace", 0xabc), log_text("none", NULL)));
	assert_memory_equal(line, "{\"time\":\"2", 10);
	assert_memory_equal(line + 32, "Z\",", 3);
	snprintf(expected, sizeof(expected),
	    "\"level\":\"warn\",\"program\":\"smtpd\",\"pid\":%d,"
	    "\"event\":\"e\",\"to\":\"a@b\",\"code\":-550,"
	    "\"trace\":\"0000000000000abc\",\"none\":null}",
	    (int)getpid());
	assert_string_equal(line + 35, expected);
}

/* RFC 8259 7 */
static void
json_values_are_escaped(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
	    {"", "\"\""},
	    {"a b", "\"a b\""},
	    {"a\"b\\", "\"a\\\"b\\\\\""},
	    {"a\r\nb\x7f", "\"a\\u000d\\u000ab\\u007f\""},
	    {"\xe2\x82\xac", "\"\xe2\x82\xac\""},
	    {"\xff(", "\"\\\\xff(\""},
	    {"\xc2\x9b", "\"\\\\xc2\\\\x9b\""},
	};
	char expected[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *line = written(
		    LOG_AS_JSON, log_fields(log_text("v", cases[i].value)));

		snprintf(
		    expected, sizeof(expected), ",\"v\":%s}", cases[i].written);
		assert_string_equal(strstr(line, ",\"v\""), expected);
	}
}

static void
syslog_has_priority_and_tag(void **state)
{
	struct log_line l;
	char expected[64];
	int n;

	(void)state;
	log_line_begin(&l, LOG_AS_JSON, true, LEVEL_WARN, "smtpd", "e");
	log_line_end(&l);
	n = snprintf(expected, sizeof(expected), "<20>smtpd[%d]: {\"time\":\"",
	    (int)getpid());
	assert_memory_equal(l.text, expected, n);
	assert_int_equal(l.text[l.length - 1], '}');
}

/* Octets that stand in one pair of quotes, from p on: behind the last one. */
static const char *
past_string(const char *p)
{
	assert_int_equal(*p, '"');
	for (p++; *p != '"'; p++) {
		assert_int_not_equal(*p, '\0');
		if (*p == '\\')
			p++;
	}
	return p + 1;
}

/* Whatever length a value has, the line ends well, and within its bounds. */
static void
each_length_is_cut_well(void **state)
{
	static char value[LOG_LINE_MAX + 64];
	const char *line, *at;
	enum log_format format;

	(void)state;
	for (format = LOG_AS_KEY_VALUE; format <= LOG_AS_JSON; format++)
		for (int kind = 0; kind < 3; kind++)
			for (size_t n = 0; n < sizeof(value) - 1; n++) {
				memset(value, " \n\""[kind], n);
				value[n] = '\0';
				line = written(format,
				    log_fields(log_text("v", value),
					log_text("w", "x"), log_int("n", 1)));
				at = strstr(line,
				    format == LOG_AS_JSON ? "\"v\":" : " v=");
				assert_non_null(at);
				at = past_string(
				    at + (format == LOG_AS_JSON ? 4 : 3));
				assert_non_null(strchr(" ,}", *at));
				if (format == LOG_AS_JSON)
					assert_int_equal(
					    line[strlen(line) - 1], '}');
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(json_has_head_and_fields),
	    cmocka_unit_test(json_values_are_escaped),
	    cmocka_unit_test(syslog_has_priority_and_tag),
	    cmocka_unit_test(each_length_is_cut_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
