/*
 * Tests of mailctl/log_entry.c: what common/log_line.c writes is read back, and
 * so is what syslog and the journal make of it.
 */
#include "../../mailctl/log_entry.h"
#include "log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct log_line line;
static struct log_entry e;

/* A line with fields of each kind. */
static char *
write_line(enum log_format format, bool is_syslog)
{
	const struct log_field fields[] = {log_id("session", 0x94c1),
	    log_text("client", "192.0.2.7"), log_text("from", ""),
	    log_text("reply", "550 5.1.1 \"x\" = \\ \x01 gr\xc3\xbc"),
	    log_text("none", NULL), log_int("code", -5)};

	log_line_begin(
	    &line, format, is_syslog, LEVEL_WARN, "smtpd", "rcpt.refused");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		log_line_add(&line, &fields[i]);
	log_line_end(&line);
	line.text[line.length] = '\0';
	return line.text;
}

static void
check_fields(void)
{
	assert_string_equal(e.program, "smtpd");
	assert_int_equal(e.pid, getpid());
	assert_string_equal(e.event, "rcpt.refused");
	assert_int_equal(e.count, 6);
	assert_string_equal(log_entry_field(&e, "session"), "00000000000094c1");
	assert_string_equal(log_entry_field(&e, "client"), "192.0.2.7");
	assert_string_equal(log_entry_field(&e, "from"), "");
	assert_string_equal(
	    log_entry_field(&e, "reply"), "550 5.1.1 \"x\" = \\ ? gr\xc3\xbc");
	assert_null(log_entry_field(&e, "none"));
	assert_string_equal(log_entry_field(&e, "code"), "-5");
	assert_null(log_entry_field(&e, "other"));
}

static void
our_own_lines(void **state)
{
	(void)state;
	assert_int_equal(
	    log_entry_parse(&e, write_line(LOG_AS_KEY_VALUE, false)), 0);
	check_fields();
	assert_string_equal(e.level, "warn");
	assert_int_equal(strlen(e.time), strlen("2026-11-22T05:11:00.123Z"));
	assert_int_equal(
	    log_entry_parse(&e, write_line(LOG_AS_JSON, false)), 0);
	check_fields();
	assert_string_equal(e.level, "warn");
	assert_int_equal(strlen(e.time), strlen("2026-11-22T05:11:00.123Z"));
}

/* What stands before a line of ours, as syslog and the journal write it. */
static void
lines_with_heads(void **state)
{
	static const struct {
		const char *head, *time;
		int is_syslog;
	} heads[] = {{"Nov 22 05:11:00 mx ", "Nov 22 05:11:00", 1},
	    {"Nov  2 05:11:00 mx ", "Nov 2 05:11:00", 1},
	    {"2026-11-22T05:11:00.5+01:00 mx ", "2026-11-22T05:11:00.5+01:00",
		1},
	    {"2026-11-22T05:11:00.5+01:00 mx helpers[7]: ", NULL, 0}};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		char *own =
		    write_line(LOG_AS_KEY_VALUE, heads[i].is_syslog != 0);

		/* syslog takes the priority off. */
		own += *own == '<' ? strcspn(own, ">") + 1 : 0;
		snprintf(text, sizeof(text), "%s%s", heads[i].head, own);
		assert_int_equal(log_entry_parse(&e, text), 0);
		check_fields();
		if (heads[i].time != NULL)
			assert_string_equal(e.time, heads[i].time);
		else
			assert_string_equal(e.level, "warn");
		own = write_line(LOG_AS_JSON, heads[i].is_syslog != 0);
		own += *own == '<' ? strcspn(own, ">") + 1 : 0;
		snprintf(text, sizeof(text), "%s%s", heads[i].head, own);
		assert_int_equal(log_entry_parse(&e, text), 0);
		check_fields();
	}
}

static void
what_is_none_of_ours(void **state)
{
	static const char *const others[] = {"", " ", "x", "smtpd[1]",
	    "smtpd[1]:", "smtpd[1]: connect from x", "{\"time\":\"",
	    "{\"time\":\"x\"}", "{\"time\":\"x\",\"event\":\"a.b\"",
	    "{\"time\":\"x\",\"event\":\"a.b\"x",
	    "a b c d e f g h smtpd[1] a.b", "{\"time\":\"\\",
	    "{\"time\":\"x\",event", "smtpd[] a.b", "[1] a.b", "smtpd[1x] a.b"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(text, sizeof(text), "%s", others[i]);
		assert_int_equal(log_entry_parse(&e, text), -1);
	}
	/* A line that was cut, and one that lies. */
	snprintf(text, sizeof(text), "smtpd[1] a.b x=1 y=\"2 z=3");
	assert_int_equal(log_entry_parse(&e, text), 0);
	assert_int_equal(e.count, 1);
	snprintf(text, sizeof(text), "smtpd[1] a.b x=\"1 session=2\" y");
	assert_int_equal(log_entry_parse(&e, text), 0);
	assert_null(log_entry_field(&e, "session"));
	assert_string_equal(log_entry_field(&e, "x"), "1 session=2");
}

static void
times_as_numbers(void **state)
{
	static const int64_t base = 1795324260; /* 2026-11-22T05:11:00Z */
	static const struct {
		const char *text;
		int64_t ns;
	} times[] = {{"2026-11-22T05:11:00Z", 0},
	    {"2026-11-22T05:11:00.123Z", 123000000},
	    {"2026-11-22T06:11:00.000001+01:00", 1000},
	    {"2026-11-22T00:41:00,5-0430", 500000000},
	    {"2026-11-22T05:11:00.1234567891Z", 123456789}};
	static const char *const none[] = {"", "Nov 22 05:11:00", "x",
	    "2026-11-22T05:11:00", "2026-11-22T05:11:00+", "2026-11-22T",
	    "2026-11-22T05:11:00+0", "2026-11-22T05:11:00+01:00x",
	    "2026-11-22T05:11:00Zx", "2026-13-22T05:11:00Z",
	    "1960-01-01T00:00:00Z", "9999-01-01T00:00:00Z"};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		assert_int_equal(log_entry_ns(times[i].text),
		    base * 1000000000 + times[i].ns);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(log_entry_ns(none[i]), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(our_own_lines),
	    cmocka_unit_test(lines_with_heads),
	    cmocka_unit_test(what_is_none_of_ours),
	    cmocka_unit_test(times_as_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
